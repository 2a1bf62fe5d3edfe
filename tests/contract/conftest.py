"""A simulator to hold to the contract, and callers of both kinds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from classroom_admin.simulator.testing import RunningSimulator, running_simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    """Stepped, so that no class moves by itself; with oddities, as the real cloud has them."""
    with running_simulator(stepped=True) as running:
        yield running
