"""Acknowledge alerts of a class: for everyone, for a while, on record; and cancel that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Room
from classroom_admin.web.class_list import live_classes
from classroom_admin.web.models import Acknowledgement
from tests.school import HTMX, School, make_room
from tests.stepped_clock import SteppedClock, use
from tests.web.class_list.conftest import ago


@pytest.fixture
def room(school: School) -> Room:
    """A class without a teacher, in overtime."""
    room = make_room("Choir", planned_end_at=ago(30))
    room.teachers.create(user=school.teacher)
    return room


@pytest.fixture
def client(school: School, room: Room) -> Client:
    return school.signed_in(school.teacher)


def address(room: Room) -> str:
    return reverse("live:snooze", args=[room.key])


def active(room: Room) -> list[str]:
    return [alert.kind for alert in live_classes.live_classes_by_id([room.pk])[0].alerts.active]


@pytest.mark.parametrize(("length", "minutes"), [("5", 5), ("15", 15), ("60", 60), ("class", 25 * 60)])
def test_acknowledged_alert_rests_for_the_chosen_time_and_names_the_person(
    school: School, client: Client, room: Room, length: str, minutes: int
) -> None:
    assert active(room) == ["no_teacher", "over_time"]
    client.post(address(room), {"kinds": ["no_teacher"], "minutes": length})
    assert active(room) == ["over_time"]
    found = Acknowledgement.objects.get()
    assert found.by == school.teacher
    assert found.until - found.at == timedelta(minutes=minutes)
    html = school.signed_in(school.administrator).get("/").content.decode()
    assert "Acknowledged by Ana" in html
    with use(SteppedClock(found.until)):
        assert active(room) == ["no_teacher", "over_time"]


def test_acknowledgement_is_in_the_audit_log_and_can_be_cancelled(
    school: School, client: Client, room: Room
) -> None:
    client.post(address(room), {"kinds": ["no_teacher", "over_time"], "minutes": "5"})
    assert active(room) == []
    answer = school.signed_in(school.administrator).post(address(room), {"back": ["over_time"]})
    assert answer.status_code == 302
    assert active(room) == ["over_time"]
    entries = list(Entry.objects.filter(room_uuid=room.room_uuid).order_by("id"))
    assert [(one.action, one.actor, one.params["reasons"]) for one in entries] == [
        ("wall.snooze", school.teacher, ["no_teacher", "over_time"]),
        ("wall.unsnooze", school.administrator, ["over_time"]),
    ]


def test_dialog_shows_alerts_and_tells_the_page_when_done(client: Client, room: Room) -> None:
    html = client.get(address(room), **HTMX).content.decode()
    assert "csrf" not in html.lower()
    assert "No teacher present" in html
    answer = client.post(address(room), {"kinds": ["over_time"], "minutes": "5"}, **HTMX)
    assert answer["HX-Reswap"] == "none"
    assert "live:commanded" in answer["HX-Trigger"]
    assert "Show alerts again" in client.get(address(room), **HTMX).content.decode()


@pytest.mark.parametrize(
    "sent", [{"minutes": "5"}, {"kinds": ["hand"], "minutes": "5"}, {"kinds": ["over_time"], "minutes": "7"}]
)
def test_invalid_acknowledgement_is_refused(client: Client, room: Room, sent: dict[str, object]) -> None:
    assert client.post(address(room), sent).status_code == 422
    assert not Acknowledgement.objects.exists()
    assert not Entry.objects.filter(action="wall.snooze").exists()


def test_second_acknowledgement_replaces_the_first(client: Client, room: Room) -> None:
    for minutes in ("5", "60"):
        client.post(address(room), {"kinds": ["no_teacher"], "minutes": minutes})
        Acknowledgement.objects.update(until=ago(1)) if minutes == "5" else None
    assert Acknowledgement.objects.count() == 1
    assert active(room) == ["over_time"]
