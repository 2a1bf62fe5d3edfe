"""A school with people, classes and everything that pages show, without a cloud."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.rooms.models import (
    ChatMessage,
    Gap,
    Participant,
    Poll,
    Quiz,
    Recording,
    Resource,
    Role,
    Room,
    RoomState,
    RoomTeacher,
)
from classroom_admin.sync.models import Lease, StoredEvent

HOSTILE = "<script>alert('x')</script>"
ROOM_UUID = "cloud-room-id-42"
HTMX = {"HTTP_HX_REQUEST": "true"}


@dataclass(frozen=True)
class School:
    administrator: User
    teacher: User
    other_teacher: User
    room: Room

    def signed_in(self, user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    def change(self, row: Any, **values: Any) -> Room:
        """Change a row like the projector: the row and the room get the next version."""
        version = Room.objects.get(pk=self.room.pk).version + 1
        for name, value in values.items():
            setattr(row, name, value)
        row.version = version
        row.save()
        Room.objects.filter(pk=self.room.pk).update(version=version)
        return Room.objects.get(pk=self.room.pk)


def make_room(name: str, **columns: Any) -> Room:
    columns.setdefault("room_uuid", f"uuid of {name}")
    columns.setdefault("state", RoomState.STARTED)
    columns.setdefault("version", 1)
    columns.setdefault("started_at", clock.now() - timedelta(minutes=20))
    return Room.objects.create(name=name, **columns)


def make_person(room: Room, number: int, **columns: Any) -> Participant:
    columns.setdefault("user_uuid", f"cloud-user-{number}")
    columns.setdefault("name", f"Student {number}")
    columns.setdefault("role", Role.STUDENT)
    columns.setdefault("online", True)
    columns.setdefault("version", 1)
    columns.setdefault("online_since", clock.now() - timedelta(minutes=5))
    return Participant.objects.create(room=room, **columns)


def make_event(room: Room, sequence: int, cmd: int = 3, **data: Any) -> StoredEvent:
    return StoredEvent.objects.create(
        room=room,
        stream="room",
        sequence=sequence,
        cmd=cmd,
        received_at=clock.now(),
        raw=json.dumps({"cmd": cmd, "sequence": sequence, "data": data}),
    )


def fill(room: Room) -> None:
    """Add one of everything to the room."""
    make_person(room, 1, name="Ana Torres", role=Role.TEACHER, was_teacher=True, user_uuid="ana")
    make_person(room, 2, name=HOSTILE, hand_raised=True, hand_raised_at=clock.now(), on_stage=True, rewards=2)
    make_person(room, 3, name="Gone", online=False, left_at=clock.now(), kicked_at=clock.now())
    for sequence in (1, 2):
        ChatMessage.objects.create(
            room=room, sequence=sequence, version=1, name=HOSTILE, text=HOSTILE, sent_at=clock.now()
        )
    Recording.objects.create(
        room=room,
        record_id="rec",
        version=1,
        state="recording",
        mode="web",
        started_at=clock.now(),
        streaming_urls={"hls": "https://stream.test/a.m3u8"},
        file_urls=["https://files.test/a.mp4", "javascript:alert(1)"],
    )
    Resource.objects.create(
        room=room,
        resource_uuid="cloud-file-1",
        version=1,
        name=HOSTILE,
        ext="pdf",
        size=1000,
        url="javascript:alert(2)",
        converted_percent=40,
    )
    Quiz.objects.create(room=room, quiz_id="q", version=1, total_count=10, selected_count=4, correct_count=3)
    Poll.objects.create(
        room=room, poll_id="p", version=1, items=[HOSTILE, "no"], details={"0": {"num": 1, "percentage": 0.5}}
    )
    for sequence in (1, 2):
        make_event(room, sequence, fromUser={"userName": HOSTILE})
    Gap.objects.create(room=room, stream="room", first=5, last=6)


@pytest.fixture
def school(db: None) -> School:
    return furnish()


def furnish() -> School:
    """Return people, a class with one of everything in it, and a cloud that answered just now."""
    administrator = User.objects.create_user(
        "admin@school.test", "x", role=User.Role.ADMINISTRATOR, name="Ruth"
    )
    teacher = User.objects.create_user("teacher@school.test", "x", name="Ana")
    other = User.objects.create_user("other@school.test", "x", name="Ben")
    CloudIdentity.objects.create(user=administrator, user_uuid="ruth's cloud id")
    room = make_room(
        f"Algebra {HOSTILE}",
        room_uuid=ROOM_UUID,
        last_sequence=2,
        event_count=2,
        people_online=2,
        teachers_online=1,
        hands_raised=1,
    )
    RoomTeacher.objects.create(room=room, user=teacher)
    fill(room)
    entry = record(actor=teacher, action="class.start", room_uuid=room.room_uuid)
    add_step(entry, Step.Kind.REQUESTED)
    newest = StoredEvent.objects.filter(room=room).order_by("-pk").first()
    Room.objects.filter(pk=room.pk).update(last_event_id=newest.pk if newest else 0)
    Lease.objects.create(app_id=django_settings.AGORA.app_id, last_good_at=clock.now())
    return School(administrator=administrator, teacher=teacher, other_teacher=other, room=room)
