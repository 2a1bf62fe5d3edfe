"""The state of the cloud: rooms, people and events. Pure Python without I/O; the caller supplies the time."""

from classroom_admin.simulator.world.model import Room, User
from classroom_admin.simulator.world.world import World

__all__ = ["Room", "User", "World"]
