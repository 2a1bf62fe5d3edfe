"""The choice of a class for an activity, and the answer to a deep linking request."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.integrations.lti import links
from classroom_admin.integrations.lti.models import Course, ResourceLink
from classroom_admin.rooms.models import Room
from classroom_admin.simulator.testing import RunningSimulator
from tests.lti import FRAME, Moodle
from tests.school import make_room
from tests.web.lti.test_launch import ticket_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def offered(platform: Moodle, room: Room, ana) -> str:
    """The ticket of a deep linking request."""
    page = platform.launch(Client(), ana, platform.server.deep_link(), FRAME)
    assert platform.server.url in page["Content-Security-Policy"]
    assert "Cells" in page.content.decode()
    return ticket_in(page)


def choose(ticket: str, **given: Any) -> Any:
    return Client(enforce_csrf_checks=True).post("/lti/choose/", {"ticket": ticket, **given}, **FRAME)


def answer_in(page: Any) -> str:
    return html.unescape(re.search(r'name="JWT" value="([^"]+)"', page.content.decode()).group(1))


def test_existing_class_is_chosen(platform: Moodle, offered, room, teacher, ana, leo, settings) -> None:
    settings.JOIN_URL_TEMPLATE = "https://classroom.test/?room={room}&user={user}"
    page = choose(offered, key=room.key, grade="attendance")
    assert page.status_code == 200
    assert f'action="{platform.server.url}/deep-links"' in page.content.decode()
    assert f"form-action 'self' {platform.server.url}" in page["Content-Security-Policy"]
    platform.refresh_keys()
    [item] = platform.server.content_items(answer_in(page))
    link = ResourceLink.objects.get()
    assert (item["type"], item["title"], item["custom"]) == (
        "ltiResourceLink", "Cells", {"class_link": link.key},
    )  # fmt: skip
    assert item["lineItem"] == {"label": "Cells", "scoreMaximum": 100, "resourceId": link.key}
    assert (link.room, link.made_by, link.grade) == (room, teacher, "attendance")
    assert Course.objects.get().owner == teacher
    assert Course.objects.get().members_due_at is not None
    entry = Entry.objects.get(action="lti.link")
    assert (entry.actor, entry.room_uuid) == (teacher, room.room_uuid)
    assert choose(offered, key=room.key).status_code == 410  # the ticket works once
    # The platform sends the key back at the first launch, and knows the activity from then on.
    resource = platform.server.resource("activity-9", custom=item["custom"])
    assert platform.launch(Client(), ana, resource)["Location"] == f"/classes/{room.key}/"
    link.refresh_from_db()
    assert link.resource_link_id == "activity-9"
    assert platform.launch(Client(), leo, platform.server.resource("activity-9")).status_code == 302
    # A copy of the activity opens the same class, and has a gradebook column of its own.
    copy = platform.server.resource("activity-10", custom=item["custom"])
    assert platform.launch(Client(), ana, copy)["Location"] == f"/classes/{room.key}/"
    assert ResourceLink.objects.get(resource_link_id="activity-10").grade == "attendance"


def test_guessed_key_opens_nothing(platform: Moodle, link, ana, leo) -> None:
    resource = platform.server.resource("activity-77", custom={"class_link": "abcdefghjkmn"})
    assert "has not chosen a class" in platform.launch(Client(), leo, resource).content.decode()


def test_class_of_another_teacher_can_not_be_chosen(offered) -> None:
    other = make_room("Of another teacher")
    page = choose(offered, key=other.key)
    assert page.status_code == 422
    assert "Of another teacher" not in page.content.decode()
    assert not ResourceLink.objects.exists()


def test_form_says_what_is_missing(offered, room) -> None:
    for given, says in (
        ({}, "Choose a class, or create one."),
        ({"key": "new"}, "Enter a name."),
        ({"key": "new", "name": "A", "minutes": "0"}, "greater than or equal to 1"),
        ({"key": "new", "name": "A", "starts_at": "soon"}, "Enter a valid date/time."),
        ({"key": room.key, "grade": "stars"}, "Select a valid choice."),
    ):
        page = choose(offered, **given)
        assert (page.status_code, says in html.unescape(page.content.decode())) == (422, True), says
    assert choose(offered, key=room.key).status_code == 200  # nothing of it used the ticket up
    assert choose("guessed", key=room.key).status_code == 410


def test_class_is_created(platform: Moodle, row, offered, teacher, ana, simulator: RunningSimulator) -> None:
    page = choose(offered, key="new", name="Photosynthesis", minutes="45")
    assert page.status_code == 200, page.content.decode()
    link = ResourceLink.objects.get()
    assert (link.room.name, link.grade) == ("Photosynthesis", "none")
    assert link.room.teachers.get().user == teacher
    platform.refresh_keys()
    assert "lineItem" not in platform.server.content_items(answer_in(page))[0]


def test_class_of_next_month_is_scheduled(platform: Moodle, offered, ana, leo, teacher) -> None:
    """The cloud would delete a room that is created so early, so the class is created later."""
    start = clock.now() + timedelta(days=30)
    page = choose(offered, key="new", name="Roots", starts_at=start.strftime("%Y-%m-%dT%H:%M"), minutes="45")
    assert page.status_code == 200, page.content.decode()
    planned, link = ScheduledCommand.objects.get(), ResourceLink.objects.get()
    assert (link.room, link.room_uuid) == (None, planned.key)
    platform.refresh_keys()
    [item] = platform.server.content_items(answer_in(page))
    resource = platform.server.resource("activity-3", custom=item["custom"])
    assert "has not been created yet" in platform.launch(Client(), leo, resource).content.decode()
    made = make_room("Roots", room_uuid=planned.key)
    assert links.room_of(ResourceLink.objects.get()) == made


def test_activity_without_a_class_gets_one(platform: Moodle, room, ana, teacher) -> None:
    page = platform.launch(Client(), ana, platform.server.resource("activity-2"), FRAME)
    assert "Send to the gradebook" in page.content.decode()
    page = choose(ticket_in(page), key=room.key, grade="quiz")
    assert "now opens this class" in page.content.decode()
    link = ResourceLink.objects.get()
    assert (link.resource_link_id, link.room, link.grade) == ("activity-2", room, "quiz")
    assert platform.launch(Client(), ana, platform.server.resource("activity-2"))["Location"].endswith(
        f"/classes/{room.key}/"
    )


def test_only_teachers_choose(platform: Moodle, row, leo) -> None:
    answer = platform.launch(Client(), leo, platform.server.deep_link())
    assert (answer.status_code, "Only teachers" in answer.content.decode()) == (403, True)
