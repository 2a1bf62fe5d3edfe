"""The page of a class: its panels and dialogs, and the views for its buttons."""
