"""ASGI middleware that gives each request the address, scheme and host of its client (TRUSTED_PROXIES)."""

from typing import Any, Final

from classroom_admin.common.client_address import FORWARDED, UNIX, TrustedProxies, sender
from classroom_admin.common.size_limit import Application, Receive, Scope, Send

TRACE: Final = (b"traceparent", b"tracestate", b"baggage")
"""Headers that continue a trace. A stranger must not choose the ids in our logs."""


class BehindProxies:
    """Replace a trusted proxy by the client that it names.

    Remove all headers in which proxies describe clients, so that nothing behind this uses an invented one.
    """

    def __init__(self, inner: Application, trusted: TrustedProxies) -> None:
        self._inner = inner
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "headers" in scope:
            scope = {**scope, **self._changes(scope)}
        await self._inner(scope, receive, send)

    def _changes(self, scope: Scope) -> dict[str, Any]:
        peer = scope["client"][0] if scope.get("client") else UNIX
        found = sender(peer, scope["headers"], self._trusted)
        unwanted = FORWARDED if peer in self._trusted else (*FORWARDED, *TRACE)
        headers = [(name, value) for name, value in scope["headers"] if name not in unwanted]
        if found.host:
            headers = [(name, value) for name, value in headers if name != b"host"]
            headers.append((b"host", found.host.encode("latin-1")))
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        return {
            "headers": headers,
            "client": (found.address, 0) if found.address != UNIX else None,
            "scheme": found.scheme or scope["scheme"],
            # `manage.py doctor` asks for this (operations.probes).
            "classroom_admin.front": {
                "peer": peer,
                "peer_is_trusted": peer in self._trusted,
                "forwarded_for": ", ".join(given),
            },
        }
