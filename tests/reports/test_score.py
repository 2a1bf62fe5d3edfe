"""The participation score: weights, the correction for the time present, and the sums in the database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from classroom_admin.common import clock
from classroom_admin.environment.weights import DEFAULTS
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.reports.participation_totals import activity_of, sorted_by, students, totals
from classroom_admin.reports.score import (
    FLOOR_MINUTES,
    Activity,
    Weights,
    parts,
    points,
    score,
    weights_of,
)
from tests.school import make_room

MINUTE = 60_000
NOTHING = Weights(**dict.fromkeys(DEFAULTS, 0.0))
BUSY = Activity(
    chat=4, hands=2, stage_ms=5 * MINUTE, camera_ms=30 * MINUTE, answers=3, correct=2, rewards=1,
    present_ms=45 * MINUTE,
)  # fmt: skip


def test_score_is_the_weighted_sum_per_45_minutes() -> None:
    weights = weights_of(DEFAULTS)
    found = parts(BUSY, weights)
    assert [round(part.points, 6) for part in found] == [4, 4, 5, 3, 6, 2, 3, 0]
    assert points(found) == pytest.approx(27)
    assert score(BUSY, weights) == pytest.approx(27)
    twice = replace(BUSY, present_ms=90 * MINUTE)
    assert score(twice, weights) == pytest.approx(13.5)


def test_someone_who_was_not_there_has_no_score() -> None:
    assert score(Activity(), weights_of(DEFAULTS)) is None
    assert score(Activity(chat=3), weights_of(DEFAULTS)) is None
    assert score(Activity(present_ms=MINUTE), weights_of(DEFAULTS)) == 0


@pytest.mark.parametrize("minutes", [0.001, 1, FLOOR_MINUTES])
def test_a_short_stay_counts_as_a_quarter_of_an_hour(minutes: float) -> None:
    did = Activity(chat=1, present_ms=round(minutes * MINUTE))
    assert score(did, replace(NOTHING, chat=1)) == pytest.approx(3)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (NOTHING, 0),
        (replace(NOTHING, camera_minute=0.1), 3),
        (replace(NOTHING, correct=1000), 2000),
        (replace(NOTHING, present_minute=2), 90),
    ],
)
def test_each_weight_counts_alone(weights: Weights, expected: float) -> None:
    assert score(BUSY, weights) == pytest.approx(expected)


def summary(name: str) -> ClassSummary:
    return ClassSummary.objects.create(
        room=make_room(name), made_at=clock.now(), room_version=1, late_s=300, early_s=300
    )


def add(summary: ClassSummary, key: str, **columns: Any) -> PersonSummary:
    columns = {"user_uuid": key, "name": key} | columns
    return PersonSummary.objects.create(summary=summary, room=summary.room, person_key=key, **columns)


@pytest.mark.django_db
def test_database_and_function_give_the_same_score(settings: Any) -> None:
    settings.PARTICIPATION_WEIGHTS = DEFAULTS | {"camera_minute": 0.25, "reward": 0, "present_minute": 0.5}
    first, second = summary("First"), summary("Second")
    busy = {name: getattr(BUSY, name) for name in BUSY.__dataclass_fields__}
    add(first, "ada", **busy)
    add(second, "ada", **busy | {"present_ms": 20 * MINUTE + 1, "chat": 7})
    add(first, "short", chat=2, present_ms=1)
    add(first, "absent", chat=2)
    add(first, "teacher", role="teacher", counts=False, **busy)
    rows = list(sorted_by(totals(students(PersonSummary.objects.all())), "score", ascending=False))
    assert [row["person_key"] for row in rows] == ["ada", "short", "absent"]
    weights = weights_of(settings.PARTICIPATION_WEIGHTS)
    for row in rows:
        assert row["score"] == pytest.approx(score(activity_of(row), weights))
    assert [row["classes"] for row in rows] == [2, 1, 0]
    assert rows[-1]["score"] is None


@pytest.mark.django_db
@pytest.mark.parametrize("ascending", [True, False])
def test_people_without_a_score_come_last(ascending: bool) -> None:
    one = summary("One")
    add(one, "absent")
    add(one, "much", chat=9, present_ms=30 * MINUTE)
    add(one, "little", chat=1, present_ms=30 * MINUTE)
    rows = sorted_by(totals(PersonSummary.objects.all()), "score", ascending=ascending)
    order = [row["person_key"] for row in rows]
    assert order == (["little", "much", "absent"] if ascending else ["much", "little", "absent"])
