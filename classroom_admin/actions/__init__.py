"""Commands out: one function for each thing a person can do to a class."""
