"""A running simulator to test against the contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from classroom_admin.simulator.testing import RunningSimulator, running_simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    """A simulator with a stepped clock, so no class changes by itself, and with variations."""
    with running_simulator(stepped=True) as running:
        yield running
