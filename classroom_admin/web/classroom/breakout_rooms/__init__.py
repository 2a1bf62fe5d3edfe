"""Breakout rooms: distribute people by drag and drop or by keyboard."""
