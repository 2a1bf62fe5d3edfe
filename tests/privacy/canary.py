"""A school in which a person left traces of every kind, made with the simulated cloud."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from classroom_admin.accounts.models import CalendarFeed, CloudIdentity, User
from classroom_admin.actions import participants
from classroom_admin.actions.files import uploads
from classroom_admin.agora.answers import RawAnswer
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.reports import corrections, summaries
from classroom_admin.reports.exports import all as _all  # noqa: F401 - registers the exports
from classroom_admin.reports.exports import jobs
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import AgoraChatRoom, ClassList, ListedPerson, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.simulator.world import resources
from classroom_admin.simulator.world.world import World
from classroom_admin.sync import inbox, projector, webhook
from classroom_admin.sync.models import InboxAnswer, Quarantine
from tests.sync.conftest import room, sync_once

USER_ID = "Canary-7Qx9-id"
NAME = "Canaria Quellfeder"
EMAIL = "canaria.quellfeder@school.test"
WORDS = (
    "canary-chat",
    "canary-direct",
    "canary-agora",
    "canary-note",
    "canary-reason",
    "canary-file",
    "canary-upload",
)
TRACES = (USER_ID, USER_ID.lower(), NAME, NAME.lower(), EMAIL, *WORDS)


@dataclass(frozen=True)
class CanarySchool:
    head: User
    account: User
    sim: RunningSimulator


def build(sim: RunningSimulator, tmp_path: Path) -> CanarySchool:
    """Let the person do everything in the class `maths`, which another person attends, too."""
    head = User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR, name="Ruth Head")
    account = User.objects.create_user(EMAIL, "x", name=NAME)
    CloudIdentity.objects.create(user=account, user_uuid=USER_ID)
    CalendarFeed.objects.create(user=account, code="code")
    record.done(actor=account, action="account.sign_in", target=EMAIL)
    attend(sim)
    with_list(head, tmp_path)
    messages(sim)
    intervene(sim, head, account)
    sim.room("maths", "leave", userUuid="ben")
    sim.room("maths", "state", state=2)
    assert sync_once() == ""
    correct(head)
    export(head)
    return CanarySchool(head, account, sim)


def attend(sim: RunningSimulator) -> None:
    sim.make_room("maths", roomName="Mathematics", state=1)
    sim.room("maths", "enter", userUuid="t1", userName="Tea Cher", role=1)
    sim.room("maths", "enter", userUuid="ben", userName="Ben")
    sim.room("maths", "enter", userUuid=USER_ID, userName=NAME)
    sim.room("maths", "chat", userUuid=USER_ID, message="canary-chat")
    sim.room("maths", "chat", userUuid="ben", message="Words of Ben")
    sim.room("maths", "wave", userUuid=USER_ID)
    sim.room("maths", "stage", userUuid=USER_ID)
    sim.room("maths", "reward", userUuid=USER_ID)
    sim.room("maths", "quiz", userUuid="t1", items=["A", "B"], correctItems=["B"])
    sim.room("maths", "answer", userUuid=USER_ID, selectedItems=["B"])
    sim.room("maths", "answer", userUuid="ben", selectedItems=["A"])
    sim.room("maths", "quiz", stop=True)
    sim.room("maths", "property", properties={"people": {USER_ID: {"name": NAME, "score": 1}}})
    sim.do(share_file)
    sim.room("maths", "record", state=1)
    assert sync_once() == ""


def share_file(world: World) -> None:
    resources.put(
        world,
        world.rooms["maths"],
        uuid="f1",
        name="canary-file",
        ext="pdf",
        size=9,
        url="https://files.test/canary-file.pdf",
        conversion=None,
        operator=USER_ID,
    )


def with_list(head: User, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"Name,Email,User ID\n{NAME},{EMAIL},{USER_ID}\nBen,,ben\n")
    mapping = json.dumps({"Name": "name", "Email": "email", "User ID": "user_id"})
    call_command(
        "classlist", str(file), "--name", "7b", "--room", "maths", "--mapping", mapping, stdout=StringIO()
    )
    file.unlink()
    by_name = ClassList.objects.create(name="Choir", owner=head)
    ListedPerson.objects.create(class_list=by_name, name=NAME)


def messages(sim: RunningSimulator) -> None:
    """Deliver direct messages, notifications, a message of Agora Chat, and one that nobody can read."""
    direct = sim.room("maths", "peer", userUuid=USER_ID, toUserUuid="ben", message="canary-direct", cmd=1)
    webhook.accept(json.dumps(direct["relay"]).encode(), timestamp="1")
    answer = sim.room("maths", "peer", userUuid="ben", toUserUuid=USER_ID, message=f"Hi {NAME}", cmd=1)
    webhook.accept(json.dumps(answer["relay"]).encode(), timestamp="2")
    for notice in list(sim.cloud.world.notices):
        webhook.accept_notification(json.dumps(notice | {"notifyMs": 1}).encode())
    webhook.accept_notification(notification("n-canary", at_s=clock.now_ms() // 1000))
    AgoraChatRoom.objects.create(
        room=room("maths"), org_name="o", app_name="a", chat_room_id="c1", known_since=clock.now()
    )
    message = {
        "chat_type": "chatroom",
        "group_id": "c1",
        "msg_id": "m1",
        "from": USER_ID.lower(),
        "timestamp": clock.now_ms(),
        "payload": {
            "bodies": [{"type": "txt", "msg": "canary-agora"}],
            "ext": {"nickName": NAME, "role": 2, "avatarUrl": f"https://a.test/{USER_ID}.png"},
        },
    }
    receive(message, InboxAnswer.Source.CHAT_CALL, room_uuid="c1")
    Quarantine.objects.create(raw=f'{{"userUuid": "{USER_ID}", broken {NAME}', reason="not JSON")
    projector.project_rooms([room("maths").pk], past_gaps=True)


def notification(notice_id: str, *, at_s: int) -> bytes:
    """Return a notification that the person joined the class."""
    named = {"channelName": "maths", "account": USER_ID, "uid": 7, "ts": at_s, "clientSeq": 1}
    body = {"noticeId": notice_id, "productId": 1, "eventType": 103, "notifyMs": 1, "payload": named}
    return json.dumps(body).encode()


def receive(content: Any, source: InboxAnswer.Source, room_uuid: str) -> None:
    """Store a response of the cloud, and read it."""
    raw = RawAnswer(
        body=json.dumps(content).encode(),
        http_status=200,
        received_at_ms=clock.now_ms(),
        request_id="",
        path="",
    )
    inbox.read(inbox.keep(raw, source=source, room_uuid=room_uuid).pk)


def intervene(sim: RunningSimulator, head: User, account: User) -> None:
    access = access_to(head, room("maths"))
    uploads.take(access_to(head, room("maths")), file=SimpleUploadedFile("plan.csv", b"a,plan"))
    upload = uploads.take(access, file=SimpleUploadedFile("canary-upload.csv", b"canary-upload,1"))
    type(upload).objects.filter(pk=upload.pk).update(by=account)
    person = access.room.participants.get(user_uuid=USER_ID)
    participants.remove_participant(access, participant=person, duration_s=60, reason="canary-reason")
    assert sync_once() == ""


def correct(head: User) -> None:
    summaries.refresh(room("maths"))
    access = access_to(head, room("maths"))
    row = PersonSummary.objects.get(user_uuid=USER_ID)
    corrections.correct(access, row, status="excused", note="canary-note")


def export(head: User) -> None:
    chosen = ReportFilter(viewer=head)
    jobs.request_export(
        owner=head, what="attendance", file_format="csv", chosen=chosen, options={"student": NAME}, total=1
    )
    while jobs.work():
        pass


def rows_of(class_room: Room) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a class that pages show."""
    from classroom_admin.sync.read_models import TABLES

    return {
        name: [*table.model._default_manager.filter(room=class_room).order_by("pk").values()]
        for name, table in TABLES.items()
    }
