"""Properties: what differs, as pure decisions, and the page against a cloud that really answers."""

from __future__ import annotations

import html as markup
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.audit.models import Entry
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Participant, Role, Room
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.sorting import as_json
from classroom_admin.web.classroom.properties import diff
from classroom_admin.web.classroom.properties.subject import Subject, history
from tests.actions.conftest import School
from tests.school import HTMX

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(min_size=1, max_size=2), JSON, max_size=4)


# --- decisions ---
def test_differences_between_two_objects() -> None:
    before = {"colour": "blue", "seats": {"front": [1, 2]}, "old": 1, "same": {"a": 1, "b": 2}}
    after = {
        "colour": "red",
        "seats": {"front": [1, 3, 4], "back row": 5},
        "new": None,
        "same": {"b": 2, "a": 1},
    }
    assert [(one.kind, one.place, one.before, one.after) for one in diff.differences(before, after)] == [
        ("changed", "colour", "blue", "red"),
        ("changed", "seats.front[1]", 2, 3),
        ("added", "seats.front[2]", None, 4),
        ("added", 'seats["back row"]', None, 5),
        ("removed", "old", 1, None),
        ("added", "new", None, None),
    ]
    assert diff.to_set(before, after) == {name: after[name] for name in ("colour", "seats", "new")}
    assert diff.to_delete(before, after) == ["old"]


@pytest.mark.parametrize(("one", "other"), [(True, 1), (0, False), (1, 1.5), (None, {}), ([], {}), ("1", 1)])
def test_json_values_that_python_considers_equal_differ(one: Any, other: Any) -> None:
    assert [found.kind for found in diff.differences({"a": one}, {"a": other})] == ["changed"]
    assert diff.to_set({"a": one}, {"a": other}) == {"a": other}


@given(before=OBJECTS, after=OBJECTS)
def test_sending_the_differences_gives_the_wanted_object(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    cloud = {**before, **diff.to_set(before, after)}
    for name in diff.to_delete(before, after):
        del cloud[name]
    assert diff.same(cloud, after)
    assert bool(diff.differences(before, after)) is not diff.same(before, after)


@given(base=OBJECTS, now=OBJECTS, wanted=OBJECTS)
def test_rebase_keeps_changes_by_others(
    base: dict[str, Any], now: dict[str, Any], wanted: dict[str, Any]
) -> None:
    mine = {*diff.to_set(base, wanted), *diff.to_delete(base, wanted)}
    found = diff.rebased(base, now, wanted)
    for name in {*now, *wanted, *base}:
        source = wanted if name in mine else now
        assert (name in found) is (name in source)
        assert name not in found or diff.same(found[name], source[name])


def test_changes_by_others_are_detected() -> None:
    assert diff.changed_by_others({"a": 1, "b": 1}, {"a": 2, "b": 2, "c": 1}, {"a", "c"}) == ["a", "c"]
    assert diff.changed_by_others({"a": 1}, {"a": 1, "b": 2}, {"a"}) == []


# --- the page ---
@pytest.fixture
def client(school: School) -> Client:
    client = Client()
    client.force_login(school.teacher)
    return client


@pytest.fixture
def where(school: School) -> str:
    return reverse("live:properties", args=[school.room.key])


def form(base: Any, text: Any, **more: Any) -> dict[str, Any]:
    return {
        "base": json.dumps(base),
        "text": text if isinstance(text, str) else json.dumps(text),
        "do": "compare",
        **more,
    }


def last() -> Entry:
    return Entry.objects.order_by("-id").first()


def test_properties_of_creation_are_shown(client: Client, where: str, sim: Any, school: School) -> None:
    sim.do(lambda world: world.rooms[school.room.room_uuid].properties.update(grade=8))
    page = client.get(where)
    assert json.loads(page.context["edit"].text) == {"grade": 8}
    assert "schedule" in page.context["now"].kept
    assert not Entry.objects.exists()


def test_compare_then_send(client: Client, where: str, truth: Any, sim: Any, school: School) -> None:
    sim.do(lambda world: world.rooms[school.room.room_uuid].properties.update(colour="blue", old=1))
    base, wanted = {"colour": "blue", "old": 1}, {"colour": "red", "new": [1, 2]}
    html = client.post(where, form(base, wanted), **HTMX).content.decode()
    for words in ("3 differences", "Changed", "Added", "Deleted", "colour", "Deleted: old."):
        assert words in html
    assert not Entry.objects.exists()
    answer = client.post(where, form(base, wanted, do="send"), **HTMX)
    assert answer["HX-Redirect"].startswith(where)
    assert truth()["properties"] == wanted
    assert list(Entry.objects.values_list("action", flat=True)) == [
        "room.delete_properties",
        "room.set_properties",
    ]
    assert "accepted" in client.get(where).content.decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1,\n  "b": }', "Line 2, column 8"),
        ('{"": 1}', "empty"),
        ("[1]", "object"),
        ('{"schedule": {}}', "manages these properties itself: schedule"),
        ('{"a": %s}' % ("9" * 5000), "5000 digits"),
        ('{"a":' * 900 + "1" + "}" * 900, "more than 64 levels deep"),
        ('{"a": "%s"}' % ("x" * 70_000), "The text is 69 KB long. At most 64 KB are allowed."),
    ],
)
def test_invalid_text_is_not_compared(client: Client, where: str, text: str, words: str) -> None:
    answer = client.post(where, form({}, text, do="send"), **HTMX)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Entry.objects.exists()


