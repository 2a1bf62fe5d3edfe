"""Pages about class lists: which there are, who is on them, a file with people, the list of a class."""
