"""The alerts that a class had, computed after the class."""

from datetime import UTC, datetime
from typing import Any

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.reports import summaries
from classroom_admin.reports.alert_history import (
    PastAlert,
    WhatHappened,
    as_rows,
    from_rows,
    median_wait_ms,
    past_alerts,
)
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.alert_kinds import Thresholds
from classroom_admin.simulator.testing import running_simulator
from classroom_admin.web.class_list.acknowledgement import acknowledge
from tests.stepped_clock import SteppedClock, use
from tests.sync.conftest import config_for, room, sync_once

MINUTE = 60_000
TWO = Thresholds()


def span(start: float, end: float) -> tuple[int, int]:
    return round(start * MINUTE), round(end * MINUTE)


def alerts(limits: Thresholds = TWO, **found: Any) -> list[tuple[str, float, float]]:
    found.setdefault("teachers", [span(0, 60)])
    known = WhatHappened(**{"start": 0, "end": 60 * MINUTE, "closed": 60 * MINUTE, **found})
    return [(one.kind, one.start / MINUTE, one.end / MINUTE) for one in past_alerts(known, limits)]


def test_a_class_with_its_teacher_had_no_alert() -> None:
    assert alerts(students=[span(0, 60)], planned_end=60 * MINUTE) == []


def test_no_teacher_at_the_start_and_students_alone() -> None:
    found = alerts(teachers=[span(10, 60)], students=[span(5, 60)])
    assert found == [("no_teacher", 2, 10), ("alone", 7, 10)]


def test_an_assistant_supervises_students() -> None:
    found = alerts(teachers=[span(0, 20)], assistants=[span(20, 60)], students=[span(0, 60)])
    assert found == [("no_teacher", 22, 60)]


def test_short_absences_of_two_teachers_are_no_alert() -> None:
    assert alerts(teachers=[span(0, 20), span(21.5, 60), span(10, 21)]) == []


def test_each_hand_that_waited_too_long_is_an_alert() -> None:
    assert alerts(hands=[span(5, 6), span(10, 15), span(11, 14)]) == [("hand", 12, 15), ("hand", 13, 14)]


def test_a_failed_recording_is_an_alert_until_the_next_one_starts() -> None:
    found = alerts(recordings=[span(0, 10), span(20, 60)], failed=[10 * MINUTE])
    assert found == [("recording", 10, 20)]


def test_a_class_that_must_be_recorded_had_an_alert_while_it_was_not() -> None:
    every = Thresholds(record_all=True)
    assert alerts(every, recordings=[span(5, 60)]) == [("recording", 1, 5)]
    assert alerts(recordings=[span(5, 60)]) == []


def test_overtime_begins_after_the_planned_end() -> None:
    assert alerts(planned_end=50 * MINUTE) == [("over_time", 55, 60)]


def test_the_first_acknowledgement_while_the_alert_was_shown_counts() -> None:
    known = WhatHappened(start=0, end=60 * MINUTE, teachers=[span(10, 60)])
    (found,) = past_alerts(known, TWO, {"no_teacher": [MINUTE, 5 * MINUTE, 6 * MINUTE], "hand": [3 * MINUTE]})
    assert found.acknowledged == 5 * MINUTE
    assert found.wait_ms == 3 * MINUTE
    assert median_wait_ms([found, PastAlert(kind="hand", start=0, end=1)]) == 3 * MINUTE
    assert from_rows(as_rows([found])) == [found]


@pytest.mark.django_db(transaction=True)
def test_the_summary_of_a_class_has_its_alerts(settings: Any) -> None:
    administrator = User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR)
    own_clock = SteppedClock(datetime(2026, 9, 7, 10, tzinfo=UTC))
    with running_simulator(stepped=True, start_ms=own_clock.now_ms()) as sim, use(own_clock):

        def wait(minutes: int) -> None:
            sim.step(minutes * MINUTE)
            own_clock.step(minutes * 60)

        settings.AGORA = config_for(sim)
        sim.make_room("r1", roomName="One")
        sim.room("r1", "state", state=1)
        sim.room("r1", "enter", userUuid="u1", userName="Ada", role=2)
        wait(5)
        assert sync_once() == ""
        acknowledge(access_to(administrator, room("r1")), kinds=["no_teacher"], minutes=15)
        wait(1)
        sim.room("r1", "enter", userUuid="t1", userName="Teacher", role=1)
        wait(10)
        sim.room("r1", "state", state=2)
        assert sync_once() == ""
        alerts = from_rows(summaries.refresh(room("r1")).alerts)
        started_at = room("r1").started_at
        assert started_at is not None
        begun = clock.to_ms(started_at)
    found = [(one.kind, one.start - begun, one.end - begun, one.wait_ms) for one in alerts]
    assert found == [
        ("no_teacher", 2 * MINUTE, 6 * MINUTE, pytest.approx(3 * MINUTE, abs=500)),  # the clocks differ by ms
        ("alone", 2 * MINUTE, 6 * MINUTE, None),
    ]
