"""Removing somebody with a countdown: planned, seen by all who watch, called off or carried out once."""
