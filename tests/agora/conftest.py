from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.transport import Transport
from tests.agora.cloud import APP_ID, CERTIFICATE
from tests.exchanges import Exchange, observed


@dataclass
class Clockwork:
    """A clock that moves only when the client sleeps or a test moves it."""

    now_s: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


@dataclass
class Made:
    client: Client
    clockwork: Clockwork
    exchanges: list[Exchange]


@pytest.fixture
def make_client() -> Iterator[Callable[..., Made]]:
    """Return a function that makes a client for an address. ``real_time=True``: replace only the sleep."""
    made: list[Made] = []
    observing = ExitStack()

    def make(base_url: str, *, real_time: bool = False, **settings: Any) -> Made:
        config = CloudConfig(
            **{
                "base_url": base_url,
                "fallback_url": "",
                "region": "eu",
                "app_id": APP_ID,
                "app_certificate": CERTIFICATE,
                "uid": "server",
                "connect_timeout_s": 2.0,
                "read_timeout_s": 5.0,
                **settings,
            }
        )
        clockwork = Clockwork()
        exchanges: list[Exchange] = []
        clocks: dict[str, Any] = {} if real_time else {"clock": clockwork.clock, "monotonic": clockwork.clock}
        transport = Transport(config, sleep=clockwork.sleep, rng=random.Random(7), **clocks)
        observing.enter_context(observed(exchanges.append, of=transport))
        made.append(Made(Client(config, transport=transport), clockwork, exchanges))
        return made[-1]

    with observing:
        yield make
    for each in made:
        each.client.close()
