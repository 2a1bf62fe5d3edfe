"""Properties of a class, a person or an extension: edit them as JSON, compare, send."""
