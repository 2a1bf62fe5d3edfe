"""Properties of a class, of a person in it, of an extension: edited as JSON, compared, sent."""
