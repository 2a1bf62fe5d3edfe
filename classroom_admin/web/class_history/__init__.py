"""The event log of a class: every stored event as a sentence and as JSON, filtered by kind and person."""
