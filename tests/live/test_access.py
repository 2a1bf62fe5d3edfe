"""Who may open what: administrator, own teacher, other teacher, nobody; a table that no address can be
missing from.
"""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, reverse

from classroom_admin.actions.models import PlannedRemoval
from classroom_admin.actions.removals import planning
from classroom_admin.audit.models import Entry
from classroom_admin.live import urls
from classroom_admin.live.icons import fingerprint
from classroom_admin.rooms.models import Participant
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
    "details": OWN,
    "command": OWN,
    "remove": OWN,
    "let_back": OWN,
    "person": OWN,
    "kept_out": OWN,
    "call_off": OWN,
    "class_list": OWN,
    "check": OWN,
    "recording": OWN,
    "add_file": OWN,
    "delete_files": OWN,
}
COMMANDS = (
    "command",
    "remove",
    "let_back",
    "call_off",
    "class_list",
    "check",
    "recording",
    "add_file",
    "delete_files",
)


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
        "remove": lambda: {"pk": Participant.objects.get(name="Ana Torres").pk},
        "let_back": lambda: {"pk": Participant.objects.get(name="Gone").pk},
        "person": lambda: {"pk": Participant.objects.get(name="Gone").pk},
        "call_off": lambda: {"pk": planned_removal(school).pk},
        "check": lambda: {"pk": Entry.objects.filter(action="class.start").first().pk},
    }
    kwargs = more.get(name, dict)()
    if TABLE[name] == OWN:
        kwargs["key"] = school.room.key
    return reverse(f"live:{name}", kwargs=kwargs)


def planned_removal(school: School) -> PlannedRemoval:
    found = PlannedRemoval.objects.first()
    if found is not None:
        return found
    ana = Participant.objects.get(name="Ana Torres")
    return planning.plan_removal(actor=school.teacher, room=school.room, participant=ana, after_s=600)


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
    at = address(name, school)
    before = Entry.objects.count()
    answer = school.signed_in(getattr(school, who, None)).post(at, {"span": "now"})
    assert answer.status_code == (404 if who == "other_teacher" else 302)
    assert Entry.objects.count() == before


def test_a_row_of_another_room_is_not_found_under_ones_own(school: School) -> None:
    from tests.live.conftest import make_event, make_person, make_room

    foreign = make_room("Foreign")
    person, event = make_person(foreign, 9), make_event(foreign, 1)
    client = school.signed_in(school.teacher)
    for name, pk in (
        ("remove", person.pk),
        ("let_back", person.pk),
        ("person", person.pk),
        ("event", event.pk),
    ):
        assert client.get(reverse(f"live:{name}", args=[school.room.key, pk])).status_code == 404


def test_a_teacher_lists_own_classes_only(school: School) -> None:
    from tests.live.conftest import make_room

    make_room("Somebody else's class")
    assert b"Somebody else" not in school.signed_in(school.teacher).get("/").content
    assert b"Somebody else" in school.signed_in(school.administrator).get("/").content


def test_get_never_acts(school: School) -> None:
    client = school.signed_in(school.administrator)
    at = [address(name, school) for name in COMMANDS]
    before = Entry.objects.count()
    for one in at:
        assert client.get(one).status_code == 200
    assert Entry.objects.count() == before
