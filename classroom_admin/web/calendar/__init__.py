"""The calendar feed, which offers a person's classes as iCalendar at a private address."""
