"""Pages that replay a class, and that show its stored events as sentences and as JSON."""
