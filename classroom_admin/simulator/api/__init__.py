"""The calls of the cloud's API. Each topic has a module, and each call in the contract has a function."""

from classroom_admin.simulator.api import (
    channels,
    classroom,
    groups,
    messages,
    processes,
    properties,
    recordings,
    resources,
    rooms,
    sequences,
    streams,
    users,
    views,
    widget_settings,
    widgets,
)
from classroom_admin.simulator.api.router import router as calls

__all__ = [
    "calls",
    "channels",
    "classroom",
    "groups",
    "messages",
    "processes",
    "properties",
    "recordings",
    "resources",
    "rooms",
    "sequences",
    "streams",
    "users",
    "views",
    "widget_settings",
    "widgets",
]
