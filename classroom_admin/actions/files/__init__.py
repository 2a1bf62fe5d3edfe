"""The files of a class: shared by address or upload, served, and deleted with a delay."""
