"""uvicorn's HTTP protocol with limits for slow clients, large headers and many connections.

uvicorn itself waits for a request's headers and body, and for readers of its responses, without any limit.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from classroom_admin.common.client_address import TrustedProxies, client_network
from classroom_admin.common.security_headers import standard_headers

HEAD_BYTES: Final = 64 * 1024
"""The limit for the request line and the headers together."""
BODY_BYTES_PER_S: Final = 500
"""The least average speed of a request body."""
SHARE_OF_ADDRESS: Final = 0.6
"""The share of all connections that one address may use. A whole school may share one address."""
UNFINISHED_OF_ADDRESS: Final = 100
"""The requests of one address that may be incomplete at the same time."""
UNFINISHED: Final = 2000
OTHER_FILES: Final = 256
"""The open files that a web process needs besides its connections."""


@dataclass(slots=True)
class Connections:
    """The open connections of a server, by address.

    Trusted proxies and unix sockets have the address "", which has no limit of its own.
    """

    most: int
    trusted: TrustedProxies
    total: int = 0
    unfinished: int = 0
    by_address: Counter[str] = field(default_factory=Counter)
    unfinished_by_address: Counter[str] = field(default_factory=Counter)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """It is set when the server stops. Requests find it in `scope["state"]`, so that streams can end."""

    @classmethod
    def of_settings(cls) -> Connections:
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        most = max(64, min(settings.MAX_CONNECTIONS, files - OTHER_FILES))
        return cls(most, TrustedProxies.of(settings.TRUSTED_PROXIES))

    def address_of(self, client: tuple[str, int] | None) -> str:
        return "" if client is None or client[0] in self.trusted else client_network(client[0])

    def is_full(self, address: str) -> bool:
        if self.total > self.most:
            return True
        return address != "" and self.by_address[address] > self.most * SHARE_OF_ADDRESS

    def has_too_many_unfinished(self, address: str) -> bool:
        if self.unfinished > UNFINISHED:
            return True
        return address != "" and self.unfinished_by_address[address] > UNFINISHED_OF_ADDRESS

    def open(self, address: str) -> None:
        self.total += 1
        self.by_address[address] += 1

    def close(self, address: str) -> None:
        self.total -= 1
        _subtract(self.by_address, address)

    def begin(self, address: str) -> None:
        self.unfinished += 1
        self.unfinished_by_address[address] += 1

    def finish(self, address: str) -> None:
        self.unfinished -= 1
        _subtract(self.unfinished_by_address, address)


def _subtract(counter: Counter[str], address: str) -> None:
    counter[address] -= 1
    if counter[address] <= 0:
        del counter[address]


_of_server: WeakKeyDictionary[ServerState, Connections] = WeakKeyDictionary()


def connections_of(server: ServerState) -> Connections:
    """Return the connections of a server. The first call reads the settings."""
    if server not in _of_server:
        _of_server[server] = Connections.of_settings()
    return _of_server[server]


class BoundedProtocol(HttpToolsProtocol):
    """A connection that ends if its client is too slow, sends too much, or is one too many.

    `HEAD_S` limits the time from the first byte to the last header, and the time before the first request. A
    body must arrive with `BODY_BYTES_PER_S`, measured every `BODY_S`, unless the application does not read
    it. After `WRITE_S` without room in the buffer, the client does not read its response. A closed connection
    has `LINGER_S` to deliver the rest of its response. When the server stops, a connection whose request has
    not arrived completely has `LAST_REQUEST_S` for its headers, so that no accepted request goes unanswered.
    """

    HEAD_S: float = 15.0
    BODY_S: float = 20.0
    WRITE_S: float = 60.0
    LINGER_S: float = 10.0
    LAST_REQUEST_S: float = 0.5

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._in_head, self._in_body, self._is_unfinished = True, False, False
        self._head_bytes = self._body_bytes = 0
        self._waited_for_us = False
        self._slow: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._counts = connections_of(self.server_state)
        # `manage.py doctor` asks whether the connection is bounded.
        self.app_state = {**self.app_state, "bounded": True, "stopping": self._counts.stopping}
        self._address = self._counts.address_of(self.client)
        self._counts.open(self._address)
        if self._counts.is_full(self._address):
            self._end(503, "There are too many connections. Try again later.")
        else:
            self._slow = self.loop.call_later(self.HEAD_S, self._end_slow_head)

    def connection_lost(self, exc: Exception | None) -> None:
        self._counts.close(self._address)
        self._set_unfinished(False)
        self._stop_timers()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        self._counts.stopping.set()
        if self._in_head and not self.transport.is_closing():
            self._stop_slow()
            self._slow = self.loop.call_later(self.LAST_REQUEST_S, self._end_slow_head)
        else:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._in_head and not self._is_unfinished:
            self._set_unfinished(True)
            if self._counts.has_too_many_unfinished(self._address):
                self._end(503, "There are too many unfinished requests. Try again later.")
                return
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._end(431, "The headers of this request are too large.")
            elif self._slow is None:
                self._slow = self.loop.call_later(self.HEAD_S, self._end_slow_head)
        elif self._in_body and self._slow is None:
            self._body_bytes = 0
            self._slow = self.loop.call_later(self.BODY_S, self._check_body)
        elif not self._in_body and self._is_idle():
            # Only line breaks arrived, and uvicorn stopped its timer for idle connections.
            self._in_head = True
            self._slow = self.loop.call_later(self.HEAD_S, self._end_slow_head)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._set_unfinished(True)

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        self._stop_slow()
        super().on_headers_complete()
        if self._counts.stopping.is_set() and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._set_unfinished(False)
        self._stop_slow()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._linger()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._linger()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stop_stuck()
        self._stuck = self.loop.call_later(self.WRITE_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_stuck()
        if self.transport.is_closing():
            self._linger()

    def send_400_response(self, msg: str) -> None:
        self._end(400, msg)

    def _is_idle(self) -> bool:
        return self.timeout_keep_alive_task is None and (self.cycle is None or self.cycle.response_complete)

    def _end_slow_head(self) -> None:
        self._slow = None
        if self._is_unfinished:
            self._end(408, "The headers of this request took too long.")
        else:
            self.transport.close()
            self._linger()

    def _check_body(self) -> None:
        self._slow = None
        if not self._in_body:
            return
        waits_for_us = self.flow.read_paused or self.cycle.waiting_for_100_continue
        is_slow = self._body_bytes < BODY_BYTES_PER_S * self.BODY_S
        if is_slow and not (waits_for_us or self._waited_for_us):
            self._end(408, "The body of this request took too long.")
            return
        self._body_bytes, self._waited_for_us = 0, waits_for_us  # then the client has one more period
        self._slow = self.loop.call_later(self.BODY_S, self._check_body)

    def _end(self, status: int, words: str) -> None:
        """Respond to the request that is arriving, and close the connection.

        Do not respond before an earlier request of the same connection has its response.
        """
        is_next = self.cycle is None or self.cycle.response_complete
        if is_next or not (self._in_head or self.pipeline or self.cycle.response_started):
            body = words.encode()
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
                (b"cache-control", b"no-store"),
                *(
                    (name.encode(), value.encode())
                    for name, value in standard_headers(is_https=False).items()
                ),
                *self.server_state.default_headers,
            ]
            lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
            self.transport.write(STATUS_LINE[status] + lines + b"\r\n" + body)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._stop_slow()
        self.transport.close()
        self._linger()

    def _linger(self) -> None:
        """Cut the closed connection after a while, even if its client has not read everything."""
        if self._stuck is None:
            self._stuck = self.loop.call_later(self.LINGER_S, self.transport.abort)

    def _set_unfinished(self, unfinished: bool) -> None:
        if unfinished != self._is_unfinished:
            self._is_unfinished = unfinished
            (self._counts.begin if unfinished else self._counts.finish)(self._address)

    def _stop_timers(self) -> None:
        self._stop_slow()
        self._stop_stuck()

    def _stop_slow(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _stop_stuck(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
