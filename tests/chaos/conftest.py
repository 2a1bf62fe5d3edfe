"""A simulated cloud, a stepped clock, and processes that can be killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.sync import tasks
from tests.chaos.processes import ProcessGroup
from tests.stepped_clock import SteppedClock, use
from tests.sync.conftest import config_for


@pytest.fixture
def sim() -> Iterator[RunningSimulator]:
    """Start an empty simulated cloud, whose rooms do what a test tells them to."""
    with running_simulator(plain=True) as simulator:
        yield simulator


@pytest.fixture
def cloud(sim: RunningSimulator, settings: Any) -> Client:
    """Return a client for `sim`, and name `sim` in the settings."""
    settings.AGORA = config_for(sim)
    return Client(settings.AGORA)


@pytest.fixture
def own_clock() -> Iterator[SteppedClock]:
    """Step our own clock by hand. It does not follow the clock of the simulator."""
    before = clock._read_cloud_offset_ms
    clock.follow_cloud(lambda: 0)
    try:
        with use(SteppedClock(clock.now())) as stepped:
            yield stepped
    finally:
        clock.follow_cloud(before)


@pytest.fixture
def hire(tmp_path: Path) -> Iterator[Callable[..., ProcessGroup]]:
    """Give `hire(sim, per_second=…)`: start processes of this installation, and kill them after the test."""
    groups: list[ProcessGroup] = []

    def group_for(sim: RunningSimulator, *, per_second: float = 0.0) -> ProcessGroup:
        groups.append(ProcessGroup(sim, tmp_path / f"processes-{len(groups)}", per_second=per_second))
        return groups[-1]

    yield group_for
    for processes in groups:
        processes.close()


@pytest.fixture
def quick_client(cloud: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Let the waits of the client take no time: its own tests cover them."""
    monkeypatch.setattr(cloud.transport, "_sleep", lambda _seconds: None)
    monkeypatch.setattr(tasks, "client_for", lambda _config: cloud)
    return cloud
