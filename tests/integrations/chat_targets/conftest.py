"""A chat server on loopback, which the settings allow, and a clock that tests step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integrations.chat_targets.chat_server import ChatServer, chat_server
from tests.stepped_clock import SteppedClock, use


@pytest.fixture
def chat(settings: Any) -> Iterator[ChatServer]:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    settings.PUBLIC_URL = "https://classes.school.test"
    settings.TIME_ZONE = "Europe/Madrid"
    with chat_server() as server:
        yield server


@pytest.fixture
def time() -> Iterator[SteppedClock]:
    """A clock that stands still at 10:00 UTC until the test steps it."""
    with use(SteppedClock(datetime(2026, 9, 15, 10, tzinfo=UTC))) as stepped:
        yield stepped
