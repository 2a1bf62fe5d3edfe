"""Breakout rooms: the editor that distributes people by drag and drop or by keyboard."""
