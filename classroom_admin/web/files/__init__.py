"""Recordings and files on the page of a class: what is shown of them, and the files that are handed out."""
