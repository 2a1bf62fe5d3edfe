"""A realistic class, for screenshots and for the tests of every page."""

import json
import time
from typing import TYPE_CHECKING

from tests.browser.school import ADMINISTRATOR, Classroom, eventually, open_classroom

if TYPE_CHECKING:
    from tests.browser.conftest import Dashboard

STUDENTS = [
    ("p1", "Zoë Brandt"),
    ("p2", "Amir Haddad"),
    ("p3", "Lena Fischer"),
    ("p4", "Mateo García López"),
    ("p5", "Sakura Kobayashi"),
    ("p6", "ليلى منصور"),
    ("p7", "Jonas Weber"),
    ("p8", "Ngozi Okafor"),
    ("p9", "Sofie Lindqvist"),
    ("p10", "Tom Becker"),
    ("p11", "Priya Raman"),
    ("p12", "Ilse van den Berg"),
    ("p13", "Oskar Nowak"),
]
MESSAGES = [
    ("teacher-1", "Good morning! Please open worksheet 3."),
    ("p1", "Good morning"),
    ("p7", "Which page?"),
    ("teacher-1", "Page 2, the right triangle. Who can tell me the longest side?"),
    ("p5", "The hypotenuse"),
    ("p2", "c² = a² + b², so c = 5"),
    ("teacher-1", "Exactly. Amir, would you show us on the board?"),
]
# other names that people gave: files, a class list, a series, listed people
OTHER_NAMES = {
    "Worksheet 3.pdf",
    "Right triangles.pptx",
    "Maths 8a",
    "Ada Lovelace",
    "Emil Svensson",
    "At the doctor",
}


def furnish(room: Classroom, *, students: list[tuple[str, str]] = STUDENTS, suffix: str = "") -> None:
    """Add students, raised hands, rewards, chat, files, a quiz and a recording to the room.

    `suffix` lengthens the messages and the names of the files.
    """
    for user_uuid, name in students:
        room.enter(user_uuid, name, stream=user_uuid in ("p2", "p3", "p8"))
    for user_uuid, text in MESSAGES:
        if user_uuid != "teacher-1" or any(user["userUuid"] == "teacher-1" for user in room.truth()["users"]):
            room.act("chat", userUuid=user_uuid, message=text + suffix)
    room.act("stage", userUuid="p2")
    for user_uuid in ("p9", "p4"):
        room.act("wave", userUuid=user_uuid)
    for user_uuid, change in (("p2", 3), ("p5", 1), ("p11", 2)):
        room.act("reward", userUuid=user_uuid, change=change)
    room.act("mute", userUuid="p10", muteChat=1)
    room.act("drop", userUuid="p13")
    room.act("kick", userUuid="p12", duration=600)
    room.act(
        "resource", resourceUuid="w3", resourceName=f"Worksheet 3{suffix}.pdf", size=284_113, convert=True
    )
    room.act(
        "resource",
        resourceUuid="tri",
        resourceName=f"Right triangles{suffix}.pptx",
        ext="pptx",
        size=1_920_400,
    )
    room.act("record", state=1, mode="web", publish=True)
    room.act("quiz", userUuid="p1", items=["3", "4", "5"], correctItems=["5"])
    for user_uuid, item in (("p2", "5"), ("p3", "5"), ("p7", "4"), ("p9", "5")):
        room.act("answer", userUuid=user_uuid, selectedItems=[item])


def fail_a_recording(room: Classroom) -> None:
    """Let a recording fail: the only alert that appears without waiting."""
    for user_uuid, name in STUDENTS[:9]:
        room.enter(user_uuid, name)
    room.act("record", state=1)
    room.act("record", state=0, failed=True)


def hold_a_class(room: Classroom, name: str, students: list[tuple[str, str]]) -> Classroom:
    """Open another class in the same cloud, let some students take part, and close it."""
    over = open_classroom(room.simulator, name)
    for user_uuid, student in students[:9]:
        over.enter(user_uuid, student)
    entered_at = time.monotonic()
    eventually(
        lambda: time.monotonic() > entered_at + 1.5
    )  # the charts of a report need a class with a length
    over.act("stage", userUuid="p2")
    over.act("wave", userUuid="p4")
    over.act("record", state=1, mode="web", publish=True)
    over.act("chat", userUuid="p1", message=MESSAGES[1][1])
    over.act("quiz", userUuid="teacher-1", items=["A", "B"], correctItems=["A"])
    over.act("answer", userUuid="p1", selectedItems=["A"])
    over.act("quiz", stop=True)
    over.act("record", state=0)
    over.act("state", state=2)
    over.act("state", state=3)
    return over


