"""A simulated cloud for the tests of the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from classroom_admin import agora
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.actions.conftest import config_for


@pytest.fixture(autouse=True)
def _limits_of_this_test() -> None:
    """The counts of other tests do not matter."""
    cache.clear()


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as running:
        yield running


@pytest.fixture
def sim(simulator: RunningSimulator, settings: Any) -> Iterator[RunningSimulator]:
    """The module's simulator as the configured cloud."""
    settings.AGORA = config_for(
        simulator.base_url, app_id=simulator.app_id, app_certificate=simulator.app_certificate
    )
    yield simulator
    agora.client_for(settings.AGORA).close()