def test_malformed_cloud_properties_are_shown(
    client: Client, where: str, truth: Any, sim: Any, school: School
) -> None:
    odd = {"deep": json.loads("[" * 150 + "]" * 150), "long": 10**4000, "large": "x" * 100_000, "fine": 1}
    sim.do(lambda world: world.rooms[school.room.room_uuid].properties.update(odd))
    base = client.get(where).context["edit"].base_text
    html = client.post(where, form({}, {"fine": 2}) | {"base": base}, **HTMX).content.decode()
    assert "4 differences" in html
    client.post(where, form({}, {"fine": 2}, do="send") | {"base": base}, **HTMX)
    assert truth()["properties"] == {"fine": 2}


def test_only_the_first_of_many_differences_are_shown(
    client: Client, where: str, sim: Any, school: School
) -> None:
    many = {f"name{number}": number for number in range(3000)}
    sim.do(lambda world: world.rooms[school.room.room_uuid].properties.update(many))
    answer = client.post(where, form(many, {f"new{number}": 1 for number in range(2000)}), **HTMX)
    html = answer.content.decode()
    for words in ("5000 differences", "and 4900 more", "name99 and 2900 more", "new99 and 1900 more"):
        assert words in html
    assert html.count("<li class") == 100
    assert len(answer.content) < 300_000


def test_text_is_validated_while_typing(client: Client, school: School) -> None:
    address = reverse("live:check_properties", args=[school.room.key])
    assert "Valid, 8 bytes" in client.post(address, {"text": '{"é": 1}'}, **HTMX).content.decode()
    assert "Line 1, column 2" in client.post(address, {"text": "{"}, **HTMX).content.decode()


def test_conflicting_change_is_shown_before_sending(
    client: Client, where: str, truth: Any, sim: Any, school: School
) -> None:
    sim.do(lambda world: world.rooms[school.room.room_uuid].properties.update(a=2, theirs=1))
    html = client.post(where, form({"a": 1}, {"a": 3}, do="send"), **HTMX).content.decode()
    assert "Someone else changed these properties in the meantime: a" in html
    assert truth()["properties"] == {"a": 2, "theirs": 1}
    assert not Entry.objects.exists()
    client.post(where, form({"a": 2, "theirs": 1}, {"a": 3, "theirs": 1}, do="send"), **HTMX)
    assert truth()["properties"] == {"a": 3, "theirs": 1}


def test_properties_added_by_others_are_kept(
    client: Client,
    where: str,
    truth: Any,
    sim: Any,
    school: School,
) -> None:
    sim.do(lambda world: world.rooms[school.room.room_uuid].properties.update(a=1, theirs=1))
    client.post(where, form({"a": 1}, {"a": 3}, do="send"), **HTMX)
    assert truth()["properties"] == {"a": 3, "theirs": 1}


def test_properties_of_a_person(client: Client, where: str, school: School, person: Any) -> None:
    assert "Show" in client.get(where, {"of": "person"}).content.decode()
    mine = f"{where}?of=person&person={school.pupil.pk}"
    assert client.get(mine).status_code == 200
    client.post(mine, form({}, {"seat": 3}, do="send", cause='{"why": "plan"}'), **HTMX)
    assert person("ada")["properties"]["seat"] == 3
    assert last().params["cause"] == [{"name": "why", "value": "plan"}]
    client.post(mine, form({"seat": 3}, {}, do="send"), **HTMX)
    assert "seat" not in person("ada")["properties"]
    assert client.get(where, {"of": "person", "person": "999999"}).status_code == 404
    assert client.get(where, {"of": "person", "person": "x"}).status_code == 404


