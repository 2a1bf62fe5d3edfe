"""The recordings of all classes: list, page, files, and links for people without an account."""
