"""Pages of class lists: all lists, one list, and the upload of a file with people."""
