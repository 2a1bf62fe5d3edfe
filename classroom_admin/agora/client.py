"""The client that sends the calls of `calls`, `recording_and_file_calls`, `event_calls` and `chat_calls`.

>>> client = Client(CloudConfig(region="eu", app_id=..., app_certificate=..., uid="server"))
>>> client.send(SetClassState(room_uuid="maths-7b", state=1), deadline_s=8)

The constructor of a call raises `InvalidArgument` for invalid parameters. `send` raises a subclass of
`CloudError` if the cloud rejects the call. A client is thread-safe.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final

from classroom_admin.agora.call import A, CloudCall
from classroom_admin.agora.calls import ReadUsers
from classroom_admin.agora.chat_calls import ChatCall
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.errors import CloudError, CloudUnavailable
from classroom_admin.agora.models import RecordingItem, RoomUserPage
from classroom_admin.agora.recording_and_file_calls import ListRecordings
from classroom_admin.agora.tokens import ChatTokenSource
from classroom_admin.agora.transport import Transport
from classroom_admin.common.problems import Problem

Observer = Callable[[str, str, float], None]
"""A function that is called after each call, with its name, the name of its error or "", and its seconds."""
MOST_PAGES: Final = 20  # of 100 items, because an endless list must not occupy a worker for ever


class Client:
    """A thread-safe client that sends calls and parses the responses. It tells `observe` about each call."""

    def __init__(
        self, config: CloudConfig, *, transport: Transport | None = None, observe: Observer | None = None
    ) -> None:
        self.config = config
        self.transport = transport or Transport(config)
        self._observe = observe

    def send(self, call: CloudCall[A], *, deadline_s: float | None = None) -> A:
        """Send a call and return the parsed response. `deadline_s` limits the total time in seconds."""
        if self._observe is None:
            return self._send(call, deadline_s)
        began, failed = time.monotonic(), ""
        try:
            return self._send(call, deadline_s)
        except CloudError as error:
            failed = type(error).__name__
            raise
        finally:
            self._observe(type(call).__name__, failed, time.monotonic() - began)

    def _send(self, call: CloudCall[A], deadline_s: float | None) -> A:
        transport = self._transport_for(call)
        raw = transport.send(call, deadline_s=deadline_s)
        answer, ts_ms = call.read(raw)
        transport.note_cloud_time(ts_ms, received_at_ms=raw.received_at_ms, took_ms=raw.took_ms)
        return answer

    def _transport_for(self, call: CloudCall[Any]) -> Transport:
        """Return the transport for a call.

        Raise `CloudUnavailable` if the address of Agora Chat is not set.
        """
        if not isinstance(call, ChatCall):
            return self.transport
        if not self.config.chat_url:
            raise CloudUnavailable(problem=Problem("chat_url_missing"))
        return self.chat_transport

    @cached_property
    def chat_transport(self) -> Transport:
        """The transport for Agora Chat, which has its own address, tokens and clock."""
        config = dataclasses.replace(self.config, base_url=self.config.chat_url, fallback_url="")
        return Transport(config, limiter=self.transport.limiter, tokens=ChatTokenSource)

    def every_recording(self, room_uuid: str, *, deadline_s: float | None = None) -> Iterator[RecordingItem]:
        """Yield all recordings of a room. `deadline_s` limits the time for each page in seconds."""
        next_id: str | None = None
        for _page in range(MOST_PAGES):
            page = self.send(ListRecordings(room_uuid=room_uuid, next_id=next_id), deadline_s=deadline_s)
            yield from page.items
            if page.next_id is None or page.next_id == next_id:
                return
            next_id = page.next_id

    def every_user(self, room_uuid: str) -> Iterator[RoomUserPage]:
        """Yield the pages of a room's people, at most `MOST_PAGES`."""
        next_id: str | None = None
        for _page in range(MOST_PAGES):
            page = self.send(ReadUsers(room_uuid=room_uuid, next_id=next_id))
            yield page
            if page.next_id is None or page.next_id == next_id:
                return
            next_id = page.next_id

    def close(self) -> None:
        self.transport.close()
        if self.config.chat_url:
            self.chat_transport.close()
