"""Fetch the events of all rooms from the cloud, store them, and project them into the read models."""