def test_properties_of_an_extension(client: Client, where: str, sim: Any, school: School) -> None:
    choose = f"{where}?of=app"
    wrong = client.post(choose, {"app": "x" * 64, "do": "choose"})
    assert wrong.status_code == 422
    assert "at most 63 characters" in wrong.content.decode()
    chosen = client.post(choose, {"app": "countdown", "do": "choose"})
    assert chosen.context["edit"].text == "{}"
    sent = form({}, {"seconds": 60}, do="send", state="on", app="countdown")
    mine = client.post(choose, sent, **HTMX)["HX-Redirect"]
    room = sim.do(lambda world: world.rooms[school.room.room_uuid])
    assert room.ext_apps["countdown"] == {"seconds": 60}
    assert last().params["state"] == 1
    html = client.post(mine, form({"seconds": 60}, {"seconds": 60}, state="off"), **HTMX).content.decode()
    assert "Only the state changes" in html
    assert (
        "manages these properties itself: common"
        in client.post(mine, form({}, {"common": {}}), **HTMX).content.decode()
    )


def test_extension_name_is_in_no_address(client: Client, where: str, school: School) -> None:
    school.room.ext_apps = {"io.example.countdown": {}, "io.example.board": {}}
    school.room.save()
    chosen = client.post(f"{where}?of=app", {"app": "io.example.countdown", "do": "choose"})
    assert chosen.status_code == 302
    assert "countdown" not in chosen["Location"]
    page = client.get(chosen["Location"])
    assert page.context["subject"].app == "io.example.countdown"
    attributes = re.findall(r'(?:href|action|hx-post|id|src)="([^"]*)"', page.content.decode())
    assert not [value for value in attributes if "countdown" in value]
    assert client.get(where, {"of": "app", "app": "0" * 16}).status_code == 404
    assert client.get(where, {"of": "app", "app": "io.example.countdown"}).status_code == 404
    other = Room.objects.create(room_uuid="other", name="Other", ext_apps=school.room.ext_apps)
    other.teachers.create(user=school.teacher)
    query = chosen["Location"].partition("?")[2]
    assert client.get(f"{reverse('live:properties', args=[other.key])}?{query}").status_code == 404


def test_unreachable_cloud_is_reported(client: Client, where: str, sim: Any, school: School) -> None:
    sim.fault("unavailable", route="read_room")
    school.room.properties = {"told": 1}
    school.room.save()
    page = client.get(where)
    assert "be reached at the moment" in page.content.decode()
    assert json.loads(page.context["edit"].text) == {"told": 1}


def subject(school: School, **chosen: Any) -> Subject:
    return Subject(access=access_to(school.teacher, school.room), **chosen)


def event(school: School, sequence: int, cmd: int, data: dict[str, Any]) -> None:
    StoredEvent.objects.create(
        room=school.room, stream="room", sequence=sequence, cmd=cmd, ts_ms=1_790_000_000_000 + sequence,
        received_at="2026-09-01T09:00:00Z", raw=as_json({"cmd": cmd, "sequence": sequence, "data": data}),
    )  # fmt: skip


def test_history_shows_changes_and_people(client: Client, where: str, school: School) -> None:
    client.post(where, form({}, {"mine": 1}, do="send"), **HTMX)
    entry = Entry.objects.get()
    entry.steps.create(kind="confirmed", room_uuid=entry.room_uuid, detail={"sequence": 7})
    event(school, 7, 4, {"action": 0, "changeProperties": {"mine": 1}})
    event(
        school,
        8,
        5,
        {"action": 0, "changeProperties": {"schedule": {}, "theirs": "x"}, "operator": {"userName": "Zoe"}},
    )
    event(school, 9, 4, {"action": 1, "changeProperties": {"theirs": "x"}})
    event(school, 10, 4, {"changeProperties": {"extApps": {"countdown": {"seconds": 5}}}})
    event(school, 11, 22, {"fromUser": {"userUuid": "ada"}, "changeProperties": {"seat": 1}})
    event(school, 12, 22, {"fromUser": {"userUuid": "bob"}, "changeProperties": {"seat": 2}})
    event(school, 13, 4, {"changeProperties": 3})

    def told(subject: Subject) -> list[tuple[str, list[tuple[str, str, str]], str]]:
        return [
            (
                one.by,
                [(line.place, line.kind, line.value) for line in one.lines],
                one.command.state if one.command else "",
            )
            for one in history(subject).changes
        ]

    assert told(subject(school)) == [
        ("", [("theirs", "removed", "")], ""),
        ("Zoe", [("theirs", "changed", '"x"')], ""),
        ("teacher", [("mine", "changed", "1")], "confirmed"),
    ]
    assert told(subject(school, kind="app", app="countdown")) == [("", [("seconds", "changed", "5")], "")]
    assert told(subject(school, kind="person", person=school.pupil)) == [("", [("seat", "changed", "1")], "")]


