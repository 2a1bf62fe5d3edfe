from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from classroom_admin.common.logs import pipeline
from classroom_admin.common.logs.repeats import CountingHandler


class Written:
    """A logger whose records go through the pipeline, and what it wrote."""

    def __init__(self, name: str, *, as_json: bool, window_s: float = 0.0) -> None:
        self.handler = CountingHandler(window_s)
        self.stream = io.StringIO()
        self.handler.setStream(self.stream)
        self.handler.setFormatter(pipeline.formatter(as_json=as_json, coloured=False))
        self.log = logging.getLogger(name)
        self.log.addHandler(self.handler)
        self.log.setLevel(logging.DEBUG)
        self.log.propagate = False

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.split("\n") if line]

    def close(self) -> None:
        self.log.removeHandler(self.handler)
        self.handler.close()


@pytest.fixture
def json_log() -> Iterator[Written]:
    written = Written("tests.json", as_json=True)
    yield written
    written.close()


@pytest.fixture
def text_log() -> Iterator[Written]:
    written = Written("tests.text", as_json=False)
    yield written
    written.close()


@pytest.fixture
def counted() -> Iterator[Written]:
    """A log that counts repeated errors, with windows that no test waits for."""
    written = Written("tests.counted", as_json=True, window_s=3600.0)
    yield written
    written.close()
