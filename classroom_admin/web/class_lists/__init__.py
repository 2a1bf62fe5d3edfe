"""Pages for class lists: named lists of people, filled from an uploaded file."""
