"""ASGI middleware before Django that serves streams, and responds to polling pages if nothing changed."""

import asyncio
import contextvars
import json
import re
from collections.abc import Callable
from typing import Any, Final

from classroom_admin.common import clock, metrics
from classroom_admin.common.logs import context as log_context
from classroom_admin.common.size_limit import has_body
from classroom_admin.realtime import polling_token, session
from classroom_admin.realtime.endpoint import Receive, Scope, Send, stream
from classroom_admin.realtime.hub import Hub
from classroom_admin.realtime.join_pages import JoinPages
from classroom_admin.realtime.polling import PageKey
from classroom_admin.realtime.rights import Right

_STREAM: Final = re.compile(r"/live/classes/(?:(?P<key>[a-z0-9]{1,16})/)?stream")
_POLL: Final = re.compile(r"/live/classes/(?P<key>[a-z0-9]{1,16})/")
_JOIN: Final = re.compile(r"/join/waiting/(?P<ticket>[A-Za-z0-9_-]{1,32})/stream")
CLASS_STREAM: Final = "live:class_stream"
LIST_STREAM: Final = "live:classes_stream"
POLL: Final = "live:class_changes"
JOIN_STREAM: Final = "joining:stream"
"""The names of the addresses in the log. Django has the name of the last one, too."""
_MOST_TOKENS: Final = 10_000


class RealtimeMiddleware:
    """The ASGI middleware for streams and polls. The first of these creates the hub.

    All other requests go to the application `inner`.
    """

    def __init__(self, inner: Any, *, make_hub: Callable[[], Hub]) -> None:
        self.inner = inner
        self._make_hub = make_hub
        self._hub: Hub | None = None
        self.join_pages = JoinPages()
        self._pages: dict[tuple[str, str, str], tuple[PageKey, float]] = {}
        self._adding: dict[PageKey, asyncio.Task[None]] = {}
        self._ending: asyncio.Task[None] | None = None

    @property
    def hub(self) -> Hub:
        if self._hub is None:
            self._hub = self._make_hub()
        return self._hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and not has_body(scope):
            path = scope["path"]
            if found := _STREAM.fullmatch(path):
                log_context.bind(route=CLASS_STREAM if found["key"] else LIST_STREAM, path=path)
                self._end_streams_with_server(scope)
                await stream(self.hub, scope, receive, send, key=found["key"])
                return
            if found := _JOIN.fullmatch(path):
                log_context.bind(route=JOIN_STREAM, path="/join/waiting/…")  # the ticket is a secret
                self._end_streams_with_server(scope)
                mark = session.query(scope).get("v", "")
                await self.join_pages.serve(found["ticket"], mark, receive, send)
                return
            if b"t=" in scope["query_string"] and (found := _POLL.fullmatch(path)):
                query = session.query(scope)
                page = self._page(query.get("t", ""), session.session_key(scope), found["key"])
                if page is not None and self.hub.is_unchanged(page, query.get("v", "")):
                    log_context.bind(route=POLL, path=path, person=page[0], room=page[2])
                    right = self.hub.polling_right(page)
                    metrics.unchanged_page()
                    await self._send_unchanged(send, session.language(scope), right)
                    return
                if page is not None:
                    self._add(page)
        await self.inner(scope, receive, send)

    def _end_streams_with_server(self, scope: Scope) -> None:
        """End all streams as soon as the server stops, because it waits until all requests have ended."""
        stopping: asyncio.Event | None = scope.get("state", {}).get("stopping")
        if self._ending is None and stopping is not None:
            self._ending = asyncio.create_task(self._end_streams(stopping))

    async def _end_streams(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self.join_pages.end_streams()
        self.hub.end_streams()

    def _page(self, token: str, session_key: str, room_key: str) -> PageKey | None:
        """Return the page for a polling token, or None if the token is invalid."""
        now_s = clock.now_ms() / 1000
        known = self._pages.get((token, session_key, room_key))
        if known is not None:
            return known[0] if now_s < known[1] else None
        found = polling_token.verify(token, session_key=session_key, room_key=room_key, now_s=now_s)
        if found is None:
            return None
        page = (found[0], session_key, room_key)
        if len(self._pages) >= _MOST_TOKENS:
            self._pages = {key: entry for key, entry in self._pages.items() if entry[1] > now_s}
        if len(self._pages) < _MOST_TOKENS:
            self._pages[token, session_key, room_key] = (page, float(found[1]))
        return page

    def _add(self, page: PageKey) -> None:
        """Let the hub answer later requests of this page. Django answers this request."""
        if page not in self._adding:
            task = asyncio.create_task(self.hub.add_polling_page(page), context=contextvars.Context())
            self._adding[page] = task
            task.add_done_callback(lambda _: self._adding.pop(page, None))

    async def _send_unchanged(self, send: Send, language: str, right: Right | None) -> None:
        trigger = {"live:polled": self.hub.status(language, right)}
        headers = [
            (b"hx-trigger", json.dumps(trigger).encode()),
            (b"cache-control", b"no-store"),
            (b"vary", b"Cookie, Accept-Language"),
        ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
