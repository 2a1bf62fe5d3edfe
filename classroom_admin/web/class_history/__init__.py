"""The history of a class: every stored event as a sentence and as JSON, and the replay."""
