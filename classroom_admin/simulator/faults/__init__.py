"""Simulated faults of the cloud, which a test or a person on the control page sets."""
