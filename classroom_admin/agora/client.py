"""The client that sends the calls of `calls`, `recording_and_file_calls` and `event_calls`.

>>> client = Client(CloudConfig(region="eu", app_id=..., app_certificate=..., uid="server"))
>>> client.send(SetClassState(room_uuid="maths-7b", state=1), deadline_s=8)

The constructor of a call raises `InvalidArgument` for invalid parameters. `send` raises a subclass of
`CloudError` if the cloud rejects the call. A client is thread-safe.
"""

from collections.abc import Iterator
from typing import Final

from classroom_admin.agora.call import A, CloudCall
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.models import RecordingItem
from classroom_admin.agora.recording_and_file_calls import ListRecordings
from classroom_admin.agora.transport import Transport

MOST_PAGES: Final = 20  # of 100 items, because an endless list must not occupy a worker for ever


class Client:
    """A thread-safe client that sends calls and parses the responses."""

    def __init__(self, config: CloudConfig, *, transport: Transport | None = None) -> None:
        self.config = config
        self.transport = transport or Transport(config)

    def send(self, call: CloudCall[A], *, deadline_s: float | None = None) -> A:
        """Send a call and return the parsed response. `deadline_s` limits all tries and waits, in seconds."""
        raw = self.transport.send(call, deadline_s=deadline_s)
        answer, ts_ms = call.read(raw)
        self.transport.note_cloud_time(ts_ms, received_at_ms=raw.received_at_ms, took_ms=raw.took_ms)
        return answer

    def every_recording(self, room_uuid: str, *, deadline_s: float | None = None) -> Iterator[RecordingItem]:
        """Yield all recordings of a room, page by page. `deadline_s` (s) limits each page."""
        next_id: str | None = None
        for _page in range(MOST_PAGES):
            page = self.send(ListRecordings(room_uuid=room_uuid, next_id=next_id), deadline_s=deadline_s)
            yield from page.items
            if page.next_id is None or page.next_id == next_id:
                return
            next_id = page.next_id

    def close(self) -> None:
        self.transport.close()
