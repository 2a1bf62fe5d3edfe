"""Somebody sees to it: for the class, for a while, on record, and taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room
from classroom_admin.web.class_list import live_classes
from classroom_admin.web.class_list.models import Snooze
from tests.school import HTMX, School, make_room
from tests.web.class_list.conftest import ago


@pytest.fixture
def room(school: School) -> Room:
    """Nobody teaches, and it is over time."""
    room = make_room("Choir", planned_end_at=ago(30))
    room.teachers.create(user=school.teacher)
    return room


@pytest.fixture
def client(school: School, room: Room) -> Client:
    return school.signed_in(school.teacher)


def where(room: Room) -> str:
    return reverse("live:snooze", args=[room.key])


def needs(room: Room) -> list[str]:
    return [reason.kind for reason in live_classes.tiles([room.pk])[0].standing.reasons]


@pytest.mark.parametrize(("length", "minutes"), [("5", 5), ("15", 15), ("60", 60), ("class", 25 * 60)])
def test_for_so_long_it_is_quiet_and_everybody_reads_who_sees_to_it(
    school: School, client: Client, room: Room, length: str, minutes: int
) -> None:
    assert needs(room) == ["no_teacher", "over_time"]
    client.post(where(room), {"kinds": ["no_teacher"], "minutes": length})
    assert needs(room) == ["over_time"]
    snooze = Snooze.objects.get()
    assert snooze.by == school.teacher
    assert snooze.until - snooze.at == timedelta(minutes=minutes)
    html = school.signed_in(school.administrator).get("/").content.decode()
    assert "Acknowledged by Ana" in html
    with clock.use(clock.SteppedClock(snooze.until)):
        assert needs(room) == ["no_teacher", "over_time"]


def test_it_is_on_record_and_can_be_taken_back(school: School, client: Client, room: Room) -> None:
    client.post(where(room), {"kinds": ["no_teacher", "over_time"], "minutes": "5"})
    assert needs(room) == []
    answer = school.signed_in(school.administrator).post(where(room), {"back": ["over_time"]})
    assert answer.status_code == 302
    assert needs(room) == ["over_time"]
    taken = list(Entry.objects.filter(room_uuid=room.room_uuid).order_by("id"))
    assert [(one.action, one.actor, one.params["reasons"]) for one in taken] == [
        ("wall.snooze", school.teacher, ["no_teacher", "over_time"]),
        ("wall.unsnooze", school.administrator, ["over_time"]),
    ]


def test_the_dialog_and_its_answer(client: Client, room: Room) -> None:
    html = client.get(where(room), **HTMX).content.decode()
    assert "csrf" not in html.lower()
    assert "No teacher present" in html
    answer = client.post(where(room), {"kinds": ["over_time"], "minutes": "5"}, **HTMX)
    assert answer["HX-Reswap"] == "none"
    assert "live:commanded" in answer["HX-Trigger"]
    assert "Show alerts again" in client.get(where(room), **HTMX).content.decode()


@pytest.mark.parametrize(
    "sent", [{"minutes": "5"}, {"kinds": ["hand"], "minutes": "5"}, {"kinds": ["over_time"], "minutes": "7"}]
)
def test_what_makes_no_sense_is_said_and_not_done(
    client: Client, room: Room, sent: dict[str, object]
) -> None:
    assert client.post(where(room), sent).status_code == 422
    assert not Snooze.objects.exists()
    assert not Entry.objects.filter(action="wall.snooze").exists()


def test_snoozed_twice_is_one_and_the_later_holds(client: Client, room: Room) -> None:
    for minutes in ("5", "60"):
        client.post(where(room), {"kinds": ["no_teacher"], "minutes": minutes})
        Snooze.objects.update(until=ago(1)) if minutes == "5" else None
    assert Snooze.objects.count() == 1
    assert needs(room) == ["over_time"]
