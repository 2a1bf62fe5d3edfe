"""The read models of classes, queries on them for pages, and the rules for who may see which room."""
