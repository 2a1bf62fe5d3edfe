"""The files of a class: share and delete files, show their pages, serve uploads."""
