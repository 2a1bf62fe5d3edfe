"""Simulated faults of the cloud. A test, or a person on the control page, sets them."""
