"""The editor of properties of a class, a person or an extension: edit as JSON, compare, send."""
