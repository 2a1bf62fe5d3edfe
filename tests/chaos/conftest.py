"""The simulated cloud and the clocks of the tests of `sync`, and processes that can be killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import background
from tests.chaos.processes import ProcessGroup
from tests.sync.conftest import cloud, poller, sim

__all__ = ["cloud", "hands", "hire", "impatient", "poller", "sim"]


@pytest.fixture
def hands() -> Iterator[clock.SteppedClock]:
    """Our own clock, moved by hand. The simulator's runs on or is stepped by itself: not followed here."""
    before = clock._read_cloud_offset_ms
    clock.follow_cloud(lambda: 0)
    try:
        with clock.use(clock.SteppedClock(clock.now())) as stepped:
            yield stepped
    finally:
        clock.follow_cloud(before)


@pytest.fixture
def hire(tmp_path: Path) -> Iterator[Callable[..., ProcessGroup]]:
    """`hire(sim, per_second=..)`: processes of this installation, all gone at the end of the test."""
    groups: list[ProcessGroup] = []

    def group_for(sim: RunningSimulator, *, per_second: float = 0.0) -> ProcessGroup:
        groups.append(ProcessGroup(sim, tmp_path / f"processes-{len(groups)}", per_second=per_second))
        return groups[-1]

    yield group_for
    for processes in groups:
        processes.close()


@pytest.fixture
def impatient(cloud: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Waits of the client itself take no time here: they are its own tests' matter."""
    monkeypatch.setattr(cloud.transport, "_sleep", lambda _seconds: None)
    monkeypatch.setattr(background, "client_for", lambda _config: cloud)
    return cloud
