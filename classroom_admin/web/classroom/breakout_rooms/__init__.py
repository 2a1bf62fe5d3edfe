"""Breakout rooms: who is in which, made from the roster by drag or by keyboard."""
