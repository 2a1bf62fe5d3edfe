"""The cloud's client: one typed method for each call of the contract.

>>> client = Client(CloudConfig(region="eu", app_id=..., app_certificate=..., uid="server"))
>>> client.set_class_state(room_uuid="maths-7b", state=1)

Arguments are keywords. Everything is checked before it is sent (``InvalidArgument``); what the cloud refuses
is a ``CloudError`` of a class by meaning. ``deadline_s`` on every method bounds the call with all its
repeats. A client may be shared by any number of threads.
"""

from __future__ import annotations

from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.connection import ConnectionCalls, ConnectionReport
from classroom_admin.agora.properties import PropertyCalls
from classroom_admin.agora.recordings import RecordingCalls
from classroom_admin.agora.resources import ResourceCalls
from classroom_admin.agora.sequences import SequenceCalls
from classroom_admin.agora.transport import Transport

__all__ = ["Client", "ConnectionReport"]


class Client(ConnectionCalls, RecordingCalls, ResourceCalls, PropertyCalls, SequenceCalls):
    """Rooms and people (``rooms``), recordings, resources, properties, events (``sequences``),
    ``check_connection``.
    """

    def __init__(self, config: CloudConfig, *, transport: Transport | None = None) -> None:
        self.config = config
        self.transport = transport or Transport(config)

    def close(self) -> None:
        """Close idle connections."""
        self.transport.close()
