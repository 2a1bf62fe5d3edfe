"""Who may open what: administrator, own teacher, other teacher, nobody; a table that no address can be
missing from.
"""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, reverse

from classroom_admin.audit.models import Entry
from classroom_admin.core import clock
from classroom_admin.live import urls
from classroom_admin.live.icons import fingerprint
from classroom_admin.rooms.models import Participant, PeerMessage, Quiz
from classroom_admin.sync.models import StoredEvent
from tests.live.conftest import HTMX, School

OPEN = "open to everybody"
ALL = "open to everybody who is signed in"
OWN = "open to those who see the class"
TABLE = {
    "classes": ALL,
    "classes_changes": ALL,
    "create": ALL,
    "icons": OPEN,
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
    "recording": OWN,
    "add_file": OWN,
    "delete_files": OWN,
}
COMMANDS = ("command", "remove", "let_back", "recording", "add_file", "delete_files")


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
        "icons": lambda: {"fingerprint": fingerprint()},
        "command": lambda: {"name": "close"},
        "recording": lambda: {"name": "stop"},
        "event": lambda: {"pk": StoredEvent.objects.filter(room=school.room).first().pk},
        "there": lambda: {"of": "room", "number": 1},
        "question": lambda: {"of": "quiz", "pk": Quiz.objects.get().pk},
        "remove": lambda: {"pk": Participant.objects.get(name="Ana Torres").pk},
        "let_back": lambda: {"pk": Participant.objects.get(name="Gone").pk},
    }
    kwargs = more.get(name, dict)()
    if TABLE[name] == OWN:
        kwargs["key"] = school.room.key
    return reverse(f"live:{name}", kwargs=kwargs)


def test_every_address_is_in_the_table() -> None:
    assert names(urls.urlpatterns) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("who", ["administrator", "teacher", "other_teacher", "nobody"])
def test_who_may_open(school: School, name: str, headers: dict[str, str], who: str) -> None:
    client = school.signed_in(getattr(school, who, None))
    answer = client.get(address(name, school), **headers)
    if TABLE[name] == OPEN:
        assert answer.status_code == 200
    elif who == "nobody" and headers:
        assert answer.status_code == 401
        assert answer["HX-Refresh"] == "true"
        assert not answer.content
    elif who == "nobody":
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))
    elif who == "other_teacher" and TABLE[name] == OWN:
        assert answer.status_code == 404
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("who", ["other_teacher", "nobody"])
def test_who_may_not_act(school: School, name: str, who: str) -> None:
    before = Entry.objects.count()
    answer = school.signed_in(getattr(school, who, None)).post(address(name, school), {"span": "now"})
    assert answer.status_code == (404 if who == "other_teacher" else 302)
    assert Entry.objects.count() == before


def test_a_row_of_another_room_is_not_found_under_ones_own(school: School) -> None:
    from tests.live.conftest import make_event, make_person, make_room

    foreign = make_room("Foreign")
    person, event = make_person(foreign, 9), make_event(foreign, 1)
    client = school.signed_in(school.teacher)
    message = PeerMessage.objects.create(room=foreign, digest="d", arrived=1, sent_at=clock.now())
    quiz = Quiz.objects.create(room=foreign, quiz_id="theirs")
    for of, number in (("peer", message.pk), ("room", 99), ("nothing", 1)):
        assert client.get(reverse("live:there", args=[school.room.key, of, number])).status_code == 404
    for of in ("quiz", "poll", "nothing"):
        assert client.get(reverse("live:question", args=[school.room.key, of, quiz.pk])).status_code == 404
    for name, pk in (("remove", person.pk), ("let_back", person.pk), ("event", event.pk)):
        assert client.get(reverse(f"live:{name}", args=[school.room.key, pk])).status_code == 404


def test_a_teacher_lists_own_classes_only(school: School) -> None:
    from tests.live.conftest import make_room

    make_room("Somebody else's class")
    assert b"Somebody else" not in school.signed_in(school.teacher).get("/").content
    assert b"Somebody else" in school.signed_in(school.administrator).get("/").content


def test_get_never_acts(school: School) -> None:
    client = school.signed_in(school.administrator)
    before = Entry.objects.count()
    for name in COMMANDS:
        assert client.get(address(name, school)).status_code == 200
    assert Entry.objects.count() == before
