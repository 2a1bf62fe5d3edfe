"""The dashboard's pages, such as the list of classes, the page of a class, and the settings."""
