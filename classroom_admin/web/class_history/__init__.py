"""The history of a class: its replay, and every stored event as a sentence and as JSON."""
