"""One person of a class list: add, change and delete, with the checks of files, and access."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.actions import class_lists
from classroom_admin.actions.class_lists import Person, people_of
from classroom_admin.audit.models import Entry
from classroom_admin.rooms import list_versions
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import ClassList, ListedPerson, Room, RoomState
from tests.school import HOSTILE, School

pytestmark = pytest.mark.django_db
ADA = Person(name="Ada Lovelace", user_uuid="ada", group="7b")
ALAN = Person(name="Alan", group="7b")
CHANGED = "Someone else changed this list in the meantime."


@pytest.fixture
def client(school: School) -> Client:
    return school.signed_in(school.teacher)


@pytest.fixture
def made(school: School) -> ClassList:
    made = class_lists.make_list(actor=school.teacher, name="7b")
    class_lists.set_people(actor=school.teacher, class_list=made, people=[ADA, ALAN], version=1)
    made.refresh_from_db()
    return made


def where(made: ClassList, name: str = "", do: str = "person") -> str:
    """Return the address of the person with this name, or of the form for a new person."""
    if not name:
        return reverse("lists:add_person", args=[made.key])
    return reverse(f"lists:{do}", args=[made.key, ListedPerson.objects.get(class_list=made, name=name).pk])


def form(made: ClassList, **values: str) -> dict[str, str]:
    made.refresh_from_db()
    return {"version": str(made.version), "name": "", "user_id": "", "email": "", "group": "", **values}


def html_of(answer: Any) -> str:
    return answer.content.decode()


def test_person_is_added_changed_and_deleted(client: Client, made: ClassList) -> None:
    page = html_of(client.get(reverse("lists:list", args=[made.key])))
    assert where(made) in page
    assert where(made, "Alan") in page
    answer = client.post(where(made), form(made, name=" Zoë ", email="z@school.test"), follow=True)
    assert answer.redirect_chain == [(reverse("lists:list", args=[made.key]), 302)]
    assert "“Zoë” was added." in html_of(answer)
    assert Person(name="Zoë", email="z@school.test") in people_of(made)
    page = html_of(client.get(where(made, "Zoë")))
    assert 'value="z@school.test"' in page
    client.post(where(made, "Zoë"), form(made, name="Zoë King", user_id="zoe", group="7a"))
    assert Person(name="Zoë King", user_uuid="zoe", group="7a") in people_of(made)
    answer = client.post(where(made, "Zoë King", "delete_person"), form(made), follow=True)
    assert "“Zoë King” was removed from the list." in html_of(answer)
    assert people_of(made) == [ADA, ALAN]
    entries = Entry.objects.filter(action="class_list.change", room_uuid="")[:3]
    kinds = [(entry.params["removed"], entry.params["changed"], entry.params["added"]) for entry in entries]
    assert kinds == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert entries[0].params["names"] == ["Zoë King"]


def test_several_people_are_added_one_after_the_other(client: Client, made: ClassList) -> None:
    answer = client.post(where(made), form(made, name="Zoë") | {"another": "1"})
    assert answer["Location"] == where(made)
    client.post(where(made), form(made, name="Ben"))
    assert {"Zoë", "Ben"} < {one.name for one in people_of(made)}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "\u200b \u3164"}, "This field is required."),
        ({"name": "x" * 256}, "at most 255 characters"),
        ({"name": "Ren\ufffd"}, "The cell contains a damaged character."),
        ({"name": "Zoë", "user_id": "a/b"}, "User id “a/b”: The cloud does not allow"),
        ({"name": "Zoë", "user_id": "1.23E+11"}, "lost some digits"),
        ({"name": "Zoë", "email": "zoe"}, "“zoe” is not an email address."),
        ({"name": "Zoë", "group": "g" * 121}, "at most 120 characters"),
        ({"name": "Zoë", "user_id": "ada"}, "“Ada Lovelace” on this list already has this user id."),
        ({"name": "ALAN", "group": "7B"}, "“Alan” is already on this list."),
    ],
)
def test_invalid_person_is_refused_and_nothing_entered_is_lost(
    client: Client, made: ClassList, values: dict[str, str], says: str
) -> None:
    before = people_of(made)
    for address in (where(made), where(made, "Ada Lovelace" if "already" not in says else "Alan")):
        if "“Alan” is" in says and "new" not in address:
            continue  # Alan himself
        answer = client.post(address, form(made, **values))
        assert answer.status_code == 422
        page = html_of(answer)
        assert says in page.replace("&#x27;", "'")
        assert 'aria-invalid="true"' in page, "the error is at its field"
        for entered in values.values():
            assert len(entered) > 100 or entered in page
    assert people_of(made) == before


@pytest.mark.parametrize(
    "values",
    [
        {"name": "Alan", "group": "7c"},
        {"name": "Alan", "group": "7b", "user_id": "alan2"},
        {"name": "रीना", "user_id": "00017"},
    ],
)
def test_people_who_can_be_told_apart_are_accepted(
    client: Client, made: ClassList, values: dict[str, str]
) -> None:
    assert client.post(where(made), form(made, **values)).status_code == 302
    assert len(people_of(made)) == 3


def test_same_names_with_different_emails_are_two_people(client: Client, made: ClassList) -> None:
    client.post(where(made, "Alan"), form(made, name="Alan", email="a@school.test"))
    answer = client.post(where(made), form(made, name="Alan", email="b@school.test"))
    assert answer.status_code == 302


def test_hostile_name_is_shown_as_text(client: Client, made: ClassList) -> None:
    client.post(where(made), form(made, name=HOSTILE))
    for address in (reverse("lists:list", args=[made.key]), where(made, HOSTILE)):
        assert HOSTILE not in html_of(client.get(address))


@pytest.mark.parametrize("version", ["1", "", "x", "9" * 30])
def test_changes_of_someone_else_are_not_overwritten(client: Client, made: ClassList, version: str) -> None:
    before = people_of(made)
    old = form(made, name="Ada King") | {"version": version}
    for address in (where(made), where(made, "Ada Lovelace")):
        answer = client.post(address, old)
        assert answer.status_code == 422
        assert CHANGED in html_of(answer)
        assert 'value="Ada King"' in html_of(answer)
        assert f'name="version" value="{made.version}"' in html_of(answer), "saving again is possible"
    answer = client.post(where(made, "Alan", "delete_person"), {"version": version}, follow=True)
    assert CHANGED in html_of(answer)
    assert people_of(made) == before


def test_person_whom_someone_else_deleted_can_be_added_again(client: Client, made: ClassList) -> None:
    address, values = where(made, "Alan"), form(made, name="Alan Turing", user_id="alan")
    client.post(where(made, "Alan", "delete_person"), form(made))
    answer = client.post(address, values)
    assert answer.status_code == 422
    assert "Someone else removed this person" in html_of(answer)
    assert 'value="Alan Turing"' in html_of(answer)
    assert f'action="{where(made)}"' in html_of(answer)
    assert "no longer on the list" in html_of(client.get(address, follow=True))
    assert client.post(address + "delete/", form(made)).status_code == 404


def test_nothing_is_recorded_if_nothing_changes(client: Client, made: ClassList) -> None:
    count, version = Entry.objects.count(), made.version
    client.post(where(made, "Ada Lovelace"), form(made, name="Ada Lovelace", user_id="ada", group="7b"))
    made.refresh_from_db()
    assert (Entry.objects.count(), made.version) == (count, version)


def test_closed_class_keeps_the_people_it_had(client: Client, school: School, made: ClassList) -> None:
    class_lists.use_list(access_to(school.teacher, school.room), class_list=made)
    Room.objects.filter(pk=school.room.pk).update(state=RoomState.CLOSED)
    room = Room.objects.get(pk=school.room.pk)
    list_versions.keep(room, closed_at=None)
    client.post(where(made, "Alan", "delete_person"), form(made))
    client.post(where(made), form(made, name="Zoë"))
    room.refresh_from_db()
    assert room.list_version is not None
    assert {one["name"] for one in room.list_version.people} == {"Ada Lovelace", "Alan"}


def test_list_of_5000_people_is_full(client: Client, made: ClassList) -> None:
    ListedPerson.objects.bulk_create(ListedPerson(class_list=made, name=f"P {n}") for n in range(4998))
    answer = client.post(where(made), form(made, name="Zoë"))
    assert "A list can have at most 5,000 people." in html_of(answer)


def test_query_count_does_not_grow_with_the_list(client: Client, made: ClassList) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            client.post(where(made, "Alan"), form(made, name="Alan", group="7b", email="a@x.test"))
            client.post(where(made, "Alan"), form(made, name="Alan", group="7b"))
        return len(found)

    few = queries()
    ListedPerson.objects.bulk_create(ListedPerson(class_list=made, name=f"P {n}") for n in range(500))
    assert queries() == few


def test_file_keeps_the_rows_of_people_who_stay(school: School, made: ClassList) -> None:
    rows = dict(made.people.values_list("name", "pk"))
    people = [Person(name="Ada King", user_uuid="ada"), ALAN, Person(name="Zoë")]
    class_lists.set_people(actor=school.teacher, class_list=made, people=people, version=made.version)
    now = dict(made.people.values_list("name", "pk"))
    assert (now["Ada King"], now["Alan"]) == (rows["Ada Lovelace"], rows["Alan"])
    assert sorted(people_of(made), key=lambda one: one.name) == people


@pytest.mark.parametrize("name", ["add_person", "person", "delete_person"])
@pytest.mark.parametrize("who", ["administrator", "teacher", "other_teacher", "nobody"])
def test_access(school: School, made: ClassList, name: str, who: str) -> None:
    client = school.signed_in(getattr(school, who, None))
    address = where(made) if name == "add_person" else where(made, "Alan", name)
    before = people_of(made)
    shown = client.get(address)
    answer = client.post(address, {"version": "0", "name": "Stolen"})
    if who == "nobody":
        assert answer["Location"].startswith(reverse("account_login"))
    elif who == "other_teacher":
        assert answer.status_code == 404
    else:
        assert answer.status_code in (302, 422)
    expected = {"nobody": 302, "other_teacher": 404}.get(who, 200)
    assert shown.status_code == (405 if name == "delete_person" else expected)
    assert people_of(made) == before


def test_person_of_another_list_is_not_found(client: Client, school: School, made: ClassList) -> None:
    theirs = class_lists.make_list(actor=school.other_teacher, name="Theirs")
    class_lists.set_people(actor=school.other_teacher, class_list=theirs, people=[ADA], version=1)
    pk = theirs.people.get().pk
    for name in ("person", "delete_person"):
        answer = client.post(reverse(f"lists:{name}", args=[made.key, pk]), {"version": "2", "name": "X"})
        assert answer.status_code in (404, 422)
    assert people_of(theirs) == [ADA]