def events_of_others(school: School, *, first: int, count: int, cmd: int = 22, **data: Any) -> None:
    StoredEvent.objects.bulk_create(
        StoredEvent(
            room=school.room, stream="room", sequence=number, cmd=cmd, received_at="2026-09-01T09:00:00Z",
            raw=as_json({"cmd": cmd, "sequence": number, "data": {"fromUser": {"userUuid": f"bp{number}"},
                         "changeProperties": {"seat": 2}} | data}),
        )
        for number in range(first, first + count)
    )  # fmt: skip


def test_history_finds_old_changes_of_a_person(school: School) -> None:
    event(school, 1, 22, {"fromUser": {"userUuid": "ada"}, "changeProperties": {"seat": 7}})
    events_of_others(school, first=2, count=4000)
    found = history(subject(school, kind="person", person=school.pupil))
    assert [one.lines[0].value for one in found.changes] == ["7"]
    assert found.searched == 0


def test_history_finds_old_changes_of_an_extension(school: School) -> None:
    event(school, 1, 4, {"changeProperties": {"extApps": {"countdown": {"seconds": 5}}}})
    event(school, 2, 4, {"changeProperties": {"extApps.countdown.seconds": 6}})
    events_of_others(school, first=3, count=4000, cmd=4, changeProperties={"extApps": {"board": {"a": 1}}})
    found = history(subject(school, kind="app", app="countdown"))
    assert [one.lines[0].value for one in found.changes] == ["6", "5"]


def test_incomplete_search_is_reported(client: Client, where: str, school: School) -> None:
    event(school, 1, 4, {"changeProperties": {"mine": 1}})
    events_of_others(school, first=2, count=3000, cmd=4, changeProperties={"record": {"state": 1}})
    html = client.get(where).content.decode()
    assert "Only the newest 3000 property changes were searched" in html
    assert "Nothing has been changed" not in html
    StoredEvent.objects.filter(sequence=3001).delete()
    assert [one.lines[0].place for one in history(subject(school)).changes] == ["mine"]


def test_hidden_roles_are_not_listed(client: Client, where: str, school: School) -> None:
    made = Participant.objects.bulk_create(
        Participant(room=school.room, user_uuid=f"p{n}", name=f"A{n:03}", role=Role.STUDENT, online=True)
        for n in range(501)
    )
    last_one = Participant.objects.create(room=school.room, user_uuid="z", name="Zoe", role=Role.STUDENT)
    html = client.get(where, {"of": "person"}).content.decode()
    assert "Some people are not listed" in html
    assert "Zoe" not in html
    dialog = client.get(reverse("live:person", args=[school.room.key, last_one.pk])).content.decode()
    link = markup.unescape(re.search(r'href="([^"]*/properties/[^"]*)"', dialog)[1])
    chosen = re.search(
        r'<option value="(\d+)" selected>\s*Zoe\s*</option>', client.get(link).content.decode()
    )
    assert chosen[1] == str(last_one.pk)
    Participant.objects.filter(pk__in=[one.pk for one in made[:10]]).delete()
    assert "Not everyone" not in client.get(where, {"of": "person"}).content.decode()


def test_history_includes_refused_commands(client: Client, where: str, sim: Any, school: School) -> None:
    sim.fault("server_error", route="put_room_properties")
    client.post(where, form({}, {"mine": 1}, do="send"), **HTMX)
    (only,) = history(subject(school)).changes
    assert only.command
    assert (only.command.state, only.lines[0].place) == ("failed", "mine")
    assert only.command.reason


def test_page_costs_few_queries(
    client: Client, where: str, school: School, django_assert_max_num_queries: Any
) -> None:
    for sequence in range(60):
        event(school, sequence, 4, {"changeProperties": {"a": sequence}})
    with django_assert_max_num_queries(10):
        client.get(where)
