"""Alerts read from the database: correct, and with a constant number of queries."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.rooms.models import Gap, Participant, Recording, Role, Room, RoomState
from classroom_admin.sync.models import RoomCursor, RoomRefresh, SequenceGap
from classroom_admin.web.class_list import live_classes
from classroom_admin.web.models import Acknowledgement
from tests.school import HTMX, School, make_person, make_room
from tests.stepped_clock import SteppedClock, use
from tests.web.class_list.conftest import ago


def alerts(room: Room) -> list[str]:
    """Return the active alerts of a live class in words."""
    (found,) = live_classes.live_classes_by_id([room.pk])
    return [alert.words for alert in found.alerts.active]


def since(room: Room) -> Any:
    (found,) = live_classes.live_classes_by_id([room.pk])
    return found.alerts.active[0].since


@pytest.fixture
def room(school: School) -> Room:
    return make_room("Choir", teachers_online=1)


def change(room: Room, **columns: Any) -> None:
    Room.objects.filter(pk=room.pk).update(**columns)


def refuse(room: Room, *, minutes: float = 1, error: str = "RateLimited", unsure: bool = False) -> None:
    entry = record(actor=None, action="class.end", room_uuid=room.room_uuid)
    add_step(entry, Step.Kind.REQUESTED)
    with use(SteppedClock(ago(minutes))):
        add_step(entry, Step.Kind.FAILED, {"error": error, "unknown_outcome": unsure})


def test_no_teacher_since_the_last_one_left(room: Room) -> None:
    left = ago(5)
    make_person(room, 1, role=Role.TEACHER, was_teacher=True, online=False, left_at=ago(9))
    make_person(room, 2, role=Role.TEACHER, was_teacher=True, online=False, left_at=left)
    change(room, teachers_online=0)
    assert alerts(room) == ["No teacher present"]
    assert since(room) == left


def test_students_without_a_teacher_before_the_class_starts(room: Room) -> None:
    first = ago(6)
    make_person(room, 1, online_since=first)
    make_person(room, 2, online_since=ago(3))
    make_person(room, 3, online_since=ago(60), online=False)
    change(room, teachers_online=0, students_online=2, people_online=2, state=RoomState.NOT_STARTED)
    assert alerts(room) == ["2 students without a teacher"]
    assert since(room) == first
    Participant.objects.create(room=room, user_uuid="a", role=Role.ASSISTANT, online=True)
    assert alerts(room) == []


def test_raised_hands_since_the_longest_waiting(room: Room) -> None:
    make_person(room, 1, hand_raised=True, hand_raised_at=ago(3))
    make_person(room, 2, hand_raised=True, hand_raised_at=ago(8))
    make_person(room, 3, hand_raised=False, hand_raised_at=ago(20))
    change(room, hands_raised=2)
    assert alerts(room) == []
    (found,) = live_classes.live_classes_by_id([room.pk])
    assert abs((found.long_wait - ago(8)).total_seconds()) < 5


def test_stopped_recording_is_an_alert_only_if_required_or_failed(room: Room, settings: Any) -> None:
    Recording.objects.create(
        room=room, record_id="a", state="ended", started_sequence=1, started_at=ago(9), ended_at=ago(3)
    )
    change(room, recording_state="ended")
    assert alerts(room) == []
    settings.RECORD_EVERY_CLASS = True
    assert alerts(room) == ["Recording stopped"]
    settings.RECORD_EVERY_CLASS = False
    Recording.objects.update(unready=True)
    assert alerts(room) == ["Recording failed"]


def ban(room: Room, user_uuid: str, *, seconds: int = -1, action: str = "participant.remove") -> None:
    params = {"ban_s": seconds} if action == "participant.remove" else {}
    entry = record(actor=None, action=action, room_uuid=room.room_uuid, target=user_uuid, params=params)
    add_step(entry, Step.Kind.ACCEPTED)


def test_banned_person_who_is_let_in_again_is_an_alert(room: Room, school: School) -> None:
    person = make_person(room, 1, user_uuid="ada", online_since=ago(5))
    make_person(room, 2, user_uuid="ben", online_since=ago(5))
    change(room, people_online=2, students_online=2)
    ban(room, "ada")
    assert alerts(room) == [], "the cloud is about to remove them"
    Participant.objects.filter(pk=person.pk).update(online=False, left_at=ago(0))
    assert alerts(room) == []
    back = ago(-1)
    Participant.objects.filter(pk=person.pk).update(online=True, online_since=back)
    with use(SteppedClock(ago(-2))):
        assert alerts(room) == ["1 banned person present"]
        assert since(room) == back
        html = school.signed_in(school.administrator).get("/").content.decode()
        assert f'href="{reverse("live:remove", args=[room.key, person.pk])}"' in html
        assert "Remove again" in html
        page = school.signed_in(school.administrator).get(reverse("live:class", args=[room.key]))
        assert re.search(r'class="role bad">Banned', page.content.decode(), re.DOTALL)
        ban(room, "ada", action="participant.let_back")
        assert alerts(room) == []


def test_ban_that_is_over_or_in_another_class_is_no_alert(room: Room) -> None:
    make_person(room, 1, user_uuid="ada", online_since=ago(-1))
    change(room, people_online=1, students_online=1)
    ban(make_room("Other"), "ada")
    ban(room, "ada", seconds=60)
    with use(SteppedClock(ago(-0.9))):
        assert alerts(room) == []
    with use(SteppedClock(ago(-3))):
        assert alerts(room) == []


def test_last_refused_command_is_an_alert(room: Room) -> None:
    refuse(room, error="ClassAlreadyEnded")
    assert alerts(room) == []
    refuse(room, minutes=20)
    assert alerts(room) == []
    refuse(room, unsure=True)
    assert alerts(room) == ["Outcome unknown: End the class"]
    refuse(room)
    assert alerts(room) == ["Refused by the cloud: End the class"]
    assert abs((since(room) - ago(1)).total_seconds()) < 5
    again = record(actor=None, action="class.end", room_uuid=room.room_uuid)
    add_step(again, Step.Kind.REQUESTED)
    assert alerts(room) == ["Refused by the cloud: End the class"]
    add_step(again, Step.Kind.ACCEPTED)
    assert alerts(room) == []


def _gap(room: Room) -> None:
    Gap.objects.create(room=room, stream="room", first=1, last=2)


def _missing(room: Room) -> None:
    SequenceGap.objects.create(room=room, stream="room", first=3, last=3, found_at=ago(2))


def _unprojected(room: Room) -> None:
    RoomCursor.objects.create(room=room, stream="room", project_due_at=ago(2))


def _silent(room: Room) -> None:
    RoomRefresh.objects.create(room=room, profile_due_at=ago(0), profile_failures=4)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (_gap, "Events missing"),
        (_missing, "Events are delayed"),
        (_unprojected, "Events are delayed"),
        (_silent, "The cloud sends no updates about this class"),
    ],
)
def test_problems_with_data_are_alerts(room: Room, trouble: Callable[[Room], None], words: str) -> None:
    assert alerts(room) == []
    trouble(room)
    assert alerts(room) == [words]


def test_thresholds_come_from_the_settings(room: Room, settings: Any) -> None:
    change(room, planned_end_at=ago(6))
    assert alerts(room) == ["Overtime"]
    settings.WALL_OVER_MINUTES = 10
    settings.RECORD_EVERY_CLASS = True
    assert alerts(room) == ["Not recording"]


# --- the page ---------------------------------------------------------------------------------------------


def shown(html: str) -> list[str]:
    part = html[html.index('id="classes-live"') :]
    return re.findall(r'<h3>\s*<a [^>]*title="([^"]*)"', re.split(r"</ul>\s*<p", part)[0])


def test_most_urgent_class_is_first(school: School) -> None:
    Room.objects.all().delete()
    make_room("Calm", teachers_online=1)
    make_room("Over a little", teachers_online=1, planned_end_at=ago(6))
    make_room("Over long", teachers_online=1, planned_end_at=ago(30))
    make_room("No teacher", started_at=ago(40))
    waiting = make_room("Waiting", state=RoomState.NOT_STARTED, students_online=1, started_at=None)
    make_person(waiting, 1, online_since=ago(4))
    html = school.signed_in(school.administrator).get("/").content.decode()
    assert shown(html) == ["No teacher", "Waiting", "Over long", "Over a little", "Calm"]
    order = re.findall(r'class="tile"\s+data-order="([^"]+)"', html)
    assert order == sorted(order)


@pytest.mark.parametrize("who", ["administrator", "teacher"])
def test_query_count_does_not_grow_with_alerts(school: School, who: str) -> None:
    client = school.signed_in(getattr(school, who))
    counts = []
    for many in (2, 40):
        for number in range(many):
            room = make_room(f"{many}.{number}", hands_raised=1, recording_state="ended")
            room.teachers.create(user=school.teacher)
            make_person(room, 1, hand_raised=True, hand_raised_at=ago(9))
            refuse(room)
            Acknowledgement.objects.create(
                room=room, kind="over_time", by=school.teacher, at=ago(1), until=ago(-10)
            )
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def status(client: Client, version: str) -> int:
    return client.get("/live/classes/", {"v": version}, **HTMX).status_code


def test_polling_page_gets_an_alert_that_time_causes(school: School, settings: Any) -> None:
    client = school.signed_in(school.administrator)
    late = make_room("Late", teachers_online=1, planned_end_at=ago(4))
    version = re.search(r'id="poller"[^>]*\?v=([^"&]+)', client.get("/").content.decode()).group(1)
    assert status(client, version) == 204
    mark, _, due = version.partition("~")
    assert 0 < int(due) - late.planned_end_at.timestamp() - 300 <= 1
    assert status(client, f"{mark}~{int(ago(0).timestamp()) - 1}") == 200


def test_polling_page_gets_a_refused_command(school: School) -> None:
    client = school.signed_in(school.administrator)
    version = re.search(r'id="poller"[^>]*\?v=([^"&]+)', client.get("/").content.decode()).group(1)
    refuse(school.room)
    answer = client.get("/live/classes/", {"v": version}, **HTMX)
    assert "Refused by the cloud: End the class" in answer.content.decode()
