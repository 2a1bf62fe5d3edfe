"""The calendar feed: each person's scheduled and live classes as iCalendar, at a private address."""
