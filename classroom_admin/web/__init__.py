"""The pages: the list of classes, one class, settings."""
