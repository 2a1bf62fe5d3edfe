"""The calls of the cloud: one module a topic, one function for each call of the contract."""

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
