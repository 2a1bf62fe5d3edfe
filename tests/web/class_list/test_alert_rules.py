"""Alert rules: which alerts a class has, since when, and when that changes by time alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.rooms.alert_kinds import (
    ALONE,
    BANNED,
    CLOUD,
    DATA,
    HAND,
    KINDS,
    NO_TEACHER,
    OVER_TIME,
    RECORDING,
    Thresholds,
)
from classroom_admin.rooms.bans import Readmitted
from classroom_admin.web.class_list.alert_rules import Acknowledged, AlertInput, Alerts, alerts_of

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LIMITS = Thresholds()
RUNS = AlertInput(now_state=1, started_at=NOW - timedelta(minutes=30), teachers_online=1)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def at(
    facts: AlertInput, now: datetime = NOW, *acknowledged: Acknowledged, limits: Thresholds = LIMITS
) -> Alerts:
    return alerts_of(facts, now=now, thresholds=limits, acknowledgements=acknowledged)


def kinds(facts: AlertInput, **more: Any) -> list[str]:
    return [alert.kind for alert in at(facts, **more).active]


def test_class_without_problems_has_no_alerts() -> None:
    assert at(
        replace(RUNS, students_online=20, hands_raised=2, oldest_hand_at=ago(1), recording_state="recording")
    ) == (Alerts())


@pytest.mark.parametrize(
    ("facts", "kind", "since", "words"),
    [
        (replace(RUNS, teachers_online=0), NO_TEACHER, ago(30), "No teacher present"),
        (replace(RUNS, teachers_online=0, teacher_left_at=ago(3)), NO_TEACHER, ago(3), "No teacher present"),
        (
            AlertInput(now_state=0, students_online=3, students_since=ago(4)),
            ALONE, ago(4), "3 students without a teacher",
        ),
        (
            AlertInput(now_state=None, students_online=1, students_since=ago(2)),
            ALONE, ago(2), "1 student without a teacher",
        ),
        (
            AlertInput(now_state=0, students_online=3, students_since=ago(40), teacher_left_at=ago(5)),
            ALONE, ago(5), "3 students without a teacher",
        ),
        (
            replace(RUNS, banned=Readmitted(person=7, count=1, since=ago(1), until=None)),
            BANNED, ago(1), "1 banned person present",
        ),
        (replace(RUNS, planned_end_at=ago(6)), OVER_TIME, ago(6), "Overtime"),
        (
            replace(RUNS, recording_state="ended", recording_unready=True, recording_at=ago(0.1)),
            RECORDING, ago(0.1), "Recording failed",
        ),
        (replace(RUNS, gap_at=ago(1)), DATA, ago(1), "Events missing"),
        (replace(RUNS, behind_at=ago(1)), DATA, ago(1), "Events are delayed"),
        (
            replace(RUNS, refused_at=ago(1), refused_action="class.end", refused_error="RateLimited"),
            CLOUD, ago(1), "Refused by the cloud: End the class",
        ),
        (
            replace(RUNS, refused_at=ago(1), refused_action="class.end", refused_unsure=True),
            CLOUD, ago(1), "Outcome unknown: End the class",
        ),
        (
            replace(RUNS, silent_since=ago(20)),
            CLOUD, ago(20), "The cloud sends no updates about this class",
        ),
    ],
)  # fmt: skip
def test_each_alert_has_words_and_a_beginning(
    facts: AlertInput, kind: str, since: datetime, words: str
) -> None:
    (alert,) = at(facts).active
    assert (alert.kind, alert.since, alert.words) == (kind, since, words)


@pytest.mark.parametrize(
    "facts",
    [
        replace(RUNS, teachers_online=0, teacher_left_at=ago(1.9)),
        AlertInput(now_state=0, students_online=3, students_since=ago(1.9)),
        AlertInput(now_state=0, students_online=3, students_since=ago(9), assistant_present=True),
        AlertInput(now_state=0, teachers_online=1, students_online=3),
        AlertInput(
            now_state=2,
            students_online=3,
            students_since=ago(9),
            hands_raised=1,
            oldest_hand_at=ago(9),
            planned_end_at=ago(9),
        ),
        AlertInput(now_state=3, students_online=3, students_since=ago(9), gap_at=ago(9)),
        replace(RUNS, gone_at=ago(1), teachers_online=0),
        replace(RUNS, hands_raised=1, oldest_hand_at=ago(1.9)),
        replace(RUNS, planned_end_at=ago(4.9)),
        replace(RUNS, planned_end_at=NOW + timedelta(minutes=4)),
        replace(RUNS, recording_state="ended", recording_at=ago(9)),
        replace(RUNS, now_state=2, recording_state="failed", recording_at=ago(9)),
        replace(RUNS, behind_at=ago(0.9)),
        replace(RUNS, refused_at=ago(16), refused_action="class.end", refused_error="RateLimited"),
        replace(RUNS, refused_at=ago(1), refused_action="class.end", refused_error="ClassAlreadyEnded"),
    ],
)
def test_harmless_states_are_no_alerts(facts: AlertInput) -> None:
    assert at(facts).active == ()


def test_students_alone_in_a_live_class_are_two_alerts() -> None:
    assert kinds(replace(RUNS, teachers_online=0, students_online=2, students_since=ago(9))) == [
        NO_TEACHER,
        ALONE,
    ]


def test_missing_recording_is_an_alert_if_every_class_must_be_recorded() -> None:
    limits = replace(LIMITS, record_all=True)
    assert at(RUNS, limits=limits).active[0].words == "Not recording"
    assert kinds(replace(RUNS, recording_state="recording"), limits=limits) == []
    stopped = replace(RUNS, recording_state="ended", recording_at=ago(9))
    assert [(alert.words, alert.since) for alert in at(stopped, limits=limits).active] == [
        ("Recording stopped", ago(9))
    ]
    assert kinds(replace(stopped, recording_at=ago(0.5)), limits=limits) == []
    assert kinds(replace(RUNS, started_at=ago(0.5)), limits=limits) == []


def test_alert_about_a_banned_person_ends_with_the_ban() -> None:
    facts = replace(
        RUNS, banned=Readmitted(person=7, count=1, since=ago(1), until=NOW + timedelta(minutes=9))
    )
    assert at(facts).due == NOW + timedelta(minutes=9)
    assert kinds_at(facts, NOW + timedelta(minutes=9)) == []


def test_thresholds_are_settings() -> None:
    over = replace(RUNS, planned_end_at=ago(6))
    assert kinds(over) == [OVER_TIME]
    assert kinds(over, limits=replace(LIMITS, over=timedelta(minutes=7))) == []


def test_a_hand_that_is_raised_for_long_is_known_but_no_alert() -> None:
    hand = replace(RUNS, hands_raised=3, oldest_hand_at=ago(4))
    found = at(hand)
    assert found.active == ()
    assert found.waiting is not None
    assert (found.waiting.kind, found.waiting.since) == (HAND, ago(4))
    assert found.order == at(RUNS).order
    assert at(hand, limits=replace(LIMITS, hand=timedelta(minutes=5))).waiting is None


# --- order ------------------------------------------------------------------------------------------------


def test_most_urgent_then_oldest_alert_is_first() -> None:
    none = at(RUNS)
    over, long_over = (at(replace(RUNS, planned_end_at=ago(m))) for m in (6, 8))
    teacher = at(replace(RUNS, teachers_online=0, teacher_left_at=ago(2)))
    assert sorted([none, over, teacher, long_over], key=lambda one: one.order) == [
        teacher, long_over, over, none,
    ]  # fmt: skip


# --- acknowledged ----------------------------------------------------------------------------------------


def acknowledge(kind: str, *, at: datetime, minutes: float = 15) -> Acknowledged:
    return Acknowledged(kind=kind, at=at, until=at + timedelta(minutes=minutes), by="Ruth")


def test_acknowledged_alert_is_active_again_after_its_time() -> None:
    alone = replace(RUNS, teachers_online=0)
    found = at(alone, NOW, acknowledge(NO_TEACHER, at=ago(1)))
    assert found.active == ()
    assert found.acknowledged[0].acknowledged.by == "Ruth"
    assert found.order == Alerts().order
    assert found.due == ago(1) + timedelta(minutes=15)
    assert kinds_at(alone, found.due, acknowledge(NO_TEACHER, at=ago(1))) == [NO_TEACHER]


def kinds_at(facts: AlertInput, now: datetime, *acknowledged: Acknowledged) -> list[str]:
    return [alert.kind for alert in at(facts, now, *acknowledged).active]


def test_alert_that_begins_after_the_acknowledgement_is_active() -> None:
    again = replace(RUNS, teachers_online=0, teacher_left_at=ago(3))
    assert kinds_at(again, NOW, acknowledge(NO_TEACHER, at=ago(4))) == [NO_TEACHER]
    assert kinds_at(again, NOW, acknowledge(NO_TEACHER, at=ago(2))) == []


def test_acknowledgement_does_not_cover_other_kinds() -> None:
    both = replace(RUNS, teachers_online=0, planned_end_at=ago(9))
    assert kinds_at(both, NOW, acknowledge(NO_TEACHER, at=ago(1))) == [OVER_TIME]


# --- by time alone ----------------------------------------------------------------------------------------


def test_alert_becomes_active_when_due() -> None:
    facts = replace(RUNS, teachers_online=0, teacher_left_at=ago(1))
    due = at(facts).due
    assert due == NOW + timedelta(minutes=1)
    assert kinds_at(facts, due - timedelta(milliseconds=1)) == []
    assert kinds_at(facts, due) == [NO_TEACHER]


def test_refused_command_is_an_alert_for_a_limited_time() -> None:
    facts = replace(RUNS, refused_at=ago(10), refused_action="class.end", refused_error="RateLimited")
    assert at(facts).due == NOW + timedelta(minutes=5)
    assert kinds_at(facts, NOW + timedelta(minutes=5)) == []


moments = st.none() | st.integers(-200, 200).map(lambda half: NOW + timedelta(seconds=30 * half))
any_facts = st.builds(
    AlertInput,
    now_state=st.sampled_from([None, 0, 1, 2, 3]),
    started_at=moments, planned_end_at=moments, teacher_left_at=moments, students_since=moments,
    oldest_hand_at=moments, recording_at=moments, gap_at=moments, behind_at=moments,
    refused_at=moments, silent_since=moments,
    teachers_online=st.integers(0, 1), students_online=st.integers(0, 2), hands_raised=st.integers(0, 2),
    assistant_present=st.booleans(), gone_at=st.sampled_from([None, NOW]), recording_unready=st.booleans(),
    recording_state=st.sampled_from(["", "recording", "ended", "failed"]),
)  # fmt: skip
any_acknowledgements = st.lists(
    st.builds(
        lambda kind, half, length: acknowledge(kind, at=NOW + timedelta(seconds=30 * half), minutes=length),
        st.sampled_from(KINDS), st.integers(-60, 0), st.sampled_from([5, 15, 60]),
    ),
    max_size=3,
)  # fmt: skip


@given(any_facts, any_acknowledgements, st.integers(1, 400), st.booleans())
def test_nothing_changes_before_due(
    facts: AlertInput, acknowledged: list[Acknowledged], seconds: int, record_all: bool
) -> None:
    limits = Thresholds(record_all=record_all)
    now = at(facts, NOW, *acknowledged, limits=limits)
    later = NOW + timedelta(seconds=seconds)
    assert now.due is None or now.due > NOW
    if now.due is None or later < now.due:
        assert at(facts, later, *acknowledged, limits=limits) == now
