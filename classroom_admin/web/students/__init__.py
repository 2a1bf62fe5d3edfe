"""The search in all classes, and the page with the timeline of a person."""
