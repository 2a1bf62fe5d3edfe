"""The calendar feed: planned and running classes as iCalendar, at an address of each person's own."""
