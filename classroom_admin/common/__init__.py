"""Code that every package may use: clock, ids, texts, chunks. It contains no models."""
