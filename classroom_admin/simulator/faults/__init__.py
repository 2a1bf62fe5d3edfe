"""Faults of the cloud, set on the control page or by a test."""
