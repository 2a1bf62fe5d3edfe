"""The cloud's state: rooms, people and events. Pure Python without I/O. The caller supplies the time."""

from classroom_admin.simulator.world.model import Room, User
from classroom_admin.simulator.world.world import World

__all__ = ["Room", "User", "World"]
