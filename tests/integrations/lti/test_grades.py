"""Scores reach the gradebook once, and again only if they change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.integrations.lti import grades, tasks
from classroom_admin.integrations.lti.ids import cloud_user_id
from classroom_admin.integrations.lti.models import Course, Member, ResourceLink, Score
from classroom_admin.reports import corrections, summaries
from classroom_admin.reports.attendance import Status
from classroom_admin.reports.models import PersonSummary
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Answer, Participant, Presence, Role, Room, RoomState


@pytest.fixture
def over(link: ResourceLink, course: Course, room: Room) -> ResourceLink:
    """The class is over: Leo was present half of the hour, Mia the whole hour, Sam not at all."""
    start = clock.now() - timedelta(hours=2)
    end = start + timedelta(hours=1)
    Room.objects.update(
        state=RoomState.CLOSED, started_at=start, ended_at=end, closed_at=end, last_sequence=9, event_count=9
    )
    for name in ("leo", "mia", "sam"):
        user_uuid = cloud_user_id(course.platform.key, f"sub-{name}")
        Member.objects.create(course=course, sub=f"sub-{name}", user_uuid=user_uuid)
        if name == "sam":
            continue
        left = end if name == "mia" else start + timedelta(minutes=30)
        Participant.objects.create(
            room=room, user_uuid=user_uuid, name=name.title(), role=Role.STUDENT, version=1, entered_at=start
        )
        Presence.objects.create(
            room=room,
            user_uuid=user_uuid,
            entered_sequence=1,
            entered_at=start,
            left_sequence=2,
            left_at=left,
        )
    summaries.refresh(Room.objects.get())
    return link


def sent(server: Any) -> list[tuple[str, float, float]]:
    return [(one["userId"], one["scoreGiven"], one["scoreMaximum"]) for one in server.scores]


def make_due() -> None:
    Score.objects.exclude(due_at=None).update(due_at=clock.now() - timedelta(seconds=1))


def test_attendance_reaches_the_gradebook_once(server, over: ResourceLink, room: Room) -> None:
    tasks.work()
    assert sorted(sent(server)) == [("sub-leo", 50.0, 100.0), ("sub-mia", 100.0, 100.0)]
    assert [item["resourceId"] for item in server.line_items] == [over.key]
    assert {one["line_item"] for one in server.scores} == {"/lineitems/1"}
    before = len(server.requests)
    tasks.work()
    assert len(server.requests) == before  # nothing changed
    entry = Entry.objects.get(action="lti.scores")
    assert entry.params == {"through": "Moodle", "sent": 2, "failed": 0}
    # The class is counted again with the same result: nothing is sent.
    summaries.refresh(room)
    tasks.work()
    assert len(server.scores) == 2


def test_correction_is_sent(server, over: ResourceLink, room: Room, teacher) -> None:
    tasks.work()
    room.refresh_from_db()
    for name, status in (("Leo", Status.PRESENT), ("Mia", Status.EXCUSED)):
        person = PersonSummary.objects.get(name=name)
        corrections.correct(access_to(teacher, room), person=person, status=status, note="")
    server.scores.clear()
    tasks.work()
    assert sent(server) == [("sub-leo", 100.0, 100.0)]
    assert len(server.line_items) == 1


def test_failures_are_tried_again_and_final_ones_are_not(server, over: ResourceLink) -> None:
    server.fail_next = [503]
    tasks.work()  # the line item can't be read
    assert sent(server) == []
    assert Score.objects.exclude(due_at=None).count() == 2
    assert Entry.objects.filter(action="lti.scores", steps__kind=Step.Kind.FAILED).exists()
    tasks.work()
    assert sent(server) == []  # too early
    make_due()
    server.fail_next = []
    tasks.work()
    assert len(sent(server)) == 2
    Score.objects.update(given=1, due_at=clock.now(), attempts=0)
    server.fail_next = [422]
    tasks.work()
    refused = Score.objects.get(due_at=None, problem__contains="lti_service_status")
    assert refused.attempts == 1
    assert len(sent(server)) == 3
    make_due()
    tasks.work()
    assert len(sent(server)) == 3


def test_attempts_end(server, over: ResourceLink) -> None:
    tasks.work()
    Score.objects.update(given=1, due_at=clock.now(), attempts=grades.MOST_ATTEMPTS - 1)
    server.fail_next = [500, 500]
    tasks.work()
    assert not Score.objects.exclude(due_at=None).exists()
    assert Score.objects.filter(problem__contains="500").count() == 2


def test_given_line_item_is_used(server, over: ResourceLink) -> None:
    server.line_items.append({"id": "x"})
    ResourceLink.objects.update(line_item_url=f"{server.url}/lineitems/7?type_id=7")
    tasks.work()
    assert {one["line_item"] for one in server.scores} == {"/lineitems/7"}
    assert "GET /lineitems" not in server.requests


def test_existing_line_item_is_found(server, over: ResourceLink) -> None:
    """The answer to its creation may have been lost."""
    server.line_items.append(
        {
            "id": f"{server.url}/lineitems/5?type_id=7",
            "resourceId": over.key,
            "label": "x",
            "scoreMaximum": 100,
        }
    )
    tasks.work()
    assert len(server.line_items) == 1
    assert {one["line_item"] for one in server.scores} == {"/lineitems/5"}


def test_quiz_points(server, over: ResourceLink, room: Room) -> None:
    leo = Member.objects.get(sub="sub-leo").user_uuid
    for question, is_correct in (("q1", True), ("q2", False), ("q3", None)):
        Answer.objects.create(
            room=room, of="quiz", question_id=question, user_uuid=leo, is_correct=is_correct, sequence=1
        )
    ResourceLink.objects.update(grade=ResourceLink.Grade.QUIZ)
    PersonSummary.objects.filter(user_uuid=leo).update(correct=1)
    tasks.work()
    assert sorted(sent(server)) == [("sub-leo", 1.0, 2.0), ("sub-mia", 0.0, 2.0)]


def test_no_scores_without_the_permission(server, over: ResourceLink) -> None:
    ResourceLink.objects.update(scopes=[])
    tasks.work()
    assert server.requests == []
    assert Score.objects.filter(due_at=None, problem__contains="lti_no_scores").count() == 2


def test_nothing_is_sent_if_the_teacher_wants_nothing(server, over: ResourceLink) -> None:
    ResourceLink.objects.update(grade=ResourceLink.Grade.NONE)
    tasks.work()
    assert not Score.objects.exists()


@pytest.mark.parametrize(
    ("columns", "grade", "quizzes", "wanted"),
    [
        ({"share": 0.5, "status": Status.LATE}, "attendance", 0, (50.0, 100.0)),
        ({"share": None, "status": Status.ABSENT}, "attendance", 0, (0.0, 100.0)),
        ({"share": 0.98765, "status": Status.PRESENT}, "attendance", 0, (98.8, 100.0)),
        ({"share": 0.5, "status": Status.EXCUSED}, "attendance", 0, None),
        ({"correct": 3}, "quiz", 4, (3.0, 4.0)),
        ({"correct": 0}, "quiz", 0, None),
    ],
)
def test_score(columns, grade, quizzes, wanted) -> None:
    assert grades.score_of(PersonSummary(**columns), grade=grade, quizzes=quizzes) == wanted


def test_platform_that_is_away_is_asked_once(server, over: ResourceLink) -> None:
    """Otherwise each of many scores would wait for the same time-out."""
    ResourceLink.objects.update(line_item_url="http://127.0.0.1:9/lineitems/1")
    tasks.work()
    assert Score.objects.filter(attempts=1, problem__contains="sign_on_unreachable").count() == 2
    assert Entry.objects.get(action="lti.scores").params == {"through": "Moodle", "sent": 0, "failed": 2}
