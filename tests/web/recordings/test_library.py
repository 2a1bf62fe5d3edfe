"""The list of recordings, and the links from a class to the second of a recording."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.common import clock
from classroom_admin.rooms.models import ChatMessage, Recording, RoomTeacher
from classroom_admin.sync.models import StoredEvent
from tests.school import School, make_event, make_room

LIST = "/reports/recordings/"


def make_recording(name: str, *, days: float = 1, **columns: Any) -> Recording:
    """Make an ended recording of a new class. It ended `days` ago."""
    ended = clock.cloud_now() - timedelta(days=days)
    columns.setdefault("state", Recording.State.ENDED)
    columns.setdefault("file_urls", ["https://files.test/a.mp4"])
    columns.setdefault("started_at", ended - timedelta(minutes=40))
    columns.setdefault("ended_at", ended)
    return Recording.objects.create(room=make_room(name), record_id="r", **columns)


def shown(client: Client, **query: Any) -> list[str]:
    """Return the names of the classes in the list, in order."""
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return [str(row["room"]) for row in answer.context["rows"]]


@pytest.fixture
def many(school: School) -> School:
    Recording.objects.all().delete()
    make_recording("Old maths", days=90)
    make_recording("Maths 7b", days=2)
    make_recording("English", days=3, file_urls=[])
    make_recording("History", days=4, unready=True)
    make_recording("Latin", days=5, files_deleted_at=clock.cloud_now())
    RoomTeacher.objects.create(room=Recording.objects.get(room__name="Latin").room, user=school.teacher)
    return school


def test_newest_recording_is_first(many: School, admin: Client) -> None:
    assert shown(admin) == ["Maths 7b", "English", "History", "Latin", "Old maths"]


def test_teacher_sees_recordings_of_own_classes_only(many: School) -> None:
    assert shown(many.signed_in(many.teacher)) == ["Latin"]
    assert shown(many.signed_in(many.other_teacher)) == []
    assert many.signed_in(None).get(LIST).status_code == 302


def test_search_and_filters(many: School, admin: Client) -> None:
    assert shown(admin, q="maths") == ["Maths 7b", "Old maths"]
    assert shown(admin, q="ana") == ["Latin"], "the teacher of the class"
    assert shown(admin, state="ready") == ["Maths 7b", "Old maths"]
    assert shown(admin, state="preparing") == ["English"]
    assert shown(admin, state="failed") == ["History"]
    assert shown(admin, state="deleted") == ["Latin"]
    assert shown(admin, period="month", state="ready") == ["Maths 7b"]
    assert shown(admin, teacher=many.teacher.pk) == ["Latin"]
    assert admin.get(LIST, {"state": "odd"}).status_code == 422
    for odd in ({"page": "x"}, {"page": "9" * 30}, {"q": "\x00"}, {"page": "99"}):
        assert admin.get(LIST, odd).status_code == 200


def test_recordings_are_kept_for_the_days_of_the_setting(many: School, admin: Client, settings: Any) -> None:
    settings.RECORDING_LINK_DAYS = 8
    assert shown(admin, state="ready") == ["Maths 7b"]
    assert shown(admin, state="expired") == ["Old maths"]
    page = admin.get(LIST).content.decode()
    assert "Kept until" in page
    assert "The school keeps a recording for 8 days." in page
    soon = Recording.objects.get(room__name="Maths 7b")
    assert (
        "can be watched here until"
        in admin.get(reverse("reports:recording", args=[soon.pk])).content.decode()
    )
    old = Recording.objects.get(room__name="Old maths")
    page = admin.get(reverse("reports:recording", args=[old.pk])).content.decode()
    assert "The school keeps recordings for 8 days." in page
    assert "<video" not in page
    assert "files.test" not in page


def test_number_of_queries_does_not_depend_on_the_number_of_recordings(many: School, admin: Client) -> None:
    admin.get(LIST)
    with CaptureQueriesContext(connection) as few:
        admin.get(LIST)
    for number in range(60):
        make_recording(f"Class {number}", days=number + 0.5)
    with CaptureQueriesContext(connection) as more:
        answer = admin.get(LIST)
    assert len(answer.context["rows"]) == 50
    assert len(more) == len(few) <= 9, [query["sql"][:200] for query in more]
    assert len(admin.get(LIST, {"page": 2}).context["rows"]) == 15


def test_page_plays_the_part_and_the_second_of_the_address(many: School, admin: Client) -> None:
    recording = make_recording("Long", file_urls=[f"https://files.test/{n}.mp4" for n in range(3)])
    where = reverse("reports:recording", args=[recording.pk])

    def source(**query: Any) -> str:
        found = re.search(r'src="([^"]*/files/[^"]*)"', admin.get(where, query).content.decode())
        assert found
        return found[1].removeprefix(f"{where}files/")

    assert source() == "0/"
    assert source(at=65) == "0/#t=65"
    assert source(at=7200 + 65) == "1/#t=65"
    assert source(part=3) == "2/"
    assert source(part=9) == "0/"
    assert source(at="x") == "0/"
    assert "https://files.test" not in admin.get(where).content.decode()


def test_events_and_messages_link_to_the_second_of_the_recording(school: School, admin: Client) -> None:
    Recording.objects.all().delete()
    room, start = school.room, clock.cloud_now() - timedelta(hours=2)
    pause = [clock.to_ms(start + timedelta(seconds=second)) for second in (60, 90)]
    recording = Recording.objects.create(
        room=room, record_id="r", state="ended", file_urls=["https://files.test/a.mp4"],
        started_at=start, ended_at=start + timedelta(minutes=10), pauses=[pause],
    )  # fmt: skip
    events = {
        second: make_event(room, 100 + second, fromUser={"userName": "Ada"}) for second in (-5, 75, 100)
    }
    for second, event in events.items():
        moment = start + timedelta(seconds=second)
        StoredEvent.objects.filter(pk=event.pk).update(ts_ms=clock.to_ms(moment))
    ChatMessage.objects.create(
        room=room, sequence=500, version=1, name="Ada", text="Hello", sent_at=start + timedelta(seconds=30)
    )
    link = reverse("reports:recording", args=[recording.pk])

    def links(where: str) -> list[str]:
        return re.findall(rf'"{re.escape(link)}\?at=(\d+)"', admin.get(where).content.decode())

    of_class = reverse("live:class", args=[room.key])
    assert links(f"{of_class}events/") == ["70"], "not before the start, and not in the pause"
    assert links(f"{of_class}events/{events[100].pk}/") == ["70"]
    assert links(f"{of_class}events/{events[75].pk}/") == []
    assert links(f"{of_class}chat/") == ["30"]
    assert links(f"{of_class}chat/?q=hello") == ["30"]
    assert links(f"{of_class}chat/room/500/there/") == ["30"]
    Recording.objects.update(files_deleted_at=clock.cloud_now())
    assert links(f"{of_class}events/") == []
