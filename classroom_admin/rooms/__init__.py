"""The read models of classes, reads of them for pages, and who may see which room."""
