"""The page of one class: its panels, its dialogs, and the views behind its buttons."""
