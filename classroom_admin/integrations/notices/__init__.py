"""Notices: what happened in classes that people and systems outside want to know. Each is stored once."""
