"""The calls of the cloud's API: one module per topic, one function per call of the contract."""

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
