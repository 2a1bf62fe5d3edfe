"""What the dialogs of a class say before and after a press: removal, end of the class, recording."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Recording, Room
from tests.actions.conftest import School, kinds
from tests.school import HTMX
from tests.web.classroom.with_cloud.test_commands import last, where

IN_DIALOG: Any = HTMX | {"HTTP_HX_TARGET": "dialog-body"}


@pytest.fixture
def client(school: School) -> Client:
    client = Client()
    client.force_login(school.teacher)
    return client


def test_failed_command_is_explained_in_its_dialog(client: Client, school: School) -> None:
    address = where("recording", school, "stop")
    place = re.search(r'id="(problem-[^"]+)"', client.get(address, **IN_DIALOG).content.decode()).group(1)
    answer = client.post(address, **IN_DIALOG)
    assert "live:failed" in answer["HX-Trigger"]
    html = answer.content.decode()
    said = html.partition(f'<div id="{place}" data-problem hx-swap-oob="true">')[2].partition("</div>")[0]
    assert "The recording has already stopped" in said
    assert "Failed" in html, "the head says it, too"


def test_refusal_is_explained_in_its_dialog_only(client: Client, school: School) -> None:
    answer = client.post(where("let_back", school, school.pupil.pk), **IN_DIALOG)
    assert "live:failed" in answer["HX-Trigger"]
    assert answer.content.decode().count("already in the class") == 1


def test_command_with_unknown_outcome_closes_its_dialog(client: Client, school: School, sim: Any) -> None:
    sim.fault("lose_answer", route="kick", count=9)
    answer = client.post(where("remove", school, school.pupil.pk), {"span": "600"}, **IN_DIALOG)
    assert "live:commanded" in answer["HX-Trigger"]
    assert "data-problem" not in answer.content.decode()


def record(client: Client, school: School) -> None:
    """Start the class and its recording, and let the dashboard know of both."""
    client.post(where("command", school, "start"), **HTMX)
    client.post(where("recording", school, "start"), {"mode": "composite"}, **HTMX)
    Room.objects.update(state=1, recording_state=Recording.State.RECORDING)


def test_end_of_a_recorded_class_offers_to_stop_the_recording(
    client: Client, school: School, truth: Any
) -> None:
    address = where("command", school, "end")
    assert "End and stop recording" not in client.get(address, **HTMX).content.decode()
    record(client, school)
    html = client.get(address, **HTMX).content.decode()
    assert re.search(r'name="and_recording" value="yes">.*End and stop recording', html, re.DOTALL)
    assert "End, keep recording" in html
    client.post(address, {"and_recording": "yes"}, **IN_DIALOG)
    assert (truth()["state"], truth()["recordings"][0]["status"]) == (2, 2)
    ended, stopped = Entry.objects.filter(action__in=("class.end", "recording.stop")).order_by("id")
    assert kinds(ended) == kinds(stopped) == ["requested", "accepted"]


def test_recorded_class_can_end_without_stopping_the_recording(
    client: Client, school: School, truth: Any
) -> None:
    record(client, school)
    client.post(where("command", school, "end"), **IN_DIALOG)
    assert (truth()["state"], truth()["recordings"][0]["status"]) == (2, 1)
    assert not Entry.objects.filter(action="recording.stop").exists()


def test_recording_goes_on_if_the_class_does_not_end(
    client: Client, school: School, truth: Any, sim: Any
) -> None:
    record(client, school)
    sim.fault("too_many", route="set_class_state", params={"retryAfter": 30})
    answer = client.post(where("command", school, "end"), {"and_recording": "yes"}, **IN_DIALOG)
    assert "live:failed" in answer["HX-Trigger"]
    assert (truth()["state"], truth()["recordings"][0]["status"]) == (1, 1)
    assert last().action == "class.end"


def test_dialog_says_so_if_the_class_ended_but_the_recording_goes_on(
    client: Client, school: School, truth: Any, sim: Any
) -> None:
    record(client, school)
    sim.fault("too_many", route="set_recording", params={"retryAfter": 30})
    answer = client.post(where("command", school, "end"), {"and_recording": "yes"}, **IN_DIALOG)
    assert "live:failed" in answer["HX-Trigger"]
    assert (truth()["state"], truth()["recordings"][0]["status"]) == (2, 1)
    assert last().action == "recording.stop"


def test_address_of_a_web_recording_is_filled_in(client: Client, school: School, settings: Any) -> None:
    address = where("recording", school, "start")
    assert 'name="url" value=' not in client.get(address, **HTMX).content.decode()
    settings.JOIN_URL_TEMPLATE = "https://class.test/join?room={room}&user={user}&role={role}"
    html = client.get(address, **HTMX).content.decode()
    assert 'name="url" value="https://class.test/join"' in html
    for words in (
        "teachers' cameras and microphones",
        "the whiteboard, files, everyone on stage and the chat",
    ):
        assert words in html


def test_removal_for_ten_minutes_is_one_press_in_the_dialog(client: Client, school: School) -> None:
    address = where("remove", school, school.pupil.pk)
    html = client.get(address, **HTMX).content.decode()
    assert re.search(r'name="span" value="600" checked', html)
    assert re.search(r'name="when" value="now" checked', html)
    assert html.index("Ban this person?") < html.index('id="remove-later">')
    assert "Remove now, 10 min" in html
    wrong = client.post(address, {"span": "600", "when": "own", "minutes": "500"}, **HTMX)
    assert 'id="remove-later" open>' in wrong.content.decode()
