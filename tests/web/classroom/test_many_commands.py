"""A class with many commands: old ones still have their effect."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.accounts.permissions import rights_of
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Participant, Recording, Room
from classroom_admin.web.classroom.presenter import ClassPresenter
from tests.school import School

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


def record_accepted(room: Room, action: str, when: datetime, **columns: Any) -> None:
    entry = Entry.objects.create(action=action, room_uuid=room.room_uuid, at=when, **columns)
    Step.objects.create(entry=entry, kind=Step.Kind.ACCEPTED, room_uuid=room.room_uuid, at=when)


def record_many(room: Room, when: datetime) -> None:
    for _number in range(class_selectors.COMMANDS + 2):
        record_accepted(room, "room.use_list", when)


@pytest.fixture
def busy(school: School) -> Room:
    """A paused web recording, a permanent ban, and many commands afterwards."""
    before = clock.now() - 10 * MINUTE
    Recording.objects.update(started_at=before)
    record_accepted(school.room, "recording.start", before, params={"mode": "web"})
    record_accepted(school.room, "recording.pause", before + MINUTE)
    Participant.objects.filter(name="Gone").update(user_uuid="gone")
    record_accepted(school.room, "participant.remove", before + MINUTE, target="gone", params={"ban_s": -1})
    record_many(school.room, before + 2 * MINUTE)
    return school.room


def presenter(room: Room) -> ClassPresenter:
    return ClassPresenter(class_selectors.as_shown().get(pk=room.pk), rights_of("teacher"))


def test_old_pause_still_counts(busy: Room) -> None:
    found = presenter(busy)
    assert found.paused
    assert "resume" in [button.name for button in found.recording_buttons]
    assert found.coverage is not None
    assert "paused" in [piece.kind for piece in found.coverage.pieces]


def test_old_permanent_ban_still_counts(busy: Room) -> None:
    found = presenter(busy)
    banned = {person.name: person.banned_until for person in found.people if person.banned_until}
    assert banned == {"Gone": "forever"}
    record_accepted(busy, "participant.let_back", clock.now(), target="gone")
    assert not any(person.banned_until for person in presenter(busy).people)


def test_earlier_commands_cost_two_queries_and_only_if_there_are_any(school: School, admin: Client) -> None:
    address = reverse("live:class", args=[school.room.key])

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert admin.get(address).status_code == 200
        return len(found)

    queries()
    few = queries()
    record_many(school.room, clock.now())
    assert queries() - few in (1, 2), "one for entries; one for their steps, where there are entries"
