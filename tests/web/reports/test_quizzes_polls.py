"""The reports about quizzes and polls: by class, by student and by week."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.reports import summaries
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms.models import Answer, Poll, Presence, Quiz, Room, RoomState, RoomTeacher
from tests.school import HOSTILE, School, make_person, make_room

pytestmark = pytest.mark.django_db
BY_CLASS, BY_STUDENT, BY_WEEK = (
    reverse(f"reports:{name}") for name in ("questions", "question_students", "question_weeks")
)
MONDAY = datetime(2026, 9, 7, 9, tzinfo=UTC)


def held(name: str, *, at: datetime = MONDAY, students: int = 4) -> Room:
    """Return a class of an hour that is over, in which all students were present."""
    end = at + timedelta(hours=1)
    room = make_room(name, state=RoomState.CLOSED, started_at=at, ended_at=end, closed_at=end)
    for number in range(students):
        person = make_person(room, number, online=False)
        Presence.objects.create(
            room=room, user_uuid=person.user_uuid, entered_sequence=number, entered_at=at,
            left_at=end,
        )  # fmt: skip
    return room


def quiz(room: Room, *right: bool | None, items: tuple[str, ...] = ("A", "B"), minute: int = 10) -> Quiz:
    """Add a quiz. `right` says for each student, in order, whether the answer was correct."""
    started = room.started_at + timedelta(minutes=minute)
    row = Quiz.objects.create(
        room=room, quiz_id=f"q{minute}", items=list(items), correct_items=["A"], started_at=started,
        ended_at=started + timedelta(minutes=1),
    )  # fmt: skip
    for number, correct in enumerate(right):
        Answer.objects.create(
            room=room, of="quiz", question_id=row.quiz_id, user_uuid=f"cloud-user-{number}", sequence=number,
            name=f"Student {number}", selected=["A" if correct else "B"], is_correct=correct,
        )  # fmt: skip
    return row


def poll(room: Room, *chosen: int, items: tuple[str, ...] = ("yes", "no")) -> Poll:
    row = Poll.objects.create(
        room=room, poll_id="p", items=list(items), started_at=room.started_at + timedelta(minutes=30)
    )
    for number, index in enumerate(chosen):
        Answer.objects.create(
            room=room, of="poll", question_id="p", user_uuid=f"cloud-user-{number}", selected=[index],
            sequence=100 + number,
        )  # fmt: skip
    return row


def counted(room: Room) -> ClassSummary:
    return summaries.refresh(Room.objects.get(pk=room.pk))


def page(school: School, where: str, who: Any = None, **query: Any) -> str:
    client = school.signed_in(who or school.administrator)
    answer = client.get(where, {"period": "all"} | query)
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_quizzes_and_polls_of_classes_have_answers_shares_and_choices(school: School) -> None:
    room = held("Maths")
    quiz(room, True, True, False)
    poll(room, 0, 1, 1, 1, items=(HOSTILE, "no"))
    counted(room)
    html = page(school, BY_CLASS)
    said = words(html)
    assert "3 of 4 answered · 2 correct" in said
    assert "4 of 4 answered" in said
    assert said.count("67% correct") == said.count("% correct") == 1, "a poll has no correct answers"
    assert re.findall(r'<meter min="0" max="100" value="([\d.]+)"', html) == ["25.0", "75.0", "66.7", "33.3"]
    assert HOSTILE not in html
    assert said.index("Poll 09:30") < said.index("Quiz 09:10"), "the newest first"


def test_students_who_were_not_there_could_not_answer(school: School) -> None:
    room = held("Maths")
    Presence.objects.filter(room=room, user_uuid="cloud-user-3").update(left_at=MONDAY + timedelta(minutes=5))
    quiz(room, True)
    counted(room)
    assert "1 of 3 answered" in words(page(school, BY_CLASS))


def test_report_of_one_class(school: School) -> None:
    one, other = held("One"), held("Other")
    for room in (one, other):
        quiz(room, True)
        counted(room)
    RoomTeacher.objects.create(room=one, user=school.teacher)
    html = page(school, BY_CLASS, school.teacher, **{"class": one.key})
    assert "One" in html
    assert "Other" not in html
    client = school.signed_in(school.teacher)
    for key in (other.key, "unknown"):
        assert client.get(BY_CLASS, {"class": key}).status_code == 404


def cells(html: str) -> list[list[str]]:
    body = html.split("<tbody>")[1].split("</tbody>")[0]
    return [
        [words(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in body.split("</tr>")[:-1]
    ]


def test_answers_of_students_are_added_up(school: School) -> None:
    for name in ("Monday", "Tuesday"):
        room = held(name)
        quiz(room, True, False, None)
        poll(room, 0)
        counted(room)
    html = page(school, BY_STUDENT)
    assert cells(html) == [
        ["Student 0", "2", "4", "2", "2", "100%"],
        ["Student 1", "2", "2", "2", "0", "0%"],
        ["Student 2", "2", "2", "0", "0", "– unknown"],
    ]
    ordered = cells(page(school, BY_STUDENT, sort="share"))
    assert [row[0] for row in ordered] == ["Student 1", "Student 0", "Student 2"], "unknown shares come last"


def test_weeks_are_those_of_the_person(school: School) -> None:
    late_on_sunday = MONDAY - timedelta(hours=9, minutes=30)  # 23:30 UTC
    for name, at, right in (("Monday", MONDAY, True), ("Sunday", late_on_sunday, False)):
        room = held(name, at=at)
        quiz(room, right, right)
        counted(room)
    by_zone = {}
    for zone in ("UTC", "Asia/Tokyo"):
        school.administrator.time_zone = zone
        school.administrator.save()
        by_zone[zone] = [row[1:] for row in cells(page(school, BY_WEEK))]
    assert by_zone["UTC"] == [
        ["1", "1", "0", "2", "2", "2", "100%"],
        ["1", "1", "0", "2", "2", "0", "0%"],
    ]
    assert by_zone["Asia/Tokyo"] == [["2", "2", "0", "4", "4", "2", "50%"]]


def test_weeks_of_one_student(school: School) -> None:
    room = held("Maths")
    quiz(room, True, False)
    counted(room)
    RoomTeacher.objects.create(room=room, user=school.teacher)
    student = PersonSummary.objects.get(user_uuid="cloud-user-1")
    html = page(school, BY_WEEK, school.teacher, student=student.pk)
    assert "Only answers of <bdi>Student 1</bdi>" in html
    assert cells(html)[0][4:] == ["1", "1", "0", "0%"]
    assert f"student={student.pk}" in page(school, BY_STUDENT, school.teacher)
    for who, status in ((school.teacher, 200), (school.other_teacher, 404), (None, 302)):
        found = school.signed_in(who).get(BY_WEEK, {"student": student.pk})
        assert found.status_code == status


def test_teachers_see_only_their_classes(school: School) -> None:
    own, foreign = held("Own"), held("Foreign", students=1)
    RoomTeacher.objects.create(room=own, user=school.teacher)
    quiz(own, True)
    quiz(foreign, True, items=("A", "secret"))
    for room in (own, foreign):
        counted(room)
    assert "secret" in page(school, BY_CLASS)
    assert "secret" not in page(school, BY_CLASS, school.teacher)
    assert cells(page(school, BY_STUDENT, school.teacher))[0][2] == "1"
    assert cells(page(school, BY_WEEK, school.teacher))[0][2] == "1"


def test_queries_do_not_depend_on_the_number_of_classes(school: School) -> None:
    client = school.signed_in(school.administrator)
    costs: dict[str, list[int]] = {BY_CLASS: [], BY_STUDENT: [], BY_WEEK: []}
    for classes in (2, 7):
        for number in range(classes):
            room = held(f"{classes} {number}", at=MONDAY - timedelta(days=7 * number))
            quiz(room, True, False)
            poll(room, 0, 1)
            counted(room)
        for where, found in costs.items():
            client.get(where, {"period": "all"})
            with CaptureQueriesContext(connection) as queries:
                assert client.get(where, {"period": "all"}).status_code == 200
            found.append(len(queries))
    for few, many in costs.values():
        assert few == many <= 16, costs


@pytest.mark.parametrize("where", [BY_CLASS, BY_STUDENT, BY_WEEK])
def test_impossible_period_is_refused(school: School, where: str) -> None:
    assert school.signed_in(school.teacher).get(where, {"period": "never"}).status_code == 422


def test_empty_reports_say_so(school: School) -> None:
    for where in (BY_CLASS, BY_STUDENT, BY_WEEK):
        assert "Choose a longer period." in page(school, where)
