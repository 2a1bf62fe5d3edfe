"""The library of recordings."""
