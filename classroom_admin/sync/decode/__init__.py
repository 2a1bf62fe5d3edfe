"""Reading the cloud's events: raw JSON in, typed data out; tolerant of the odd shapes the contract names.

Pure: no Django, no I/O, no clock. Only `Undecodable` is ever raised.
"""

from classroom_admin.sync.decode.event import Event, Identity, Stream, Undecodable
from classroom_admin.sync.decode.kinds import Unknown
from classroom_admin.sync.decode.table import decode, identify

__all__ = ["Event", "Identity", "Stream", "Undecodable", "Unknown", "decode", "identify"]
