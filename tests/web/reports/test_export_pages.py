"""Each report offers its own rows as a file: participation, quizzes and polls, one student, one class."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms.models import Answer, Poll, Quiz, RoomTeacher
from tests.reports.summary_rows import MONDAY, make_person, make_summary
from tests.school import School


@pytest.fixture
def summary(school: School) -> ClassSummary:
    """The summary of a class of the teacher with a quiz and a poll, and one of nobody."""
    own = make_summary("Algebra")
    RoomTeacher.objects.create(room=own.room, user=school.teacher)
    make_person(own, "Ada", chat=3, hands=1, stage_ms=90_000, answers=2, graded=1, correct=1, rewards=1)
    make_person(own, "=Ben", answers=1, graded=1)
    make_person(make_summary("Latin", 1), "Ada", chat=4)
    times: Any = {"started_at": MONDAY, "ended_at": MONDAY}
    Quiz.objects.create(room=own.room, quiz_id="q", items=["a", "b"], correct_items=["b"], **times)
    Poll.objects.create(room=own.room, poll_id="p", items=["yes", "no"], started_at=MONDAY)
    for number, (of, name, right) in enumerate(
        [("quiz", "q", True), ("quiz", "q", False), ("poll", "p", None)]
    ):
        Answer.objects.create(
            room=own.room, of=of, question_id=name, user_uuid=f"u{number}", is_correct=right, sequence=number
        )
    return own


def rows(client: Client, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_participation_of_a_period(school: School, summary: ClassSummary, admin: Client) -> None:
    found = rows(admin, "/reports/participation/?period=all&format=csv")
    assert [(row["name"], row["classes"], row["messages"]) for row in found] == [
        ("'=Ben", "1", "0"), ("Ada", "2", "7")
    ]  # fmt: skip
    assert found[1]["minutes_present"] == "120.0"
    assert found[1]["minutes_on_stage"] == "1.5"
    own = rows(school.signed_in(school.teacher), "/reports/participation/?period=all&format=csv")
    assert [row["messages"] for row in own] == ["0", "3"]


def test_quizzes_and_polls(school: School, summary: ClassSummary) -> None:
    teacher = school.signed_in(school.teacher)
    found = {row["kind"]: row for row in rows(teacher, "/reports/questions/?period=all&format=csv")}
    expected = {
        "class": "Algebra",
        "choices": "a | b",
        "correct_choices": "b",
        "answers": "2",
        "correct_answers": "1",
        "share_correct": "0.5",
        "started_at": "2026-09-07T09:00:00Z",
    }
    assert {name: found["quiz"][name] for name in expected} == expected
    assert (found["poll"]["answers"], found["poll"]["correct_answers"]) == ("1", "")
    of_class = f"/reports/questions/?class={summary.room.key}&format=csv"
    assert len(rows(teacher, of_class)) == 2
    assert school.signed_in(school.other_teacher).get(of_class).status_code == 404


def test_answers_by_student(school: School, summary: ClassSummary, admin: Client) -> None:
    found = rows(admin, "/reports/questions/students/?period=all&format=csv")
    assert [(row["name"], row["answers"], row["share_correct"]) for row in found] == [
        ("'=Ben", "1", "0.0"), ("Ada", "2", "1.0")
    ]  # fmt: skip


def test_one_student(school: School, summary: ClassSummary, admin: Client) -> None:
    pk = PersonSummary.objects.filter(name="Ada").order_by("pk").first().pk  # type: ignore[union-attr]
    address = f"/reports/students/{pk}/?format=csv"
    assert [row["class"] for row in rows(admin, address)] == ["Latin", "Algebra"]
    assert [row["class"] for row in rows(school.signed_in(school.teacher), address)] == ["Algebra"]
    assert school.signed_in(school.other_teacher).get(address).status_code == 404


@pytest.mark.parametrize("person", ["x", "-1", "9" * 30, "999999", "１"])
def test_unknown_student_is_not_found(
    school: School, summary: ClassSummary, admin: Client, person: str
) -> None:
    where = "/reports/exports/new/"
    query = {"what": "attendance", "format": "csv", "person": person}
    assert admin.get(where, query).status_code == 404


def test_administrators_find_the_incident_report(
    school: School, summary: ClassSummary, admin: Client
) -> None:
    address = f"/reports/classes/{summary.room.key}/"
    assert f"{address}incident/" in admin.get(address).content.decode()
    assert f"{address}incident/" not in school.signed_in(school.teacher).get(address).content.decode()
