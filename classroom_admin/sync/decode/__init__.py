"""Reading the cloud's events: raw JSON in, typed data out; tolerant of the odd shapes the contract names.

Pure: no Django, no I/O, no clock. Only `Undecodable` is ever raised.
"""

from typing import Any

from classroom_admin.sync.decode.event import Event, Identity, Stream, Undecodable
from classroom_admin.sync.decode.kinds import Unknown


def identify(raw: dict[str, Any], stream: Stream = Stream.ROOM, *, room_uuid: str | None = None) -> Identity:
    raise NotImplementedError


def decode(stream: Stream, raw: dict[str, Any]) -> Event:
    raise NotImplementedError


__all__ = ["Event", "Identity", "Stream", "Undecodable", "Unknown", "decode", "identify"]
