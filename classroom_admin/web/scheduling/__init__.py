"""Pages to create and schedule classes: the form, its validation while typing, and scheduled series."""
