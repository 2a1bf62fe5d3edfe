"""A school whose commands go to a simulated cloud."""

from typing import Any

import pytest

from tests.actions.classroom import Lesson
from tests.actions.conftest import School, config_for, person, school, sim, simulator, truth  # noqa: F401


@pytest.fixture
def lesson(sim: Any, school: School, settings: Any) -> Lesson:  # noqa: F811
    """A live class with a teacher and three students, two with a raised hand."""
    settings.AGORA = config_for(sim.base_url, app_id=sim.app_id, app_certificate=sim.app_certificate)
    found = Lesson(sim, school.room.room_uuid, settings.AGORA)
    found.begin()
    return found
