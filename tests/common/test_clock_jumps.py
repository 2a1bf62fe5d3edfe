"""Jumps of the wall clock are noticed, remembered for a day, and do not stop what is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from classroom_admin.common import clock, clock_jumps
from classroom_admin.common.clock_jumps import JumpWatch
from classroom_admin.operations import doctor_checks
from tests.school import School
from tests.stepped_clock import SteppedClock, use

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def stepped() -> Iterator[SteppedClock]:
    with use(SteppedClock(NINE)) as stepped:
        yield stepped


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_jump_is_noticed_once(stepped: SteppedClock, jump: timedelta) -> None:
    watch = JumpWatch(stepped)
    stepped.step(3600)  # time that passes is no jump
    assert watch.jumped_s() == 0
    stepped.set_wall(clock.now() + jump)
    assert watch.jumped_s() == jump.total_seconds()
    assert watch.jumped_s() == 0
    stepped.set_wall(clock.now() + timedelta(seconds=1))
    assert watch.jumped_s() == 0


def test_real_clock_does_not_jump() -> None:
    watch = JumpWatch()
    assert watch.jumped_s() == 0


def test_jump_is_remembered_for_a_day(stepped: SteppedClock, tmp_path: Path) -> None:
    assert clock_jumps.last(tmp_path) is None
    clock_jumps.remember(tmp_path, -3600.0)
    found = clock_jumps.last(tmp_path)
    assert found is not None
    assert (found.at, found.minutes, found.is_forward) == (NINE, 60, False)
    stepped.step(timedelta(days=1).total_seconds())
    assert clock_jumps.last(tmp_path) is None
    (tmp_path / "clock_jump.json").write_text("{")
    assert clock_jumps.last(tmp_path) is None


@pytest.mark.django_db
@pytest.mark.parametrize(("by_s", "words"), [(7200.0, "forward"), (-7200.0, "back")])
def test_administrators_see_a_jump(school: School, settings: Any, by_s: float, words: str) -> None:
    page = "/settings/sync/"
    assert "clock of the server" not in school.signed_in(school.administrator).get(page).content.decode()
    clock_jumps.remember(django_settings.DATA_DIR, by_s)
    try:
        said = " ".join(school.signed_in(school.administrator).get(page).content.decode().split())
        result = doctor_checks.steady_clock()
    finally:
        (django_settings.DATA_DIR / "clock_jump.json").unlink()
    assert f"It jumped {words} by about 120 minutes." in said
    assert result.status == "warning"
    assert f"jumped {words} by 7200 s" in result.message
    assert doctor_checks.steady_clock().status == "ok"
