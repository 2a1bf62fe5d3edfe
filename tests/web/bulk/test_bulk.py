"""Bulk actions as pages: preview, progress that survives a reload, results, retry."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.actions import capabilities, scheduled
from classroom_admin.actions.models import BulkRun, Capability
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room, RoomState, RoomTeacher
from classroom_admin.simulator.testing import RunningSimulator
from tests.actions.conftest import School, run_due
from tests.school import HTMX
from tests.stepped_clock import SteppedClock, use

LIST = "/together/"


@pytest.fixture
def client(school: School) -> Client:
    client = Client()
    client.force_login(school.teacher)
    return client


@pytest.fixture
def rooms(school: School, sim: RunningSimulator) -> list[Room]:
    made = []
    for name, state in (("Algebra", 1), ("Biology", 1), ("Chemistry", 2)):
        sim.make_room(f"{name} {school.room.room_uuid}", roomName=name, state=state)
        room = Room.objects.create(
            room_uuid=f"{name} {school.room.room_uuid}", name=name, state=state, people_online=3
        )
        room.teachers.create(user=school.teacher)
        made.append(room)
    return made


def confirm(client: Client, html: str) -> Any:
    """Submit the form of a preview."""
    values = re.findall(r'<input type="hidden" name="(do|token|class)" value="([^"]*)"', html)
    sent: dict[str, list[str]] = {}
    for name, value in values:
        sent.setdefault(name, []).append(value)
    return client.post(LIST, sent)


def begin(client: Client, rooms: list[Room], what: str = "end") -> BulkRun:
    html = client.post(LIST, {"do": what, "class": [room.key for room in rooms]}).content.decode()
    answer = confirm(client, html)
    assert answer.status_code == 302
    return BulkRun.objects.get(key=answer["Location"].split("/")[2])


def test_preview_changes_nothing(client: Client, rooms: list[Room]) -> None:
    html = client.post(LIST, {"do": "end", "class": [room.key for room in rooms]}).content.decode()
    assert "End 2 classes?" in html
    assert "The 3 people present may stay" in html
    assert re.search(r"Skipped.*Chemistry.*The class has already ended", html, re.DOTALL)
    assert not Entry.objects.exists()
    assert not BulkRun.objects.exists()


def test_preview_of_an_end_names_the_classes_that_are_recorded(client: Client, rooms: list[Room]) -> None:
    keys = [room.key for room in rooms]
    html = client.post(LIST, {"do": "end", "class": keys}).content.decode()
    assert "recorded" not in html
    Room.objects.filter(pk=rooms[1].pk).update(recording_state="recording")
    html = client.post(LIST, {"do": "end", "class": keys}).content.decode()
    assert re.search(
        r"1 of these classes is being recorded.*?<strong[^>]*>Biology</strong>\s*</span>", html, re.DOTALL
    )
    assert html.count("Being recorded") == 1
    assert '<input type="hidden" name="do"' not in html
    for what, words in (("end", "End, keep recording"), ("end_all", "End and stop recording")):
        assert re.search(
            rf'<button[^>]* name="do" value="{what}">(?:(?!</button>).)*{words}', html, re.DOTALL
        )
    token = re.search(r'name="token" value="([^"]*)"', html).group(1)
    answer = client.post(LIST, {"do": "end_all", "token": token, "class": keys}, follow=True)
    assert "End 3 classes and stop their recordings" in answer.content.decode()


def test_confirmed_preview_leads_to_results(
    client: Client, school: School, rooms: list[Room], sim: RunningSimulator
) -> None:  # fmt: skip
    with use(SteppedClock(clock.now())) as stepped:
        run = begin(client, rooms)
        address = reverse("live:run", args=[run.key])
        html = client.get(address).content.decode()
        assert "1 of 3" in html
        assert html.count("Waiting for its turn.") == 2
        assert 'hx-trigger="every 1s"' in html
        sim.fault("too_many", route="set_class_state", params={"retryAfter": 30}, count=1)
        run_due()
        html = client.get(address).content.decode()  # the same after a reload
        assert "3 of 3" in html
        assert re.search(
            r"Algebra.*Too many requests to the cloud.*Biology.*Accepted by the cloud", html, re.DOTALL
        )
        assert "Retry the failed class" in html
        stepped.step(1)
        assert client.post(address).status_code == 302
        stepped.step(60)
        run_due()
        html = client.get(address).content.decode()
    assert "failed" not in html
    assert "2 done" in html
    assert "1 skipped" in html


def test_page_requests_only_changes(client: Client, rooms: list[Room]) -> None:
    with use(SteppedClock(clock.now())) as stepped:
        run = begin(client, rooms)
        stepped.step(10)
        page = client.get(reverse("live:run", args=[run.key])).content.decode()
        ask = re.search(r'hx-get="([^"]+since=[^"]*)"', page).group(1)
        assert 'class="item ' not in client.get(ask, **HTMX).content.decode()
        stepped.step(10)
        scheduled.work(scheduled.LONG, within_s=0)
        html = client.get(ask, **HTMX).content.decode()
        assert html.count('class="item ') == 1
        assert 'hx-swap-oob="upsert:#items"' in html
        assert "csrf" not in html.lower()
        run_due()
        stepped.step(90)  # nobody waits for the events any more
        html = client.get(ask, **HTMX).content.decode()
    assert "every 1s" not in html
    assert "Finished: 2 done, 0 failed, 1 skipped." in html


def test_query_count_does_not_grow_with_classes(client: Client, school: School) -> None:
    counts = []
    for many in (2, 30):
        made = [
            Room.objects.create(room_uuid=f"{many} {number}", name=f"C{number}", state=RoomState.ENDED)
            for number in range(many)
        ]
        for room in made:
            room.teachers.create(user=school.teacher)
        run = begin(client, made, "close")
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("live:run", args=[run.key]))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


@pytest.mark.parametrize("sent", [{"do": "end"}, {"do": "explode", "class": ["x"]}, {"class": ["x"]}])
def test_invalid_requests_show_an_error(client: Client, rooms: list[Room], sent: dict[str, Any]) -> None:
    answer = client.post(LIST, sent)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not BulkRun.objects.exists()


def test_classes_of_other_teachers_are_excluded(client: Client, school: School, rooms: list[Room]) -> None:
    foreign = Room.objects.create(room_uuid="foreign", name="Secret", state=1)
    html = client.post(LIST, {"do": "end", "class": [foreign.key]}).content.decode()
    assert "Secret" not in html
    assert "Nothing to do" in html
    run = begin(client, rooms)
    rooms[0].teachers.all().delete()
    html = client.get(reverse("live:run", args=[run.key])).content.decode()
    assert "Algebra" not in html
    other = Client()
    other.force_login(school.other_teacher)
    assert other.get(reverse("live:run", args=[run.key])).status_code == 404
    assert "End 3 classes" not in other.get(LIST).content.decode()
    administrator = Client()
    administrator.force_login(school.administrator)
    assert "End 3 classes" in administrator.get(LIST).content.decode()
    assert administrator.post(reverse("live:run", args=[run.key])).status_code == 422


def test_two_thousand_classes_can_be_selected(client: Client, school: School) -> None:
    made = Room.objects.bulk_create(
        Room(
            room_uuid=f"many {number}",
            name=f"Class {number}",
            key=f"many{number:08}",
            state=RoomState.STARTED,
        )
        for number in range(2000)
    )
    RoomTeacher.objects.bulk_create(RoomTeacher(room=room, user=school.teacher) for room in made)
    page = client.post(LIST, {"do": "end", "class": [room.key for room in made]})
    assert page.status_code == 200
    assert confirm(client, page.content.decode()).status_code == 302
    assert BulkRun.objects.get().items.count() == 2000


def test_too_many_classes_show_an_error(client: Client) -> None:
    answer = client.post(LIST, {"do": "end", "class": ["x"] * 10_001}, headers={"Accept-Language": "es"})
    assert answer.status_code == 400
    assert "inténtelo con menos" in answer.content.decode()


# --- announcements and microphones -----------------------------------------------------------------------


def hidden(html: str) -> dict[str, list[str]]:
    """Return the hidden fields of the form of a preview."""
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(do|token|class)" value="([^"]*)"', html):
        sent.setdefault(name, []).append(value)
    return sent


def test_announcement_needs_a_text_and_reaches_the_classes_that_run(
    client: Client, rooms: list[Room], sim: RunningSimulator
) -> None:
    keys = [room.key for room in rooms]
    html = client.post(LIST, {"do": "announce", "class": keys}).content.decode()
    assert "Announce to 2 classes" in html
    assert "The class is not running." in html
    wrong = client.post(LIST, hidden(html) | {"text": [" "]})
    assert wrong.status_code == 422
    assert "Nothing was sent" in wrong.content.decode()
    assert not BulkRun.objects.exists()
    answer = client.post(LIST, hidden(wrong.content.decode()) | {"text": ["Fire drill at ten"]})
    assert answer.status_code == 302
    run_due()
    for room, told in zip(rooms, (True, True, False), strict=True):
        assert ("Fire drill at ten" in str(sim.oracle(room=room.room_uuid)["rooms"])) is told


def test_refused_announcement_keeps_its_text(client: Client, rooms: list[Room]) -> None:
    html = client.post(LIST, {"do": "announce", "class": [room.key for room in rooms]}).content.decode()
    capabilities.remember("announce", Capability.Offered.NO)
    answer = client.post(LIST, hidden(html) | {"text": ["Fire drill at ten"]})
    assert answer.status_code == 422
    assert "Fire drill at ten" in answer.content.decode()
    assert answer.context["form"].errors["text"]
    assert not BulkRun.objects.exists()


def test_announcement_to_all_live_classes_selects_only_ones_own(
    client: Client, rooms: list[Room], school: School
) -> None:
    Room.objects.create(room_uuid="theirs", name="Someone else's", state=1)
    html = client.post(LIST, {"live": "announce"}).content.decode()
    assert "Announce to 2 classes" in html
    assert "Someone else" not in html


def test_muting_students_asks_first(client: Client, rooms: list[Room]) -> None:
    rooms[0].participants.create(user_uuid="s", name="S", role="student", online=True, microphone_on=True)
    html = client.post(LIST, {"do": "mute", "class": [room.key for room in rooms]}).content.decode()
    assert "Mute the students of 1 class?" in html
    assert "No student&#x27;s microphone is on." in html
