"""A class as it stood at a moment: the panels of its page, with nothing to press."""
