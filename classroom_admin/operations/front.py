"""ASGI middleware that answers `/livez`, `/readyz` and `/metrics` before Django.

A load balancer, an orchestrator or Prometheus asks an address of this machine, which need not be in
ALLOWED_HOSTS. And busy threads must not delay the answer, because a process that is only busy would be
restarted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from django.db import connections

from classroom_admin.common.size_limit import BODILESS, Application, Receive, Scope, Send
from classroom_admin.operations import readiness
from classroom_admin.operations.answers import Answer, livez_answer, readyz_answer
from classroom_admin.operations.readiness import DATABASE_SLOW, DEADLINE_S, Readiness
from classroom_admin.operations.scrape import metrics_answer

T = TypeVar("T")
_NOT_ALLOWED: Final = Answer(405, b"Use GET.\n", more=(("Allow", "GET, HEAD"),))


class AnsweredFirst:
    """Answer the probes and Prometheus. All other requests go to the application `inner`."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner
        self._probes = ThreadPoolExecutor(1, thread_name_prefix="probe")
        self._scrapes = ThreadPoolExecutor(1, thread_name_prefix="metrics")
        self._answers: dict[str, Callable[[Scope], Awaitable[Answer]]] = {
            "/livez": self._live,
            "/readyz": self._ready,
            "/metrics": self._metrics,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answers.get(scope["path"]) if scope["type"] == "http" else None
        if answer is None:
            await self._inner(scope, receive, send)
        elif scope["method"] not in BODILESS:
            await _send(scope, send, _NOT_ALLOWED)
        else:
            await _send(scope, send, await answer(scope))

    async def _live(self, scope: Scope) -> Answer:
        return livez_answer()

    async def _ready(self, scope: Scope) -> Answer:
        found = readiness.known()
        if found is None:
            checked = asyncio.get_running_loop().run_in_executor(
                self._probes, _without_connection, readiness.current
            )
            try:
                found = await asyncio.wait_for(checked, DEADLINE_S)
            except TimeoutError:
                found = Readiness((DATABASE_SLOW,))
        return readyz_answer(found)

    async def _metrics(self, scope: Scope) -> Answer:
        authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        address = scope["client"][0] if scope.get("client") else ""
        answered = partial(metrics_answer, authorization=authorization, address=address)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._scrapes, _without_connection, answered)


def _without_connection(function: Callable[[], T]) -> T:
    """Call a function, then close its connection, because the database may restart before the next call."""
    try:
        return function()
    finally:
        connections.close_all()


async def _send(scope: Scope, send: Send, answer: Answer) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": False})
