"""The log: what each record contains, and how records are written. See docs/logging.md."""
