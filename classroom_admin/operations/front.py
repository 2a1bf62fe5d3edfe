"""ASGI middleware that answers `/livez` and `/readyz` before Django.

A load balancer or an orchestrator asks an address of this machine, which need not be in ALLOWED_HOSTS. And
busy threads must not delay the answer, because a process that is only busy would be restarted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.db import connections

from classroom_admin.common.size_limit import BODILESS, Application, Receive, Scope, Send
from classroom_admin.operations import readiness
from classroom_admin.operations.answers import Answer, livez_answer, readyz_answer
from classroom_admin.operations.readiness import DATABASE_SLOW, DEADLINE_S, Readiness

_NOT_ALLOWED: Final = Answer(405, b"Use GET.\n", more=(("Allow", "GET, HEAD"),))


class AnsweredFirst:
    """Answer the probes. All other requests go to the application `inner`."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="probe")
        self._answers: dict[str, Callable[[Scope], Awaitable[Answer]]] = {
            "/livez": self._live,
            "/readyz": self._ready,
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
            checked = asyncio.get_running_loop().run_in_executor(self._thread, _check)
            try:
                found = await asyncio.wait_for(checked, DEADLINE_S)
            except TimeoutError:
                found = Readiness((DATABASE_SLOW,))
        return readyz_answer(found)


def _check() -> Readiness:
    try:
        return readiness.current()
    finally:
        connections.close_all()  # the database may restart before the next check


async def _send(scope: Scope, send: Send, answer: Answer) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": False})
