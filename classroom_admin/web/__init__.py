"""The dashboard's pages, such as the class list, the page of a class, and the settings."""
