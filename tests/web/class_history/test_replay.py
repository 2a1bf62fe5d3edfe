"""Replay of a class: the panels as they were, without commands."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms.models import (
    ChatMessage,
    ClassList,
    Gap,
    ListedPerson,
    Participant,
    PeerMessage,
    Room,
    RoomTeacher,
)
from classroom_admin.sync import projector, replay
from classroom_admin.sync.models import Lease
from classroom_admin.web.classroom.roster import FIRST_PEOPLE
from tests.school import HOSTILE, HTMX, School, make_room
from tests.sync.test_order import arrive
from tests.web.classroom.test_many_commands import record_accepted, record_many

START_MS = 1_763_757_600_000
pytestmark = pytest.mark.django_db(transaction=True)
STORY: list[tuple[int, dict[str, Any]]] = [
    (1, {"state": 1}),
    (20, {"onlineUsers": [{"userUuid": "t", "userName": "Ana Torres", "role": 1, "type": 1}]}),
    (20, {"onlineUsers": [{"userUuid": "zoe", "userName": "Zoë", "role": 2, "type": 1}]}),
    (20, {"onlineUsers": [{"userUuid": "bad", "userName": HOSTILE, "role": 2, "type": 1}]}),
    (1502, {"addProgressUsers": [{"userUuid": "zoe"}]}),
    (3, {"fromUser": {"userUuid": "zoe", "userName": "Zoë", "role": 2}, "message": "I know it"}),
    (1003, {"action": 1, "resources": [{"resourceUuid": "f", "resourceName": "Sheet.pdf", "ext": "pdf"}]}),
    (1001, {"state": 1, "recordId": "rec"}),
    (20, {"offlineUsers": [{"userUuid": "bad", "userName": HOSTILE, "role": 2, "type": 2}]}),
    (1, {"state": 3}),
]


@pytest.fixture
def room() -> Room:
    """A class of ten events, one every ten seconds."""
    replay._films.clear()
    arrive(
        [
            {"roomUuid": "r", "cmd": cmd, "sequence": n, "ts": START_MS + n * 10_000, "data": data}
            for n, (cmd, data) in enumerate(STORY, 1)
        ]
    )
    found = Room.objects.get(room_uuid="r")
    projector.project_room(found.pk)
    Room.objects.filter(pk=found.pk).update(name="Algebra")
    Lease.objects.get_or_create(app_id=django_settings.AGORA.app_id)
    return Room.objects.get(pk=found.pk)


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("a@school.test", "x", role=User.Role.ADMINISTRATOR))
    return client


def at(client: Client, room: Room, number: float | str, *, htmx: bool = True, **more: Any) -> str:
    """The page at the time of event `number` (or at what is given as words)."""
    moment = number if isinstance(number, str) else START_MS + int(number * 10_000)
    address = reverse("live:replay", args=[room.key])
    answer = client.get(address, {"at": moment, **more}, **(HTMX if htmx else {}))
    assert answer.status_code == 200
    return answer.content.decode()


def here(html: str) -> list[str]:
    table = html[html.index('<tbody id="people-here">') : html.index("</tbody>")]
    return re.findall(r'<bdi title="([^"]*)"', table)


def test_panels_are_as_they_were(admin: Client, room: Room) -> None:
    html = at(admin, room, 3)
    assert here(html) == ["Ana Torres", "Zoë"]
    assert "Hand raised" not in html
    assert "I know it" not in html
    html = at(admin, room, 5.5)
    assert len(here(html)) == 3
    assert "Hand raised" in html
    assert "I know it" not in html
    assert "Sheet.pdf" not in html
    html = at(admin, room, 8)
    assert "I know it" in html
    assert "Sheet.pdf" in html
    assert "running" in html
    html = at(admin, room, 9)
    assert len(here(html)) == 2
    assert "Removed" in html
    html = at(admin, room, 10)
    assert here(html) == []
    assert "Closed" in html
    assert Participant.objects.get(user_uuid="zoe").times_left == 1, "today's rows are today's"


@pytest.mark.parametrize("number", range(1, 11))
def test_replay_has_no_commands(admin: Client, room: Room, number: int) -> None:
    html = at(admin, room, number)
    assert not re.findall(r"<(?:form|button)\b", html)
    assert "hx-post" not in html
    assert "hx-get" not in html
    assert "None" not in html
    dialogs = re.findall(r"<a [^>]*data-dialog[^>]*>", html)
    assert all("/events/" in link for link in dialogs), "only the JSON of an event opens"
    assert HOSTILE not in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_page_has_slider_marks_and_moments(admin: Client, room: Room) -> None:
    html = at(admin, room, 5, htmx=False)
    assert 'min="0" max="90"' in html
    assert f'data-start="{START_MS + 10_000}"' in html
    assert re.findall(r'data-moment="(\d+)"', html) == [str(START_MS + n * 10_000) for n in (1, 5, 8, 9, 10)]
    assert "\u2068Zoë\u2069 raised a hand" in html
    assert html.count('<rect class="mark') == 5
    assert not re.search(r"<[^>]+\s(style|on[a-z]+|hx-on[^=]*)=", html)
    assert not re.search(r'<script(?![^>]*(\bsrc=|type="application/json"))[^>]*>', html)


def test_time_of_day_is_in_the_persons_time_zone(admin: Client, room: Room) -> None:
    User.objects.update(time_zone="Asia/Tokyo")
    clock_words = time.strftime("%H:%M:%S", time.gmtime((START_MS + 50_000) / 1000 + 9 * 3600))
    assert "Hand raised" in at(admin, room, clock_words)
    assert len(here(at(admin, room, "23:59"))) == 0, "after the end: its end"


@pytest.mark.parametrize("words", ["", "soon", "-1", "9" * 40, "25:99", "1e9"])
def test_invalid_time_is_limited_to_the_class(admin: Client, room: Room, words: str) -> None:
    assert 'id="replay-body"' in at(admin, room, words)


def test_before_and_after_the_class(admin: Client, room: Room) -> None:
    assert at(admin, room, -100) == at(admin, room, 1)
    assert at(admin, room, 100) == at(admin, room, 10)


def test_gaps_are_shown(admin: Client, room: Room) -> None:
    assert "are missing" not in at(admin, room, 9)
    Gap.objects.create(room=room, stream="room", first=11, last=12)
    from classroom_admin.sync.models import StoredEvent

    StoredEvent.objects.filter(room=room, sequence=5).delete()
    Gap.objects.create(room=room, stream="room", first=5, last=5)
    replay._films.clear()
    assert "are missing" not in at(admin, room, 3)
    assert "Events are missing between" in at(admin, room, 4.5)
    assert "Events before this time are missing" in at(admin, room, 7)
    assert at(admin, room, 7, htmx=False).count('class="gap"') == 2


def test_direct_messages_are_shown(admin: Client, room: Room) -> None:
    peer = {
        "roomUuid": "r", "cmd": 1, "ts": START_MS + 65_000, "toUserUuid": "t",
        "data": {"fromUser": {"userUuid": "zoe"}, "message": "psst"},
    }  # fmt: skip
    arrive([peer])
    projector.project_room(room.pk)
    assert PeerMessage.objects.count() == 1
    assert "psst" not in at(admin, room, 6)
    html = at(admin, room, 7)
    assert "psst" in html
    assert html[html.index("psst") - 400 : html.index("psst")].count("Zoë") == 1


def test_class_without_events_has_an_empty_page(school: School) -> None:
    html = school.signed_in(school.administrator).get(reverse("live:replay", args=[make_room("Empty").key]))
    assert "Nothing has happened in this class yet" in html.content.decode()


def test_step_costs_few_queries_and_writes_nothing(admin: Client, room: Room) -> None:
    _, upto = replay.film_of(room)
    with CaptureQueriesContext(connection) as queries:
        at(admin, room, 8, upto=upto)
    sql = [query["sql"] for query in queries]
    assert len(sql) <= 12, sql
    assert not [words for words in sql if words.startswith(("INSERT", "UPDATE", "DELETE"))]


def a_crowd(count: int) -> Room:
    """A class of so many pupils, all of whom came with one event; one raised a hand, one started a group."""
    pupils = [{"userUuid": f"p{n}", "userName": f"Pupil {n:04}", "role": 2, "type": 1} for n in range(count)]
    group = {"groupName": "Group 1", "users": [{"userUuid": "p7"}, {"userUuid": "nobody-here"}]}
    story = [
        (1, {"state": 1}),
        (20, {"onlineUsers": pupils}),
        (1502, {"addProgressUsers": [{"userUuid": "p700"}]}),
        (4, {"action": 0, "changeProperties": {"groups": {"state": 1, "details": {"one": group}}}}),
        (3, {"fromUser": pupils[0], "message": "Here we are"}),
    ]
    replay._films.clear()
    arrive(
        [
            {"roomUuid": "crowd", "cmd": cmd, "sequence": n, "ts": START_MS + n * 10_000, "data": data}
            for n, (cmd, data) in enumerate(story, 1)
        ]
    )
    found = Room.objects.get(room_uuid="crowd")
    projector.project_room(found.pk)
    return Room.objects.get(pk=found.pk)


def test_step_in_a_class_of_a_thousand_is_small_and_complete(admin: Client) -> None:
    room = a_crowd(1000)
    step = at(admin, room, 3)
    assert len(step.encode()) <= 150_000
    found, addresses = here(step), [rest_of(step)]
    assert len(found) == FIRST_PEOPLE
    assert found[0] == "Pupil 0000", "a raised hand moves no row"
    assert step.index("Pupil 0700") > step.index('id="hands-queue"')
    while addresses[-1]:
        part = admin.get(addresses[-1], **HTMX).content.decode()
        found += re.findall(r'<bdi title="([^"]*)"', part)
        addresses.append(rest_of(part))
    assert sorted(found) == [f"Pupil {n:04}" for n in range(1000)]
    searched = admin.get(addresses[0] + "&all=1", **HTMX).content.decode()
    assert searched.count("<tr ") == 1000 - FIRST_PEOPLE
    assert rest_of(searched) == ""
    before = at(admin, room, 1)
    assert here(before) == []
    assert rest_of(before) == "", "of nobody there is no more"
    whole = at(admin, room, 3, htmx=False, people="all")
    assert len(here(whole)) == 1000, "without scripts"


def rest_of(html: str) -> str:
    """Where the next rows of who is there are had from; "" where there are none."""
    found = re.search(r'id="people-here-rest-\d+"[^>]* hx-get="([^"]+)"', html)
    return unescape(found[1]) if found else ""


def test_all_panels_show_the_chosen_time(admin: Client) -> None:
    room = a_crowd(10)
    before = at(admin, room, 2)
    assert "No raised hands." in before
    assert "No breakout rooms." in before
    after = at(admin, room, 4)
    assert "Group 1" in after
    assert re.search(r"<bdi>Pupil 0007</bdi>\s*and 1 more", after)


def test_chat_of_breakout_rooms_is_replayed(admin: Client) -> None:
    room = a_crowd(10)
    group = make_room("Group 1 of the class")
    Room.objects.filter(pk=group.pk).update(parent=room)
    for seconds, text in ((2, "In our group"), (50, "Later on")):
        ChatMessage.objects.create(
            room=group, sequence=seconds, kind="chat", user_uuid="p7", name="Pupil 0007", text=text,
            sent_at=datetime.fromtimestamp(START_MS / 1000 + seconds, UTC),
        )  # fmt: skip
    shown = at(admin, room, 4)
    assert "In our group" in shown
    assert "Later on" not in shown


def test_hand_is_marked_as_not_on_stage_only_if_certain(admin: Client) -> None:
    room = a_crowd(701)
    other = make_room("Of the same teacher")
    for each in (room, other):
        RoomTeacher.objects.create(room=each, user=User.objects.get())
    assert "not on stage this week" in at(admin, room, 3)
    moment = datetime.fromtimestamp(START_MS / 1000, UTC)
    seen = Participant.objects.create(
        room=other, user_uuid="p700", last_on_stage_at=moment - timedelta(days=8)
    )
    assert "not on stage this week" in at(admin, room, 3)
    for on_stage_at in (moment - timedelta(days=1), moment + timedelta(days=30)):
        seen.last_on_stage_at = on_stage_at
        seen.save()
        assert "not on stage this week" not in at(admin, room, 3), "the last time may hide an earlier one"


def test_class_list_is_compared_with_the_people_present_then(admin: Client, room: Room) -> None:
    made = ClassList.objects.create(name="8a")
    for name, user_uuid in (("Zoë", "zoe"), ("Emil", "emil")):
        ListedPerson.objects.create(class_list=made, name=name, user_uuid=user_uuid)
    Room.objects.filter(pk=room.pk).update(class_list=made)
    html = at(admin, room, 2)
    assert "<bdi>8a</bdi>" in html
    assert "0 of 2 present" in html
    assert "2 not here yet" in html
    assert "with the class list as it is today" in html
    html = at(admin, room, 5)
    assert "1 of 2 present" in html
    assert "1 not here yet" in html
    html = at(admin, room, 10)
    assert "1 of 2 present" in html, "after the end, this tells who attended"
    assert "1 absent" in html


def test_commands_are_shown_with_their_steps_by_then(admin: Client, room: Room) -> None:
    def on_record(action: str, at_s: float, kinds: dict[str, float], **more: Any) -> Entry:
        when = datetime.fromtimestamp(START_MS / 1000, UTC)
        entry = Entry.objects.create(
            room_uuid="r", action=action, actor_name="Ana", at=when + timedelta(seconds=at_s), **more
        )
        for kind, after_s in kinds.items():
            Step.objects.create(
                entry=entry, room_uuid="r", kind=kind, at=when + timedelta(seconds=at_s + after_s)
            )
        return entry

    on_record("room.close", 40, {"requested": 0, "accepted": 1, "confirmed": 20})
    assert "Nothing" not in (asked := panel(at(admin, room, 5), "commands"))
    assert "Accepted" in asked
    assert "Confirmed" not in asked
    assert "Confirmed" in panel(at(admin, room, 7), "commands")
    assert "asked-" not in panel(at(admin, room, 3), "commands")


def test_scheduled_removal_is_shown_only_while_it_was_scheduled(admin: Client, room: Room) -> None:
    when = datetime.fromtimestamp(START_MS / 1000, UTC)
    planned = ScheduledCommand.objects.create(
        kind=ScheduledCommand.Kind.REMOVAL,
        room=room,
        key="zoe",
        payload={"name": "Zoë", "reason": "too loud", "span": {}},
        by=User.objects.get(),
        created_at=when + timedelta(seconds=35),
        due_at=when + timedelta(seconds=85),
        state=ScheduledCommand.State.CANCELLED,
    )
    off = {"action": "participant.call_off_removal", "params": {"planned": planned.pk}}
    Entry.objects.create(room_uuid="r", at=when + timedelta(seconds=65), **off)
    assert "too loud" not in at(admin, room, 3)
    html = at(admin, room, 5)
    assert html.count("too loud") == 1
    assert html.count("data-due=") == 2, "over the page and in the row"
    assert "too loud" not in at(admin, room, 7)


def panel(html: str, name: str) -> str:
    """The HTML of one panel."""
    start = html.index(f'<section id="{name}"')
    return html[start : html.index("</section>", start)]


def test_old_commands_are_part_of_the_past(admin: Client, room: Room) -> None:
    began = clock.from_ms(START_MS)
    record_accepted(
        room, "participant.remove", began + timedelta(seconds=91), target="bad", params={"ban_s": -1}
    )
    record_many(room, began + timedelta(seconds=95))
    assert "permanently" in at(admin, room, 9.9)
