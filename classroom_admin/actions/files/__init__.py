"""Files of a class: share them by URL or upload, serve them, and delete them after a delay."""