LIST_FILE = "Nachname;Vorname;Nr.;E-Mail;Klasse\nLovelace;Ada;ada;ada@school.example;8a\nBrandt;Zoë;z1;;8a\n"
EXPORT = {
    "users.csv": "sourcedId,givenName,familyName,email\nu1,Ada,Lovelace,ada@school.example\nu2,Zoë,Brandt,\n",
    "classes.csv": "sourcedId,title\nc1,Maths 8a\nc2,Art 8a\n",
    "enrollments.csv": "classSourcedId,userSourcedId,role\nc1,u1,student\nc1,u2,student\nc2,u1,student\n",
}


# Creates what only the dashboard stores: a class list, a series, a scheduled removal, a bulk action. Prints
# all keys.
_COMPLETE = """
import json
from datetime import timedelta
from classroom_admin.accounts.models import SignOnProvider, User
from classroom_admin.common.encryption import encrypt
from classroom_admin.actions import bulk, class_list_files, class_lists, participants, scheduling
from classroom_admin.actions.account_files import saving
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.integrations.lti.models import Course, Platform, ResourceLink
from classroom_admin.integrations.chat_targets.models import ChatMessage, ChatTarget
from classroom_admin.integrations.mail.choices import unsubscribe_path
from classroom_admin.integrations.mail.models import Mail, MailKind
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.webhooks.models import Attempt, Delivery, Endpoint
from classroom_admin.reports.models import ExportJob
from classroom_admin.reports import corrections, summaries
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.class_list_files.oneroster import packed
from classroom_admin.rooms.models import Recording, Room, RoomState
from classroom_admin.sync.models import StoredEvent
actor = User.objects.get(email=EMAIL)
room = Room.objects.filter(room_uuid=ROOM).first()
failed = Room.objects.filter(room_uuid=FAILED, recordings__unready=True).first()
parts = room and [
    room.participants.filter(user_uuid="p10").first(), room.participants.filter(user_uuid="p12").first(),
    room.resources.filter(converted_percent=100).first(), room.quizzes.first(),
    Recording.objects.filter(room=room).first(), room.messages.order_by("-sequence").first(),
    StoredEvent.objects.filter(room=room).order_by("pk").first()]
over = Room.objects.filter(room_uuid=OVER, state=RoomState.CLOSED).first()
if not room or not failed or not over or not all(parts) or room.participants.count() < PEOPLE:
    print("null")
else:
    person, banned, file, question, recording, message, event = parts
    class_list = class_lists.make_list(actor=actor, name=LIST)
    class_lists.set_people(actor=actor, class_list=class_list, version=class_list.version, people=[
        *(class_lists.Person(name=name, user_uuid=uuid, group=LIST[:50]) for uuid, name in STUDENTS),
        class_lists.Person(name="Ada Lovelace", user_uuid="ada"), class_lists.Person(name="Emil Svensson")])
    class_lists.use_list(access_to(actor, room), class_list=class_list)
    class_lists.use_list(access_to(actor, over), class_list=class_list)
    people = {one.user_uuid: one for one in summaries.current(Room.objects.get(pk=over.pk)).people.all()}
    corrections.correct(access_to(actor, over), people["ada"], status="excused", note="At the doctor")
    list_file = class_list_files.store_file(
        actor=actor, class_list=class_list, name="8a.csv", content=LIST_FILE.encode())
    export = class_list_files.store_file(
        actor=actor, class_list=None, name="export.zip", content=packed(
            {name: text.encode() for name, text in EXPORT.items()}))
    people_file = saving.store_file(actor=actor, name="staff.csv", content=(
        "name,e-mail,active\\nNova Staff,nova@school.example,\\nTara Teacher,teacher@school.test,no\\n"
    ).encode())
    participants.remove_participant(
        access_to(actor, room), participant=banned, for_good=True, reason="Shared the link")
    removal = participants.schedule_removal(access_to(actor, room), participant=person, after_s=10_000)
    start = clock.now().replace(microsecond=0) + timedelta(days=10)
    plan = scheduling.plan(
        actor=actor, request_id="scene " + ROOM, name=SERIES, zone="Europe/Berlin",
        asked={"room_type": 4},
        starts=[start + timedelta(weeks=week) for week in range(6)], weekdays=[start.weekday()])
    running = Room.objects.filter(state=RoomState.STARTED).exclude(pk=failed.pk)
    run = bulk.start(
        actor=actor, what="record", keys=list(running.values_list("key", flat=True)), token="scene " + ROOM)
    made = {"owner": actor, "what": "attendance", "format": "xlsx", "done": 9, "total": 9}
    made["claimable_at"] = None
    ExportJob.objects.create(**made, state="failed", problem={"code": "export_not_stored", "params": {}})
    job = ExportJob.objects.create(
        **made, state="done", size=20_000, expires_at=clock.now() + timedelta(days=7))
    entry = Entry.objects.filter(room_uuid=room.room_uuid).order_by("pk").last()
    sign_on, _is_new = SignOnProvider.objects.get_or_create(issuer="https://login.school.example", defaults={
        "label": LIST[:60], "client_id": "classroom", "secret": encrypt("x"), "is_on": False,
        "rules": "group Teachers -> teacher\\nemail @school.example -> teacher"})
    endpoint, _is_new = Endpoint.objects.get_or_create(address="https://lms.school.example/hooks", defaults={
        "description": "LMS", "kinds": ["class_started"], "secret": encrypt("x"),
        "failing_since": clock.now(), "is_on": False, "off_reason": "failing", "off_at": clock.now()})
    hook, _is_new = Delivery.objects.get_or_create(endpoint=endpoint, number="msg_1", defaults={
        "room": room, "state": "failed", "claimable_at": None})
    if _is_new:
        Attempt.objects.create(delivery=hook, at=clock.now(), took_ms=1200, status=500, answer="<h1>Oh</h1>",
            problem={"code": "webhook_status", "params": {"status": 500}})
    address = "https://moodle.school.example"
    platform, _is_new = Platform.objects.get_or_create(issuer=address, client_id="tool", defaults={
        "label": LIST[:60], "login_url": address + "/auth", "token_url": address + "/token",
        "jwks_url": address + "/keys"})
    course, _is_new = Course.objects.get_or_create(
        platform=platform, deployment_id="1", context_id="1", defaults={"title": LIST, "owner": actor})
    ResourceLink.objects.get_or_create(
        course=course, resource_link_id=room.key,
        defaults={"platform": platform, "room": room, "room_uuid": room.room_uuid, "grade": "attendance"})
    chat, _is_new = ChatTarget.objects.get_or_create(host="ntfy.school.example", defaults={
        "name": LIST[:60], "service": "ntfy", "kinds": ["alert_raised", "class_ended"], "only_list": True,
        "secret": encrypt("x"), "is_on": False})
    happened, _is_new = Notice.objects.get_or_create(number="msg_chat", defaults={
        "kind": "alert_raised", "room": room, "at": clock.now(), "data": {"alert": "no_teacher"}})
    ChatMessage.objects.get_or_create(target=chat, notice=happened, defaults={
        "state": "failed", "claimable_at": None,
        "problem": {"code": "chat_status", "params": {"status": 500}}})
    Mail.objects.get_or_create(person=User.objects.get(email="teacher@school.test"), room=room,
        state="failed", kind="alert", defaults={"due_at": clock.now(), "problem": {"code": "mail_recipient",
            "params": {"place": "mail.school.example:587", "code": 550, "reply": "5.1.1 No such user"}}})
    unsubscribe = unsubscribe_path(User.objects.get(email="teacher@school.test"), MailKind.RECORDING_READY)
    print(json.dumps({"chat_target": chat.key, "unsubscribe": unsubscribe,
        "webhook": endpoint.key, "webhook_message": hook.pk, "room": room.key,
        "platform": platform.key, "failed": failed.key, "person": person.pk,
        "removal": removal.pk, "file": file.pk, "question": question.pk, "recording": recording.pk,
        "message": message.sequence, "event": event.pk, "command": entry.pk, "list": class_list.key,
        "listed": class_list.people.get(user_uuid="ada").pk, "list_file": list_file.key, "export": export.key,
        "people_file": people_file.key, "sign_on": sign_on.key,
        "plan": plan.key, "run": run.key, "report_export": job.key,
        "over": over.key, "attended": people["p1"].pk, "excused": people["ada"].pk}))
"""


def complete(
    room: Classroom,
    failed: Classroom,
    dashboard: "Dashboard",
    *,
    students: list[tuple[str, str]] = STUDENTS,
    list_name: str = "8a",
    series_name: str = "Maths 8a",
) -> dict[str, str]:
    """Create what only the dashboard stores, for a furnished class and one with an alert. Return the keys and
    numbers that their addresses contain.
    """
    over = hold_a_class(room, series_name[:60], students)
    known = f"EMAIL, ROOM, FAILED = {ADMINISTRATOR!r}, {room.uuid!r}, {failed.uuid!r}\n"
    known += f"OVER = {over.uuid!r}\n"
    known += f"STUDENTS, PEOPLE = {students!r}, {len(students)}\n"
    known += f"LIST_FILE, EXPORT = {LIST_FILE!r}, {EXPORT!r}\n"
    known += f"LIST, SERIES = {list_name!r}, {series_name!r}"

    def create() -> dict[str, str] | None:
        done = dashboard.manage("shell", "--verbosity", "0", "-c", known + _COMPLETE)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])

    return eventually(create, within_s=60)
