"""The files of a class: share, delete, show their pages, serve uploads."""
