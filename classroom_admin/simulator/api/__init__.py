"""The calls of the cloud's API. Each topic has a module, and each call in the contract has a function."""

from classroom_admin.simulator.api import (
    classroom,
    properties,
    recordings,
    resources,
    rooms,
    sequences,
    users,
    widgets,
)
from classroom_admin.simulator.api.router import router as calls

__all__ = [
    "calls",
    "classroom",
    "properties",
    "recordings",
    "resources",
    "rooms",
    "sequences",
    "users",
    "widgets",
]
