"""The answers of the probes, for Django's views and for the ASGI front."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from classroom_admin.operations.readiness import Readiness

TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """A small response that no cache may keep."""

    status: int
    body: bytes
    content_type: str = TEXT
    more: tuple[tuple[str, str], ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": self.content_type, "Cache-Control": "no-store", **dict(self.more)}


def livez_answer() -> Answer:
    return Answer(200, b"ok\n")


def readyz_answer(found: Readiness) -> Answer:
    body = json.dumps(found.as_json(), indent=1) + "\n"
    return Answer(200 if found.ready else 503, body.encode(), "application/json")
