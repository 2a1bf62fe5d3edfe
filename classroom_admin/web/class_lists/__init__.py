"""Pages for class lists, which are named lists of people filled from uploaded files."""
