"""The class page with its panels and dialogs, and the views for its buttons."""
