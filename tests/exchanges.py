"""Observe the requests that clients of this process send, and their answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from classroom_admin.agora.transport import Transport
from classroom_admin.common.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request without its headers, and its answer. `status` is None if there is no answer."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    request_json: Any
    status: int | None
    body: bytes
    problem: Problem | None


@contextmanager
def observed(observer: Callable[[Exchange], None], *, of: Transport | None = None) -> Iterator[None]:
    """Call `observer` after each exchange of `of` (None: of every transport), in the calling thread."""
    plain = Transport._exchange

    def exchange(self: Transport, host: str, job: Any, token: Any) -> Any:
        reply = plain(self, host, job, token)
        if of is None or of is self:
            observer(
                Exchange(
                    method=job.method,
                    host=host,
                    path=job.path,
                    query=job.query,
                    request_json=None if job.body is None else json.loads(job.body),
                    status=reply.status,
                    body=reply.body,
                    problem=reply.problem,
                )
            )
        return reply

    with mock.patch.object(Transport, "_exchange", exchange):
        yield
