"""The cloud's state: rooms, people and events. There is no I/O, and the caller supplies the time."""

from classroom_admin.simulator.world.model import Room, User
from classroom_admin.simulator.world.world import World

__all__ = ["Room", "User", "World"]
