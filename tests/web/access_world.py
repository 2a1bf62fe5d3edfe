"""A school with a person of each role, and one own and one foreign thing of each kind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from classroom_admin.accounts.models import SignOnProvider, User
from classroom_admin.actions import bulk, participants
from classroom_admin.actions.files import deletions, uploads
from classroom_admin.actions.files.addresses import address_of
from classroom_admin.actions.models import Series
from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.common.encryption import encrypt
from classroom_admin.integrations.chat_targets.models import ChatTarget, Service
from classroom_admin.integrations.joining.actions import renew_link
from classroom_admin.integrations.lti.models import Platform
from classroom_admin.integrations.mail.models import Mail
from classroom_admin.integrations.webhooks.models import Delivery, Endpoint
from classroom_admin.reports.export_models import ExportJob
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.breakout_rooms import Group
from classroom_admin.rooms.models import (
    ClassList,
    ClassListFile,
    Participant,
    Quiz,
    Recording,
    Resource,
    Room,
    RoomTeacher,
    Supervision,
)
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.classroom.breakout_rooms import group_key
from classroom_admin.web.icons import sprite_fingerprint
from tests.school import fill, furnish, make_room
from tests.web.reports.classes_over import HOUR, MONDAY, class_over, person

Role = User.Role


@dataclass(frozen=True)
class World:
    """The people by role (and None for a visitor), and the things by name: own and foreign ones.

    Own things belong to the teacher. The sets of the coordinator, the assistant and the observer contain the
    teacher. Foreign things belong to another teacher.
    """

    people: dict[str, User]
    own: dict[str, Any]
    foreign: dict[str, Any]


def make_world() -> World:
    """Make the school. It needs no cloud."""
    school = furnish()
    people = {Role.ADMINISTRATOR.value: school.administrator, Role.TEACHER.value: school.teacher}
    for role in (Role.COORDINATOR, Role.ASSISTANT, Role.OBSERVER, Role.AUDITOR):
        made = User.objects.create_user(f"{role.value}@school.test", "x", role=role, name=str(role.label))
        people[role.value] = made
        if role != Role.AUDITOR:
            Supervision.objects.create(person=made, teacher=school.teacher)
    foreign = make_room("Foreign", people_online=2, hands_raised=1)
    RoomTeacher.objects.create(room=foreign, user=school.other_teacher)
    fill(foreign)
    for one in foreign.participants.exclude(user_uuid="ana"):
        Participant.objects.filter(pk=one.pk).update(user_uuid=f"{one.user_uuid} of another class")
    SignOnProvider.objects.create(
        key="school", label="School account", issuer="http://127.0.0.1:9", secret=encrypt("a secret")
    )
    ChatTarget.objects.create(
        key="chat",
        name="Staff",
        service=Service.NTFY,
        host="127.0.0.1",
        secret=encrypt(json.dumps({"address": "http://127.0.0.1:9/school", "token": ""})),
    )
    Endpoint.objects.create(key="hook", address="http://127.0.0.1:9", secret=encrypt("whsec_AAAA"))
    Platform.objects.create(
        key="platform", label="Moodle", issuer="http://127.0.0.1:9", client_id="tool",
        login_url="http://127.0.0.1:9/auth", token_url="http://127.0.0.1:9/token",
        jwks_url="http://127.0.0.1:9/keys",
    )  # fmt: skip
    return World(
        people=people,
        own=_things(school.room, school.teacher, school.administrator),
        foreign=_things(foreign, school.other_teacher, school.administrator),
    )


def _things(room: Room, owner: User, administrator: User) -> dict[str, Any]:
    details = {"g1": {"groupName": "Group 1", "users": []}}
    Room.objects.filter(pk=room.pk).update(groups={"state": 1, "details": details}, groups_sequence=1)
    room.refresh_from_db()
    named = partial(Participant.objects.get, room=room)
    listed = ClassList.objects.create(name="7b", owner=owner)
    access = access_to(administrator, room)
    entry = record(actor=owner, action="class.start", room_uuid=room.room_uuid)
    add_step(entry, Step.Kind.REQUESTED)
    over = class_over(f"Over {room.pk}", MONDAY, {f"Ada {room.pk}": HOUR}, teacher=owner, class_list=listed)
    file = SimpleUploadedFile("a.pdf", b"%PDF-1.7")
    signed, file_name = address_of(uploads.take(access, file=file)).split("/")[-2:]
    stored = {"owner": owner, "content": b"name\nAda\n", "stored_at": clock.now()}
    params = {"role": owner.role, "filter": {}, "options": {}, "rooms": []}
    export = ExportJob.objects.create(owner=owner, what="attendance", format="csv", params=params)
    removal = participants.schedule_removal(access, participant=named(name="Ana Torres"), after_s=600)
    hold = deletions.schedule_deletion(access, resources=list(Resource.objects.filter(room=room)))
    return {
        "key": room.key,
        "of the teacher": owner.pk,
        "person": named(name="Ana Torres").pk,
        "gone": named(name="Gone").pk,
        "of the quiz": Quiz.objects.get(room=room).pk,
        "recording": Recording.objects.get(room=room).pk,
        "file": Resource.objects.get(room=room).pk,
        "event": StoredEvent.objects.filter(room=room).values_list("pk", flat=True)[0],
        "group": group_key(Group("g1", "Group 1")),
        "removal": removal.pk,
        "hold": hold.entry_id,
        "entry": entry.pk,
        "run": bulk.start(actor=owner, what="end", keys=[room.key], token=f"once {room.pk}").key,
        "plan": Series.objects.create(created_by=owner, name="Latin", zone="UTC").key,
        "list": listed.key,
        "listed": listed.people.create(name="Ada", user_uuid=f"ada {room.pk}").pk,
        "list_file": ClassListFile.objects.create(class_list=listed, name="7b.csv", **stored).key,
        "oneroster": ClassListFile.objects.create(class_list=None, name="a.zip", **stored).key,
        "people_file": ClassListFile.objects.create(
            owner=administrator,
            of_accounts=True,
            name="staff.csv",
            content=b"name,e-mail\nAda,ada@school.test\n",
            stored_at=clock.now(),
        ).key,
        "over": over.room.key,
        "attended": person(over, f"Ada {room.pk}").pk,
        "export": export.key,
        "join_code": renew_link(access).code,
        "fingerprint": sprite_fingerprint(),
        "signed": signed,
        "webhook_message": Delivery.objects.create(
            endpoint=Endpoint.objects.get(), number=f"msg_{room.pk}", state="delivered", claimable_at=None
        ).pk,
        "failed_mail": Mail.objects.create(
            kind="alert", person=owner, room=room, state="failed", due_at=clock.now()
        ).pk,
        "file_name": file_name,
    }
