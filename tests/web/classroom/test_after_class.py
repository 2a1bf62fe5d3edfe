"""A class that is over has a page of its own: who attended comes first, and nothing is empty."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.accounts.permissions import rights_of
from classroom_admin.common import clock
from classroom_admin.realtime.versions import PageVersion
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.class_selectors import is_over
from classroom_admin.rooms.models import (
    ClassList,
    ListedPerson,
    Participant,
    Poll,
    Presence,
    Quiz,
    Role,
    Room,
    RoomState,
)
from classroom_admin.web.classroom.rendering import fragments
from tests.school import HTMX, School, make_person

LIVE_WORDS = ("People appear here", "No raised hands", "not here yet", "No quizzes or polls yet", ">Live<")


def attend(room: Room, number: int, *, late: int = 0, early: int = 0, **columns: Any) -> Participant:
    """Add a person who was in the class, late by and early by so many minutes."""
    assert room.started_at
    assert room.ended_at
    person = make_person(room, number, online=False, left_at=room.ended_at, hand_raised=False, **columns)
    Presence.objects.create(
        room=room,
        user_uuid=person.user_uuid,
        entered_at=room.started_at + timedelta(minutes=late),
        left_at=room.ended_at - timedelta(minutes=early),
        entered_sequence=number,
    )
    return person


@pytest.fixture
def over(school: School) -> School:
    """The class of the school, closed after 45 minutes. Nobody but Ada, Ben and their teacher attended."""
    room = school.room
    started = clock.cloud_now() - timedelta(hours=2)
    Participant.objects.filter(room=room).delete()
    Quiz.objects.all().delete()
    Poll.objects.all().delete()
    Room.objects.filter(pk=room.pk).update(
        state=RoomState.CLOSED, started_at=started, ended_at=started + timedelta(minutes=45),
        closed_at=started + timedelta(minutes=46), people_online=0, students_online=0, hands_raised=0,
    )  # fmt: skip
    room.refresh_from_db()
    attend(room, 1, name="Ada", user_uuid="ada")
    attend(room, 2, name="Ben", user_uuid="ben", late=12)
    attend(room, 3, name="Ana Torres", user_uuid="ana", role=Role.TEACHER)
    return school


def page(client: Client, school: School, **data: str) -> str:
    answer = client.get(reverse("live:class", args=[school.room.key]), data)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(html: str) -> list[str]:
    """Return the rows of the attendance as words."""
    table = re.search(r'<table id="report-rows".*?</table>', html, re.DOTALL)
    assert table
    found = re.findall(r"<tr>(.*?)</tr>", table.group(), re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", " ", row).split()) for row in found[1:]]


@pytest.mark.parametrize(
    ("state", "gone", "online", "expected"),
    [
        (RoomState.STARTED, False, 0, False),
        (RoomState.ENDED, False, 1, False),
        (RoomState.ENDED, False, 0, True),
        (RoomState.CLOSED, False, 0, True),
        (RoomState.CLOSED, False, 2, True),
        (RoomState.STARTED, True, 3, True),
        (None, False, 0, False),
    ],
)
def test_class_is_over_if_closed_deleted_or_ended_and_empty(
    state: int | None, gone: bool, online: int, expected: bool
) -> None:
    assert is_over(state=state, gone=gone, people_online=online) is expected


def test_closed_class_shows_who_attended_and_nothing_live(over: School, admin: Client) -> None:
    html = page(admin, over)
    assert [row.split()[0] for row in rows(html)] == ["Ada", "Ben", "Teachers,", "Ana"]
    assert "Present" in rows(html)[0]
    assert "45 min" in rows(html)[0]
    assert "12 min late" in rows(html)[1]
    assert "33 min" in rows(html)[1]
    assert "2 students were present" in html
    assert "lasted 45 min" in html
    assert not [words for words in LIVE_WORDS if words in html]
    assert 'id="questions"' not in html
    assert "do-class-" not in html
    assert 'class="menu head-more"' not in html


def test_class_list_names_who_was_absent_and_who_is_not_on_it(over: School, admin: Client) -> None:
    made = ClassList.objects.create(name="8a")
    for name, user_uuid in (("Ada L.", "ada"), ("Emil", "emil")):
        ListedPerson.objects.create(class_list=made, name=name, user_uuid=user_uuid)
    Room.objects.filter(pk=over.room.pk).update(class_list=made)
    html = page(admin, over)
    assert "1 of 2 present" in html
    shown = rows(html)
    assert shown[0].startswith("Ada L. Present")
    assert shown[1] == "Emil Absent"
    assert shown[2] == "Not on the list"
    assert shown[3].startswith("Ben")


def test_quizzes_are_a_panel_if_there_were_any(over: School, admin: Client) -> None:
    Quiz.objects.create(room=over.room, quiz_id="q", version=1, total_count=10, selected_count=4)
    html = page(admin, over)
    assert html.count('id="questions"') == 1
    assert html.count('id="question-list"') == 1
    assert 'data-part="questions"' in html


def test_ended_class_without_people_can_still_be_closed(over: School, admin: Client) -> None:
    Room.objects.filter(pk=over.room.pk).update(state=RoomState.ENDED, closed_at=None)
    html = page(admin, over)
    assert 'id="report-rows"' in html
    assert re.findall(r'id="(do-class-\w+)"', html) == ["do-class-close"]
    make_person(over.room, 9, name="Back again")
    Room.objects.filter(pk=over.room.pk).update(people_online=1)
    html = page(admin, over)
    assert 'id="report-rows"' not in html
    assert 'id="people-here"' in html
    assert "Back again" in html


def test_every_update_finds_its_place(over: School, admin: Client) -> None:
    """htmx logs an error if the page has no element for an update."""
    Quiz.objects.create(room=over.room, quiz_id="q", version=1, total_count=10, selected_count=4)
    room = class_selectors.class_for(over.administrator, over.room.key)
    now = PageVersion.of(room)
    changes = reverse("live:class_changes", args=[over.room.key])
    assert fragments(room, seen=PageVersion(), now=now, rights=rights_of("teacher"))
    updates = admin.get(changes, {"v": "0-0-0-0-0"}, **HTMX).content.decode()
    whole = r'<\w+ id="([\w-]+)"[^>]*hx-swap-oob="morph"'
    lists = r'hx-swap-oob="upsert[^:]*:#([\w-]+)"'
    targets = set(re.findall(whole, updates)) | set(re.findall(lists, updates))
    assert {"people-gone", "hands-queue", "attendance", "question-list"} <= targets
    for with_quiz in (True, False):
        if not with_quiz:
            Quiz.objects.all().delete()
        ids = re.findall(r' id="([^"]+)"', page(admin, over))
        assert len(ids) == len(set(ids))
        assert targets - set(ids) == set()


def test_open_page_offers_the_summary_when_the_class_is_over(over: School, admin: Client) -> None:
    changes = reverse("live:class_changes", args=[over.room.key])
    header = admin.get(changes, {"v": "0-0-0-0-0"}, **HTMX).content.decode()
    assert "Show the summary" in header
    Room.objects.filter(pk=over.room.pk).update(state=RoomState.ENDED, closed_at=None, people_online=1)
    assert "Show who is present" in admin.get(changes, {"v": "0-0-0-0-0"}, **HTMX).content.decode()


@pytest.mark.parametrize("people", [0, 300])
def test_page_costs_the_same_queries_whatever_the_number_of_people(
    over: School, admin: Client, people: int
) -> None:
    for number in range(100, 100 + people):
        attend(over.room, number)
    page(admin, over)  # once for a process, Django asks SQLite whether it knows JSON
    with CaptureQueriesContext(connection) as queries:
        assert len(rows(page(admin, over))) == 4 + people
    assert len(queries) <= 15, "\n".join(re.sub(r"SELECT .*? FROM", "", q["sql"])[:110] for q in queries)


def test_teacher_of_another_class_gets_404(over: School) -> None:
    client = over.signed_in(over.other_teacher)
    assert client.get(reverse("live:class", args=[over.room.key])).status_code == 404


def test_panel_that_the_page_does_not_have_is_not_chosen(over: School) -> None:
    client = over.signed_in(over.teacher)
    client.cookies["panel"] = "questions"
    where = reverse("live:class", args=[over.room.key])
    assert 'data-show=""' in client.get(where).content.decode()
    Quiz.objects.create(room=over.room, quiz_id="one", version=1)
    assert 'data-show="questions"' in client.get(where).content.decode()
