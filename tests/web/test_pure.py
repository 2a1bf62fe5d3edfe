"""Versions, links, buttons, words of commands and of events: without a page around them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.redaction import pretty
from classroom_admin.realtime.versions import Seen, news
from classroom_admin.rooms.models import Participant, Room, RoomState
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web import icons
from classroom_admin.web.classroom.buttons import class_buttons, recording_buttons
from classroom_admin.web.classroom.events import tell
from classroom_admin.web.join_links import PUPIL, TEACHER, join_link
from classroom_admin.web.templatetags.web import lasted, roster_order, web_address
from classroom_admin.web.wording import PATIENCE, _tell, under_way

SEEN = Seen(version=5, step=3, profile=0xABC, event=40, events=38)


# --- versions --------------------------------------------------------------------------------------------


def test_a_version_survives_the_way_through_an_address() -> None:
    assert Seen.read(str(SEEN)) == SEEN


@pytest.mark.parametrize("token", ["", "5", "a-b-c-d-e", "1-2-3-4", "1-2-3-4-5-6", "1-2-zz-4-5"])
def test_an_unreadable_version_has_seen_nothing(token: str) -> None:
    assert Seen.read(token) == Seen()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({}, set()),
        ({"version": 6}, {"header", "actions", "people", "chat", "panels"}),
        ({"step": 4}, {"actions", "commands"}),
        ({"profile": 1}, {"header", "actions", "commands"}),
        ({"event": 42, "events": 40}, {"events"}),
        ({"event": 900, "events": 88}, {"events"}),
        ({"event": 91, "events": 89}, {"all events"}),
        ({"events": 39}, {"all events"}),
        ({"event": 45, "events": 38}, {"all events"}),
        ({"event": 45, "events": 30}, {"all events"}),
    ],
)
def test_news(change: dict[str, int], parts: set[str]) -> None:
    import dataclasses

    assert news(SEEN, dataclasses.replace(SEEN, **change)) == parts


# --- links into the classroom ----------------------------------------------------------------------------


def test_join_link_encodes_everything() -> None:
    link = join_link(
        "https://c.test/{room}?u={user}&n={name}&r={role}",
        room="a/b c?&#",
        user="ü+1",
        name="<O'Brien> & {room}",
        role=TEACHER,
    )
    assert link == ("https://c.test/a%2Fb%20c%3F%26%23?u=%C3%BC%2B1&n=%3CO%27Brien%3E%20%26%20%7Broom%7D&r=1")


@pytest.mark.parametrize(
    ("template", "link"),
    [
        ("", ""),
        ("https://c.test/", "https://c.test/"),
        ("https://c.test/{unknown}/{room}", "https://c.test/{unknown}/R"),
        ("https://c.test/{room}{room}", "https://c.test/RR"),
        ("https://c.test/{{room}}", "https://c.test/{R}"),
        ("https://c.test/{room", "https://c.test/{room"),
        ("https://c.test/{0.__class__}{room!r}", "https://c.test/{0.__class__}{room!r}"),
    ],
)
def test_join_link_fills_in_what_it_knows(template: str, link: str) -> None:
    assert join_link(template, room="R", role=PUPIL) == link


# --- buttons ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "names"),
    [
        (None, ["start", "close"]),
        (RoomState.NOT_STARTED, ["start", "close"]),
        (RoomState.STARTED, ["end", "close"]),
        (RoomState.ENDED, ["close"]),
        (RoomState.CLOSED, []),
    ],
)
def test_buttons_of_a_class(state: int | None, names: list[str]) -> None:
    assert [button.name for button in class_buttons(state=state, gone=False, under_way=())] == names
    assert class_buttons(state=state, gone=True, under_way=()) == []


def test_a_pressed_button_says_so_and_what_ends_a_class_asks_first() -> None:
    start, close = class_buttons(state=0, gone=False, under_way={"class.start"})
    assert (start.waiting, start.words, start.asks) == (True, "Starting…", False)
    assert (close.waiting, close.asks) == (False, True)
    assert all(button.asks for button in class_buttons(state=1, gone=False, under_way=()))


@pytest.mark.parametrize(
    ("recording", "web", "paused", "running", "names"),
    [
        (False, False, False, True, ["start"]),
        (False, False, False, False, []),
        (True, False, False, True, ["stop"]),
        (True, True, False, True, ["pause", "stop", "change"]),
        (True, True, True, True, ["resume", "stop", "change"]),
        (True, False, False, False, ["stop"]),
    ],
)
def test_buttons_of_the_recording(
    recording: bool, web: bool, paused: bool, running: bool, names: list[str]
) -> None:
    buttons = recording_buttons(
        recording=recording, web=web, paused=paused, running_class=running, under_way=()
    )
    assert [button.name for button in buttons] == names


# --- commands --------------------------------------------------------------------------------------------


def told(
    *kinds: str, action: str = "class.start", detail: dict[str, Any] | None = None, age_s: float = 1
) -> Any:
    at = clock.now() - timedelta(seconds=age_s)
    entry = Entry(pk=1, action=action, at=at, target_name="Ada")
    steps = [
        Step(pk=n, entry=entry, kind=kind, at=at + timedelta(seconds=n), detail=detail or {})
        for n, kind in enumerate(kinds)
    ]
    return _tell(entry, steps)


@pytest.mark.parametrize(
    ("kinds", "state", "waits"),
    [
        (["requested"], "requested", True),
        (["requested", "accepted"], "accepted", True),
        (["requested", "accepted", "confirmed"], "confirmed", False),
        (["requested", "confirmed", "accepted"], "confirmed", False),
        (["requested", "failed"], "failed", False),
        (["requested", "failed", "confirmed"], "confirmed", False),
    ],
)
def test_how_a_command_stands(kinds: list[str], state: str, waits: bool) -> None:
    how = told(*kinds)
    assert (how.state, how.waits) == (state, waits)


def test_accepted_can_be_the_last_word() -> None:
    assert not told("requested", "accepted", action="recording.pause", detail={"final": True}).waits


def test_a_failure_has_a_reason_even_where_the_cloud_gave_none() -> None:
    assert told("requested", "failed").reason
    how = told(
        "requested", "failed", detail={"sentence": "No.", "http_status": 409, "code": 1, "message": "m"}
    )
    assert (how.reason, how.cloud_says) == ("No.", "409 1 m")


def test_a_button_does_not_wait_for_ever() -> None:
    assert under_way([told("requested")], now=clock.now()) == {"class.start"}
    old = told("requested", age_s=PATIENCE.total_seconds() + 1)
    assert under_way([old], now=clock.now()) == set()


def test_the_room_is_not_named_in_its_own_list() -> None:
    assert told("requested", action="recording.start").whom == ""
    assert told("requested", action="participant.remove").whom == "Ada"


# --- events ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", ["", "{", "[]", "null", "7"])
def test_what_is_no_json_is_shown_as_it_came(raw: str) -> None:
    row = StoredEvent(stream="room", cmd=3, raw=raw, received_at=clock.now())
    (shown,) = tell(Room(), [row], names={})
    assert shown["words"] == "Unreadable event"
    assert pretty(raw) is not None


# --- small things ----------------------------------------------------------------------------------------


def test_the_order_of_the_roster() -> None:
    at = clock.now()

    def person(name: str, role: str = "student", **columns: Any) -> Participant:
        return Participant(name=name, role=role, online=True, **columns)

    people = [
        person("Zoe", "teacher"),
        person("Yan", "assistant"),
        person("Waits long", hand_raised=True, hand_raised_at=at - timedelta(minutes=2)),
        person("Waits", hand_raised=True, hand_raised_at=at),
        person("ada"),
        person("Bob"),
    ]
    mixed = people[::2] + people[1::2]
    assert sorted(mixed, key=roster_order) == people


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", None, " https://x", "//x"])
def test_only_web_addresses_become_links(url: Any) -> None:
    assert web_address(url) == ""
    assert web_address("HTTPS://x.test/a") == "HTTPS://x.test/a"


def test_how_long_something_took() -> None:
    now = clock.now()
    assert lasted(now - timedelta(minutes=47), now) == "47 min"
    assert lasted(now - timedelta(minutes=65), now) == "1 h 05 min"


def test_every_icon_can_be_drawn_and_no_other() -> None:
    assert all(icons.address(name).endswith(f"#{name}") for name in icons.NAMES)
    with pytest.raises(icons.UnknownIcon):
        icons.address("nothing")
