"""Access to every address: administrator, own teacher, other teacher, nobody. Add new addresses here."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, reverse

from classroom_admin.actions import bulk, participants
from classroom_admin.actions.files import deletions, uploads
from classroom_admin.actions.files.addresses import address_of
from classroom_admin.actions.models import BulkRun, ScheduledCommand, Series
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.breakout_rooms import Group
from classroom_admin.rooms.models import Participant, PeerMessage, Quiz, Recording, Resource, Room
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web import urls
from classroom_admin.web.classroom.breakout_rooms import group_key
from classroom_admin.web.icons import sprite_fingerprint
from tests.school import HTMX, School

OPEN = "open to everybody"
ALL = "open to everybody who is signed in"
OWN = "open to those who see the class"
PLANNED = "open to those who see the plan"
ADMINISTRATORS = "open to administrators"
POSTED = "who may post it (or, a calendar or a shared recording, read it) is in tests of its own"
TABLE = {
    "classes": ALL,
    "classes_changes": ALL,
    "more_tiles": ALL,
    "status": ALL,
    "enter": OWN,
    "substitute": ADMINISTRATORS,
    "create": ALL,
    "icons": OPEN,
    "search": ALL,
    "student": OWN,
    "class": OWN,
    "class_changes": OWN,
    "more_people": OWN,
    "chat": OWN,
    "events": OWN,
    "event": OWN,
    "there": OWN,
    "question": OWN,
    "replay": OWN,
    "details": OWN,
    "command": OWN,
    "remove": OWN,
    "let_back": OWN,
    "people_do": OWN,
    "person_form": OWN,
    "group": OWN,
    "end_question": OWN,
    "person": OWN,
    "attendance": OWN,
    "not_taken_part": OWN,
    "kept_out": OWN,
    "call_off": OWN,
    "class_list": OWN,
    "check": OWN,
    "recording": OWN,
    "add_file": OWN,
    "delete_files": OWN,
    "snooze": OWN,
    "keep": ADMINISTRATORS,
    "keys": ALL,
    "together": ALL,
    "run": OWN,
    "check_class": POSTED,
    "plans": ALL,
    "plan": PLANNED,
    "change_plan": PLANNED,
    "plan_do": POSTED,
    "calendar": ALL,
    "calendar_feed": POSTED,
    "groups": OWN,
    "properties": OWN,
    "check_properties": POSTED,
    "undo_delete": OWN,
    "file_pages": OWN,
    "streams": OWN,
    "shared_file": OPEN,
    "shared_recording": POSTED,
    "shared_recording_file": POSTED,
    "shared_recording_segment": POSTED,
}
BY_POST_ALONE = ("upload_file", "check_recording")
COMMANDS = (
    "command",
    "remove",
    "let_back",
    "people_do",
    "person_form",
    "group",
    "end_question",
    "call_off",
    "class_list",
    "check",
    "recording",
    "add_file",
    "delete_files",
    "undo_delete",
    "snooze",
    "substitute",
    "run",
)


def run_of(school: School) -> BulkRun:
    """Make a bulk action of the teacher."""
    known = BulkRun.objects.first()
    return known or bulk.start(actor=school.teacher, what="end", keys=[school.room.key], token="once")


def names(patterns: list[URLPattern | URLResolver]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= names(pattern.url_patterns)
        else:
            assert pattern.name, f"{pattern} has no name, so no test can tell who may open it"
            found.add(pattern.name)
    return found


def address(name: str, school: School) -> str:
    more = {
        "icons": lambda: {"fingerprint": sprite_fingerprint()},
        "command": lambda: {"name": "close"},
        "enter": lambda: {"name": "teacher"},
        "recording": lambda: {"name": "stop"},
        "check_recording": lambda: {"name": "start"},
        "undo_delete": lambda: {"hold": hold(school).entry_id},
        "file_pages": lambda: {"pk": Resource.objects.get(room=school.room).pk},
        "streams": lambda: {"pk": Recording.objects.get(room=school.room).pk},
        "shared_file": lambda: dict(zip(("signed", "name"), uploaded(school).split("/")[-2:], strict=True)),
        "event": lambda: {"pk": StoredEvent.objects.filter(room=school.room).first().pk},
        "there": lambda: {"of": "room", "number": 1},
        "question": lambda: {"of": "quiz", "pk": Quiz.objects.get().pk},
        "remove": lambda: {"pk": Participant.objects.get(name="Ana Torres").pk},
        "let_back": lambda: {"pk": Participant.objects.get(name="Gone").pk},
        "person_form": lambda: {"pk": Participant.objects.get(name="Ana Torres").pk, "name": "reward"},
        "group": lambda: {"group": open_group(school), "name": "rename"},
        "end_question": lambda: {"of": "quiz", "pk": Quiz.objects.get().pk},
        "run": lambda: {"run": run_of(school).key},
        "student": lambda: {"pk": Participant.objects.get(name="Gone").pk},
        "person": lambda: {"pk": Participant.objects.get(name="Gone").pk},
        "call_off": lambda: {"pk": planned_removal(school).pk},
        "check": lambda: {"pk": Entry.objects.filter(action="class.start").first().pk},
    }
    kwargs = more.get(name, dict)()
    if TABLE.get(name, OWN) in (OWN, ADMINISTRATORS) and name not in ("run", "student"):
        kwargs["key"] = school.room.key
    if TABLE.get(name) == PLANNED:
        kwargs["key"] = Series.objects.create(created_by=school.teacher, name="Latin", zone="UTC").key
    found = reverse(f"live:{name}", kwargs=kwargs)
    return f"{found}?mute={Participant.objects.get(name='Ana Torres').pk}" if name == "people_do" else found


def open_group(school: School) -> str:
    """Open a breakout room. Return its key in addresses."""
    details = {"g1": {"groupName": "Group 1", "users": []}}
    Room.objects.filter(pk=school.room.pk).update(groups={"state": 1, "details": details}, groups_sequence=1)
    return group_key(Group("g1", "Group 1"))


def planned_removal(school: School) -> ScheduledCommand:
    found = ScheduledCommand.objects.filter(kind=ScheduledCommand.Kind.REMOVAL).first()
    if found is not None:
        return found
    ana = Participant.objects.get(name="Ana Torres")
    return participants.schedule_removal(access_to(school.teacher, school.room), participant=ana, after_s=600)


def hold(school: School) -> ScheduledCommand:
    files = list(Resource.objects.filter(room=school.room))
    return deletions.schedule_deletion(access_to(school.administrator, school.room), resources=files)


def uploaded(school: School) -> str:
    """Return the address of a file that was uploaded for the class."""
    file = SimpleUploadedFile("a.pdf", b"%PDF-1.7")
    return address_of(uploads.take(access_to(school.administrator, school.room), file=file))


def test_every_address_is_in_the_access_table() -> None:
    assert names(urls.urlpatterns) == {*TABLE, *BY_POST_ALONE}


@pytest.mark.parametrize("name", BY_POST_ALONE)
def test_access_to_post_only_addresses(school: School, name: str) -> None:
    where = address(name, school)
    assert school.signed_in(school.administrator).get(where).status_code == 405
    for who, status in (("administrator", {200, 422}), ("teacher", {200, 422}), ("other_teacher", {404})):
        assert school.signed_in(getattr(school, who)).post(where).status_code in status
    assert school.signed_in(None).post(where).status_code == 302


@pytest.mark.parametrize("name", [name for name, who in TABLE.items() if who != POSTED])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("who", ["administrator", "teacher", "other_teacher", "nobody"])
def test_access_to_pages(school: School, name: str, headers: dict[str, str], who: str) -> None:
    client = school.signed_in(getattr(school, who, None))
    answer = client.get(address(name, school), **headers)
    answer.close()  # a file stays open until then
    if TABLE[name] == OPEN:
        assert answer.status_code == 200
    elif who == "nobody" and headers:
        assert answer.status_code == 401
        assert answer["HX-Refresh"] == "true"
        assert not answer.content
    elif who == "nobody":
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))
    elif who == "other_teacher" and TABLE[name] in (OWN, PLANNED, ADMINISTRATORS):
        assert answer.status_code == 404
    elif who == "teacher" and TABLE[name] == ADMINISTRATORS:
        assert answer.status_code == 403
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("who", ["other_teacher", "nobody"])
def test_others_can_not_post(school: School, name: str, who: str) -> None:
    where = address(name, school)
    before = Entry.objects.count()
    answer = school.signed_in(getattr(school, who, None)).post(where, {"span": "now"})
    assert answer.status_code == (404 if who == "other_teacher" else 302)
    assert Entry.objects.count() == before


@pytest.mark.parametrize("who", ["administrator", "teacher", "other_teacher", "nobody"])
@pytest.mark.parametrize("name", ["check_class", "check_properties", "plan_do", "groups", "properties"])
def test_own_teacher_and_administrator_can_post(school: School, name: str, who: str) -> None:
    plan = Series.objects.create(created_by=school.teacher, name="Latin", zone="UTC")
    args = {
        "check_class": [],
        "plan_do": [plan.key, "retry"],
    }.get(name, [school.room.key])
    before = Entry.objects.count()
    client = school.signed_in(getattr(school, who, None))
    answer = client.post(reverse(f"live:{name}", args=args), {"do": "compare", "base": "{}", "text": "{}"})
    if who == "nobody":
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))
    elif who == "other_teacher" and args:
        assert answer.status_code == 404
    else:
        assert answer.status_code == (302 if name == "plan_do" else 200)
    assert Entry.objects.count() == before


def test_row_of_another_room_is_not_found(school: School) -> None:
    from tests.school import make_event, make_person, make_room

    foreign = make_room("Foreign")
    person, event = make_person(foreign, 9), make_event(foreign, 1)
    client = school.signed_in(school.teacher)
    message = PeerMessage.objects.create(room=foreign, digest="d", arrived=1, sent_at=clock.now())
    quiz = Quiz.objects.create(room=foreign, quiz_id="theirs")
    for of, number in (("peer", message.pk), ("room", 99), ("nothing", 1)):
        assert client.get(reverse("live:there", args=[school.room.key, of, number])).status_code == 404
    for of in ("quiz", "poll", "nothing"):
        assert client.get(reverse("live:question", args=[school.room.key, of, quiz.pk])).status_code == 404
    for name, *more in (
        ("remove", person.pk),
        ("let_back", person.pk),
        ("person_form", person.pk, "reward"),
        ("person", person.pk),
        ("event", event.pk),
    ):
        assert client.get(reverse(f"live:{name}", args=[school.room.key, *more])).status_code == 404
    do = reverse("live:people_do", args=[school.room.key])
    assert client.get(do, {"mute": person.pk}).status_code == 404
    end = reverse("live:end_question", args=[school.room.key, "quiz", quiz.pk])
    assert client.get(end).status_code == 404


def test_teacher_sees_own_classes_only(school: School) -> None:
    from tests.school import make_room

    make_room("Someone else's class")
    assert b"Someone else" not in school.signed_in(school.teacher).get("/").content
    assert b"Someone else" in school.signed_in(school.administrator).get("/").content


def test_get_requests_never_act(school: School) -> None:
    client = school.signed_in(school.administrator)
    addresses = [address(name, school) for name in COMMANDS]
    before = Entry.objects.count()
    for where in addresses:
        assert client.get(where).status_code == 200
    assert Entry.objects.count() == before
