"""A school whose recordings have files in a simulated cloud."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from classroom_admin.agora import recording_downloads
from classroom_admin.rooms.models import Recording
from classroom_admin.simulator.testing import running_simulator
from tests.recorded import Recorder
from tests.school import School
from tests.sync.conftest import config_for


@pytest.fixture
def recorder(settings: Any) -> Iterator[Recorder]:
    cache.clear()
    with running_simulator(plain=True, stepped=True) as simulator:
        settings.AGORA = config_for(simulator)
        yield Recorder(simulator)
        recording_downloads.close_connections()


@pytest.fixture
def recording(school: School, recorder: Recorder) -> Recording:
    """A recording of the school's class that lasts a minute."""
    return recorder.record(school.room)
