"""What answers before Django's stack: streams, and pages that ask whether anything is new when nothing is."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any, Final

from classroom_admin.common import clock
from classroom_admin.realtime import session, ticket
from classroom_admin.realtime.endpoint import Receive, Scope, Send, stream
from classroom_admin.realtime.hub import Hub
from classroom_admin.realtime.polled import Holder

_STREAM: Final = re.compile(r"/live/classes/(?:(?P<key>[a-z0-9]{1,16})/)?stream")
_ASK: Final = re.compile(r"/live/classes/(?P<key>[a-z0-9]{1,16})/")
_MOST_TICKETS: Final = 10_000


class Front:
    """An ASGI application in front of another. Its hub is made in the event loop of the first request."""

    def __init__(self, inner: Any, *, make_hub: Any = Hub) -> None:
        self.inner = inner
        self._make_hub = make_hub
        self._hub: Hub | None = None
        self._holders: dict[tuple[str, str, str], tuple[Holder, float]] = {}
        self._keeping: dict[Holder, asyncio.Task[None]] = {}

    @property
    def hub(self) -> Hub:
        if self._hub is None:
            self._hub = self._make_hub()
        return self._hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            path = scope["path"]
            if found := _STREAM.fullmatch(path):
                await stream(self.hub, scope, receive, send, key=found["key"])
                return
            if b"t=" in scope["query_string"] and (found := _ASK.fullmatch(path)):
                asked = session.query(scope)
                holder = self._holder(asked.get("t", ""), session.session_key(scope), found["key"])
                if holder is not None and self.hub.unchanged(holder, asked.get("v", "")):
                    await self._nothing_new(send, session.language(scope))
                    return
                if holder is not None:
                    self._keep(holder)
        await self.inner(scope, receive, send)

    def _holder(self, words: str, session_key: str, room_key: str) -> Holder | None:
        """Whose valid ticket this is. Checked signatures are remembered until they run out."""
        now_s = clock.now_ms() / 1000
        known = self._holders.get((words, session_key, room_key))
        if known is not None:
            return known[0] if now_s < known[1] else None
        found = ticket.holder(words, session_key=session_key, room_key=room_key, now_s=now_s)
        if found is None:
            return None
        holder = (found[0], session_key, room_key)
        if len(self._holders) >= _MOST_TICKETS:
            self._holders = {key: one for key, one in self._holders.items() if one[1] > now_s}
        if len(self._holders) < _MOST_TICKETS:
            self._holders[words, session_key, room_key] = (holder, float(found[1]))
        return holder

    def _keep(self, holder: Holder) -> None:
        """Have the room at hand the next time; this time Django's stack answers."""
        if holder not in self._keeping:
            task = asyncio.create_task(self.hub.keep_polled(holder))
            self._keeping[holder] = task
            task.add_done_callback(lambda _: self._keeping.pop(holder, None))

    async def _nothing_new(self, send: Send, language: str) -> None:
        told = {"live:polled": self.hub.age(language)}
        headers = [
            (b"hx-trigger", json.dumps(told).encode()),
            (b"cache-control", b"no-store"),
            (b"vary", b"Cookie, Accept-Language"),
        ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
