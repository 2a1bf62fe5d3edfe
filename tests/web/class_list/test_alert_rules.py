"""Why a class needs a person: decided from facts alone, each with the moment from which it shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.web.class_list.alert_rules import (
    ALONE,
    CLOUD,
    DATA,
    HAND,
    KINDS,
    NO_TEACHER,
    OVER_TIME,
    RECORDING,
    Facts,
    Snoozed,
    Standing,
    Thresholds,
    standing,
)

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LIMITS = Thresholds()
RUNS = Facts(state=1, started_at=NOW - timedelta(minutes=30), teachers=1)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def at(facts: Facts, now: datetime = NOW, *snoozes: Snoozed, limits: Thresholds = LIMITS) -> Standing:
    return standing(facts, now=now, thresholds=limits, snoozes=snoozes)


def kinds(facts: Facts, **more: Any) -> list[str]:
    return [reason.kind for reason in at(facts, **more).reasons]


def test_a_class_that_goes_well_needs_nobody() -> None:
    assert at(replace(RUNS, pupils=20, hands=2, oldest_hand_at=ago(1), recording_state="recording")) == (
        Standing()
    )


@pytest.mark.parametrize(
    ("facts", "kind", "since", "words"),
    [
        (replace(RUNS, teachers=0), NO_TEACHER, ago(30), "No teacher present"),
        (replace(RUNS, teachers=0, teacher_left_at=ago(3)), NO_TEACHER, ago(3), "No teacher present"),
        (
            Facts(state=0, pupils=3, pupils_since=ago(4)),
            ALONE, ago(4), "3 students without a teacher",
        ),
        (Facts(state=None, pupils=1, pupils_since=ago(2)), ALONE, ago(2), "1 student without a teacher"),
        (
            Facts(state=0, pupils=3, pupils_since=ago(40), teacher_left_at=ago(5)),
            ALONE, ago(5), "3 students without a teacher",
        ),
        (replace(RUNS, hands=1, oldest_hand_at=ago(7)), HAND, ago(7), "1 hand up"),
        (replace(RUNS, hands=3, oldest_hand_at=ago(7)), HAND, ago(7), "3 raised hands, longest wait"),
        (replace(RUNS, planned_end_at=ago(6)), OVER_TIME, ago(6), "Overtime"),
        (
            replace(RUNS, recording_state="ended", recording_failed=True, recording_at=ago(0.1)),
            RECORDING, ago(0.1), "Recording failed",
        ),
        (
            replace(RUNS, recording_state="ended", recording_at=ago(2)),
            RECORDING, ago(2), "Recording stopped",
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
def test_each_reason_is_said_in_words_with_its_age(
    facts: Facts, kind: str, since: datetime, words: str
) -> None:
    (reason,) = at(facts).reasons
    assert (reason.kind, reason.since, reason.words) == (kind, since, words)


@pytest.mark.parametrize(
    "facts",
    [
        replace(RUNS, teachers=0, teacher_left_at=ago(1.9)),
        Facts(state=0, pupils=3, pupils_since=ago(1.9)),
        Facts(state=0, pupils=3, pupils_since=ago(9), assistant_there=True),
        Facts(state=0, teachers=1, pupils=3),
        Facts(state=2, pupils=3, pupils_since=ago(9), hands=1, oldest_hand_at=ago(9), planned_end_at=ago(9)),
        Facts(state=3, pupils=3, pupils_since=ago(9), gap_at=ago(9)),
        replace(RUNS, gone=True, teachers=0),
        replace(RUNS, hands=1, oldest_hand_at=ago(1.9)),
        replace(RUNS, planned_end_at=ago(4.9)),
        replace(RUNS, planned_end_at=NOW + timedelta(minutes=4)),
        replace(RUNS, recording_state="ended", recording_at=ago(0.5)),
        replace(RUNS, recording_state="ended", recording_at=ago(9), stopped_at=ago(9.2)),
        replace(RUNS, state=2, recording_state="ended", recording_failed=True, recording_at=ago(9)),
        replace(RUNS, behind_at=ago(0.9)),
        replace(RUNS, refused_at=ago(16), refused_action="class.end", refused_error="RateLimited"),
        replace(RUNS, refused_at=ago(1), refused_action="class.end", refused_error="ClassAlreadyEnded"),
    ],
)
def test_what_is_no_reason(facts: Facts) -> None:
    assert at(facts).reasons == ()


def test_pupils_alone_in_a_running_class_are_two_reasons() -> None:
    assert kinds(replace(RUNS, teachers=0, pupils=2, pupils_since=ago(9))) == [NO_TEACHER, ALONE]


def test_where_every_class_is_to_be_recorded() -> None:
    limits = replace(LIMITS, record_all=True)
    assert at(RUNS, limits=limits).reasons[0].words == "Not recorded"
    assert kinds(replace(RUNS, recording_state="recording"), limits=limits) == []
    stopped = replace(RUNS, recording_state="ended", recording_at=ago(9), stopped_at=ago(9))
    assert kinds(stopped, limits=limits) == [RECORDING]
    assert kinds(replace(RUNS, started_at=ago(0.5)), limits=limits) == []


def test_thresholds_are_settings() -> None:
    hand = replace(RUNS, hands=1, oldest_hand_at=ago(4))
    assert kinds(hand) == [HAND]
    assert kinds(hand, limits=replace(LIMITS, hand=timedelta(minutes=5))) == []


# --- order ------------------------------------------------------------------------------------------------


def test_the_most_pressing_comes_first_and_the_oldest_within() -> None:
    none = at(RUNS)
    hand, older_hand = (at(replace(RUNS, hands=1, oldest_hand_at=ago(m))) for m in (3, 8))
    teacher = at(replace(RUNS, teachers=0, teacher_left_at=ago(2)))
    assert sorted([none, hand, teacher, older_hand], key=lambda one: one.order) == [
        teacher, older_hand, hand, none,
    ]  # fmt: skip


# --- snoozed ----------------------------------------------------------------------------------------------


def snooze(kind: str, *, at: datetime, minutes: float = 15) -> Snoozed:
    return Snoozed(kind=kind, at=at, until=at + timedelta(minutes=minutes), by="Ruth")


def test_who_sees_to_it_keeps_it_quiet_until_the_time_is_over() -> None:
    alone = replace(RUNS, teachers=0)
    stands = at(alone, NOW, snooze(NO_TEACHER, at=ago(1)))
    assert stands.reasons == ()
    assert stands.snoozed[0].snoozed.by == "Ruth"
    assert stands.order == Standing().order
    assert stands.due == ago(1) + timedelta(minutes=15)
    assert kinds_at(alone, stands.due, snooze(NO_TEACHER, at=ago(1))) == [NO_TEACHER]


def kinds_at(facts: Facts, now: datetime, *snoozes: Snoozed) -> list[str]:
    return [reason.kind for reason in at(facts, now, *snoozes).reasons]


def test_what_begins_anew_shows_although_it_was_snoozed() -> None:
    again = replace(RUNS, teachers=0, teacher_left_at=ago(3))
    assert kinds_at(again, NOW, snooze(NO_TEACHER, at=ago(4))) == [NO_TEACHER]
    assert kinds_at(again, NOW, snooze(NO_TEACHER, at=ago(2))) == []


def test_another_reason_is_not_kept_quiet() -> None:
    both = replace(RUNS, teachers=0, hands=1, oldest_hand_at=ago(9))
    assert kinds_at(both, NOW, snooze(NO_TEACHER, at=ago(1))) == [HAND]


# --- by time alone ----------------------------------------------------------------------------------------


def test_a_reason_comes_at_its_moment() -> None:
    facts = replace(RUNS, teachers=0, teacher_left_at=ago(1))
    due = at(facts).due
    assert due == NOW + timedelta(minutes=1)
    assert kinds_at(facts, due - timedelta(milliseconds=1)) == []
    assert kinds_at(facts, due) == [NO_TEACHER]


def test_a_refusal_is_forgotten_after_a_while() -> None:
    facts = replace(RUNS, refused_at=ago(10), refused_action="class.end", refused_error="RateLimited")
    assert at(facts).due == NOW + timedelta(minutes=5)
    assert kinds_at(facts, NOW + timedelta(minutes=5)) == []


moments = st.none() | st.integers(-200, 200).map(lambda half: NOW + timedelta(seconds=30 * half))
facts_of_any_kind = st.builds(
    Facts,
    state=st.sampled_from([None, 0, 1, 2, 3]),
    started_at=moments, planned_end_at=moments, teacher_left_at=moments, pupils_since=moments,
    oldest_hand_at=moments, recording_at=moments, stopped_at=moments, gap_at=moments, behind_at=moments,
    refused_at=moments, silent_since=moments,
    teachers=st.integers(0, 1), pupils=st.integers(0, 2), hands=st.integers(0, 2),
    assistant_there=st.booleans(), gone=st.booleans(), recording_failed=st.booleans(),
    recording_state=st.sampled_from(["", "recording", "ended", "failed"]),
)  # fmt: skip
snoozes_of_any_kind = st.lists(
    st.builds(
        lambda kind, half, length: snooze(kind, at=NOW + timedelta(seconds=30 * half), minutes=length),
        st.sampled_from(KINDS), st.integers(-60, 0), st.sampled_from([5, 15, 60]),
    ),
    max_size=3,
)  # fmt: skip


@given(facts_of_any_kind, snoozes_of_any_kind, st.integers(1, 400), st.booleans())
def test_nothing_changes_before_it_is_due(
    facts: Facts, snoozes: list[Snoozed], seconds: int, record_all: bool
) -> None:
    limits = Thresholds(record_all=record_all)
    now = at(facts, NOW, *snoozes, limits=limits)
    later = NOW + timedelta(seconds=seconds)
    assert now.due is None or now.due > NOW
    if now.due is None or later < now.due:
        assert at(facts, later, *snoozes, limits=limits) == now
