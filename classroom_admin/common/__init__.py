"""Helpers that every package may use, for example for times, ids and texts. It contains no models."""
