"""The cloud's addresses: one module per meaning, each function one call of the contract."""

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
