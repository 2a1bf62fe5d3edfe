"""The calendar feed: scheduled and live classes as iCalendar, at a private address of each person."""
