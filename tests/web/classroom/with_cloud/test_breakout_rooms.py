"""Breakout rooms: the draft as pure decisions, and the page against a cloud that really answers."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.audit.models import Entry
from classroom_admin.rooms import breakout_rooms
from classroom_admin.rooms.models import Participant, Role, Room
from classroom_admin.web.classroom.breakout_rooms import MOST_GROUPS, Draft, Table, shown_groups
from tests.actions.conftest import School
from tests.school import HTMX

PEOPLE = ["1", "2", "3", "4", "5"]
TWO = Draft({"a": "Red", "b": "Blue"}, {"1": "a", "2": "b"})


# --- decisions ---
def test_people_are_moved_between_groups() -> None:
    moved = TWO.move(["1", "3"], "b")
    assert moved.members("b") == ["2", "1", "3"]
    assert moved.members("a") == []
    assert moved.move(["2"], "").members("b") == ["1", "3"]
    assert TWO.move(["1"], "no such room").places == {"2": "b"}


def test_people_of_a_removed_group_are_in_none() -> None:
    assert TWO.remove("a") == Draft({"b": "Blue"}, {"2": "b"})


def test_new_group_gets_the_next_free_name() -> None:
    one = Draft().add(group="x")
    assert one.names == {"x": "Group 1"}
    assert Draft({"x": "Group 2"}).add(group="y").names["y"] == "Group 3"
    full = Draft({str(n): f"Group {n}" for n in range(MOST_GROUPS)})
    assert full.add() == full


@given(people=st.integers(0, 40), count=st.integers(-3, 80), seed=st.integers())
def test_distribution_is_even_and_complete(people: int, count: int, seed: int) -> None:
    keys = [str(number) for number in range(people)]
    dealt = TWO.distribute(keys, count, rng=random.Random(seed))
    sizes = [len(dealt.members(group)) for group in dealt.names]
    assert sum(sizes) == people
    assert max(sizes) - min(sizes) <= 1
    assert 1 <= len(sizes) <= MOST_GROUPS
    assert list(dealt.names.values())[:2] == ["Red", "Blue"][: len(sizes)]


def test_invalid_parts_of_the_form_are_ignored() -> None:
    sent = QueryDict("group=a&group=b&group=a&name-a=Red&name-b=+Blue+&in-1=a&in-2=elsewhere&in-9=a")
    assert Draft.read(sent, PEOPLE) == Draft({"a": "Red", "b": "Blue"}, {"1": "a"})


def test_name_errors() -> None:
    assert Draft({"a": "Red", "b": "red"}).name_errors(lambda name: "") == {
        "b": "Another room already has this name. Choose a different name."
    }
    assert Draft({"a": ""}).name_errors(lambda name: "" if name else "Empty") == {"a": "Empty"}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        [],
        {"state": 1},
        {"details": []},
        {"details": {"g": 3}},
        {"state": "0", "details": {"g": {}}},
    ],
)
def test_malformed_groups_are_ignored(odd: Any) -> None:
    assert breakout_rooms.read(odd) == []


def test_groups_are_in_the_order_of_their_numbers() -> None:
    details = {
        "x": {"groupName": "Group 10", "users": [{"userUuid": "ada"}, "bob", None]},
        "y": {"groupName": "Group 2"},
    }
    found = breakout_rooms.read({"state": 1, "details": details})
    assert [(group.name, group.members) for group in found] == [("Group 2", ()), ("Group 10", ("ada", "bob"))]


# --- the page ---
@pytest.fixture
def client(school: School, sim: Any) -> Client:
    for user, name in (("bob", "Bob"), ("cleo", "Cleo")):
        sim.room(school.room.room_uuid, "enter", userUuid=user, userName=name)
        Participant.objects.create(
            room=school.room, user_uuid=user, name=name, role=Role.STUDENT, online=True
        )
    Participant.objects.create(room=school.room, user_uuid="t", name="Tea", role=Role.TEACHER, online=True)
    Participant.objects.create(room=school.room, user_uuid="g", name="Gone", role=Role.STUDENT)
    client = Client()
    client.force_login(school.teacher)
    return client


@pytest.fixture
def where(school: School) -> str:
    return reverse("live:groups", args=[school.room.key])


def sent(school: School, draft: Draft, **more: Any) -> dict[str, Any]:
    """What the form sends for a draft of people by their names."""
    table = Table(Room.objects.get(pk=school.room.pk))
    keys = {person.name: key for key, person in table.by_key.items()}
    form = {f"in-{keys[name]}": group for name, group in draft.places.items()}
    form |= {f"name-{group}": name for group, name in draft.names.items()}
    ticked = [keys[name] for name in more.pop("person", [])]
    return {"mark": table.mark, "group": list(draft.names), "person": ticked, **form, **more}


def project(school: School, truth: Any) -> None:
    """What the sync would do with the event."""
    projected = {"state": 1, "details": truth()["groups"]}
    Room.objects.filter(pk=school.room.pk).update(groups=projected, groups_sequence=9)


def test_present_students_can_be_selected(client: Client, where: str) -> None:
    names = [person.name for person in client.get(where).context["free"]]
    assert names == ["Ada", "Bob", "Cleo"]


def test_editing_a_draft_does_not_call_the_cloud(client: Client, where: str, school: School) -> None:
    draft = Draft({"a": "Red"})
    html = client.post(
        where, sent(school, draft, do="move:a", person=["Ada", "Bob"]), **HTMX
    ).content.decode()
    assert "2 people moved to Red." in html
    assert "csrf" not in html.lower()
    assert (
        "Select people first" in client.post(where, sent(school, draft, do="move:a"), **HTMX).content.decode()
    )
    answer = client.post(where, sent(school, draft, do="deal", count="2"), **HTMX)
    assert [len(group["people"]) for group in answer.context["groups"]] in ([2, 1], [1, 2])
    for count in ("0", "²", "0001" + "9" * 5000):
        answer = client.post(where, sent(school, draft, do="deal", count=count), **HTMX)
        assert "from 1 to 20" in answer.content.decode()
    assert not Entry.objects.exists()


def test_open_change_and_close(client: Client, where: str, school: School, truth: Any) -> None:
    first = Draft({"a" * 32: "Red", "b" * 32: "Blue"}, {"Ada": "a" * 32, "Bob": "b" * 32})
    answer = client.post(where, sent(school, first, do="open"), **HTMX)
    assert answer["HX-Redirect"] == reverse("live:class", args=[school.room.key])
    assert {one["groupName"]: one["users"] for one in truth()["groups"].values()} == {
        "Red": [{"userUuid": "ada"}],
        "Blue": [{"userUuid": "bob"}],
    }
    project(school, truth)
    page = client.get(where)
    assert [group["name"] for group in page.context["groups"]] == ["Blue", "Red"]
    assert page.context["is_changed"] is False

    second = Draft({"a" * 32: "Crimson"}, {"Ada": "a" * 32, "Cleo": "a" * 32})
    client.post(where, sent(school, second, do="open"))
    assert {one["groupName"]: len(one["users"]) for one in truth()["groups"].values()} == {"Crimson": 2}
    assert list(Entry.objects.values_list("action", flat=True)) == [
        "groups.close",
        "groups.open",
        "groups.open",
    ]
    project(school, truth)
    client.post(where, sent(school, second, do="close"))
    assert truth()["groups"] == {}


def test_two_thousand_people(client: Client, where: str, school: School) -> None:
    people = Participant.objects.bulk_create(
        Participant(
            room=school.room, user_uuid=f"p{n}", name=f"Pupil {n}", role=Role.STUDENT, online=True, version=1
        )
        for n in range(2000)
    )
    form = {f"in-{person.pk}": "" for person in people} | {"group": "a", "name-a": "Red", "do": "move:a"}
    answer = client.post(where, form | {"person": [person.pk for person in people]}, **HTMX)
    assert answer.status_code == 200
    assert [len(group["people"]) for group in answer.context["groups"]] == [2000]


def test_a_double_click_opens_once(client: Client, where: str, school: School) -> None:
    form = sent(school, Draft({"a" * 32: "Red"}, {"Ada": "a" * 32}), do="open")
    for _ in range(2):
        client.post(where, form)
    assert Entry.objects.filter(action="groups.open").count() == 1


def test_invalid_names_are_marked(client: Client, where: str, school: School) -> None:
    draft = Draft({"a": "", "b": "é" * 40, "c": "Fine"})
    answer = client.post(where, sent(school, draft, do="open"), **HTMX)
    assert answer.status_code == 422
    assert [bool(group["error"]) for group in answer.context["groups"]] == [True, True, False]
    assert not Entry.objects.exists()


def test_outdated_draft_is_not_sent(
    client: Client,
    where: str,
    school: School,
    truth: Any,
) -> None:
    form = sent(school, Draft({"a" * 32: "Mine"}, {"Ada": "a" * 32}), do="open")
    client.post(where, sent(school, Draft({"b" * 32: "Theirs"}), do="open"))
    project(school, truth)
    answer = client.post(where, form, **HTMX)
    assert "changed elsewhere" in answer.content.decode()
    assert "Mine" in answer.content.decode()
    assert [one["groupName"] for one in truth()["groups"].values()] == ["Theirs"]


def test_members_missing_from_the_roster_stay(school: School, client: Client) -> None:
    details = {"a": {"groupName": "Red", "users": [{"userUuid": "stranger"}, {"userUuid": "ada"}]}}
    Room.objects.filter(pk=school.room.pk).update(groups={"state": 1, "details": details}, groups_sequence=3)
    room = Room.objects.get(pk=school.room.pk)
    (shown,) = shown_groups(room)
    assert (shown.count, [str(person) for person in shown.people], shown.others) == (2, ["Ada"], 1)
    table = Table(room)
    assert table.to_open(table.draft())[0]["users"] == ["ada", "stranger"]


def test_class_page_shows_breakout_rooms(client: Client, school: School) -> None:
    address = reverse("live:class", args=[school.room.key])
    assert "No breakout rooms." in client.get(address, {"show": "groups"}).content.decode()
    seen = client.get(address).context["presenter"].version
    details = {"a": {"groupName": "Red", "users": [{"userUuid": "ada"}]}}
    Room.objects.filter(pk=school.room.pk).update(
        groups={"state": 1, "details": details}, groups_sequence=3, version=school.room.version + 1
    )
    html = client.get(address, {"show": "groups"}).content.decode()
    assert "Red" in html
    changes = client.get(
        reverse("live:class_changes", args=[school.room.key]), {"v": str(seen)}
    ).content.decode()
    assert 'id="groups"' in changes
    now = client.get(address).context["presenter"].version
    Room.objects.filter(pk=school.room.pk).update(version=school.room.version + 2)
    changes = client.get(
        reverse("live:class_changes", args=[school.room.key]), {"v": str(now)}
    ).content.decode()
    assert 'id="groups"' not in changes
