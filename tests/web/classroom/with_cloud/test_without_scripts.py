"""The buttons of the page of a class without scripts: each leads to a plain form, which sends the command."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Participant, Room
from tests.actions.classroom import Lesson
from tests.actions.conftest import School
from tests.web.plain_forms import Page, opened, pressed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(school: School) -> Client:
    """A teacher's browser. It checks the token of each form."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(school.teacher)
    return client


def class_page(client: Client, school: School) -> Page:
    return opened(client, reverse("live:class", args=[school.room.key]))


ROW = [
    ("Mute Ada", "Mute", "participant.microphone_off", lambda it: it.stream("ada")["audioState"] == 0),
    (
        "Turn off Ada’s camera",
        "Turn camera off",
        "participant.camera_off",
        lambda it: it.stream("ada")["videoState"] == 0,
    ),
    ("Bring Ada on stage", "Bring on stage", "participant.stage_on", lambda it: "ada" in it.truth()["stage"]),
    ("Lower Ada’s hand", "Lower hand", "participant.lower_hand", lambda it: "ada" not in it.truth()["hands"]),
    ("Mute Ada in chat", "Mute in chat", "participant.mute_chat", lambda it: it.person("ada")["muteChat"]),
    ("Remove Ada…", "Remove now", "participant.remove", lambda it: not it.person("ada")["online"]),
]


@pytest.mark.parametrize(("button", "confirm", "action", "effect"), ROW, ids=[case[2] for case in ROW])
def test_button_of_a_row_leads_to_a_form_that_sends_the_command(
    client: Client, school: School, lesson: Lesson, button: str, confirm: str, action: str, effect: Any
) -> None:
    form = pressed(client, class_page(client, school), button)
    assert "Ada" in form.text
    assert not Entry.objects.filter(action=action).exists(), "nothing is sent before the confirmation"
    after = pressed(client, form, confirm)
    assert after.address == reverse("live:class", args=[school.room.key])
    assert 'class="message' in after.text or "messages" in after.text
    assert Entry.objects.get(action=action).target == "ada"
    assert effect(lesson), lesson.truth()


def test_dialog_of_a_person_is_a_page_whose_commands_work(
    client: Client, school: School, lesson: Lesson
) -> None:
    person = pressed(client, class_page(client, school), "More for Ada")
    form = pressed(client, person, "Reward…")
    pressed(client, form, "Give reward", count="2")
    assert lesson.person("ada")["rewards"] == 2
    pressed(client, pressed(client, person, "Mute"), "Mute")
    assert lesson.stream("ada")["audioState"] == 0


def test_planned_removal_is_cancelled(client: Client, school: School, lesson: Lesson) -> None:
    form = pressed(client, class_page(client, school), "Remove Ada…")
    page = pressed(client, form, "Remove now", when="own", minutes="5")
    form = pressed(client, page, "Cancel removal Ada")
    pressed(client, form, "Cancel removal")
    assert Entry.objects.filter(action="participant.call_off_removal").exists()


def test_command_for_the_class_is_confirmed_on_a_page(client: Client, school: School, lesson: Lesson) -> None:
    pressed(client, pressed(client, class_page(client, school), "Mute all"), "Mute all")
    assert {lesson.stream(user)["audioState"] for user in ("ada", "ben", "cy")} == {0}


def dead(page: Page) -> list[str]:
    """Return the buttons that do nothing without scripts, though the page shows them."""
    return [
        one.name
        for one in page.controls
        if one.tag == "button"
        and not one.needs_scripts
        and "hidden" not in one.attributes
        and (one.attributes.get("type") == "button" or one.form is None)
    ]


@pytest.mark.parametrize("when", ["live", "ended", "over"])
def test_page_of_a_class_has_no_button_that_does_nothing_without_scripts(
    client: Client, school: School, lesson: Lesson, when: str
) -> None:
    if when != "live":
        lesson.sim.room(lesson.room_uuid, "state", state=2)
    lesson.sync()
    if when == "over":
        Room.objects.filter(pk=school.room.pk).update(people_online=0)
    page = class_page(client, school)
    assert ("cockpit after" in page.text) == (when == "over")
    assert dead(page) == []
    for person in Participant.objects.filter(room=school.room):
        assert dead(opened(client, reverse("live:person", args=[school.room.key, person.pk]))) == []
