"""The truth: rooms, people and what happened to them. Pure Python, no I/O; the time comes from outside."""

from classroom_admin.simulator.world.model import Room, User
from classroom_admin.simulator.world.world import World

__all__ = ["Room", "User", "World"]
