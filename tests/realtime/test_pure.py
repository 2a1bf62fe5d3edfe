"""The parts of realtime: messages, tokens, queues, rights of polling pages, spread of reconnects."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.common import clock
from classroom_admin.realtime import messages, polling_token
from classroom_admin.realtime.hub import LONGEST_SPREAD_S, spread_s
from classroom_admin.realtime.polling import CONFIRMED_WITHIN_S, IDLE_S, PollingPages
from classroom_admin.realtime.process import GarbageCollector
from classroom_admin.realtime.rights import NOT_YOURS, SIGNED_OUT, CurrentRights, Right
from classroom_admin.realtime.subscriber import MOST_MESSAGES, Subscriber
from classroom_admin.rooms.models import Participant
from classroom_admin.web.class_list.channel import normalised
from classroom_admin.web.classroom.roster import GONE, HERE, part
from tests.stepped_clock import SteppedClock, use

RIGHT = Right(user_id=7, role="teacher", all_classes=False, session_key="s", auth_hash="m", room_id=3)


def parsed(raw: bytes) -> str:
    """The data of one event, as a browser reads it."""
    lines = raw.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert lines[-2:] == ["", ""], "an event ends with an empty line"
    assert "" not in lines[:-2], "and holds none"
    return "\n".join(line.removeprefix("data: ") for line in lines if line.startswith("data: "))


@given(st.text())
def test_any_text_stays_one_event(text: str) -> None:
    raw = messages.message("changes", text, version="1-2\n3")
    assert parsed(raw) == text.replace("\r\n", "\n").replace("\r", "\n")
    assert raw.startswith(b"id: 1-23\nevent: changes\n")


# --- tokens ----------------------------------------------------------------------------------------------


def test_token_is_valid_for_a_minute_for_one_session_and_room() -> None:
    given_at = 1_000_000.0
    words = polling_token.issue(user_id=7, session_key="s", room_key="r", now_s=given_at)

    def holder(words: str = words, session: str = "s", room: str = "r", after_s: float = 1):
        return polling_token.verify(words, session_key=session, room_key=room, now_s=given_at + after_s)

    assert holder() == (7, 1_000_060)
    assert holder(after_s=59) is not None
    assert holder(after_s=60) is None
    assert holder(after_s=-2) is None  # signed for longer than a minute
    assert holder(session="another") is None
    assert holder(session="") is None
    assert holder(room="another") is None
    _user, expires, signature = words.split(".")
    for forged in (
        "",
        "7",
        "..",
        f"8.{expires}.{signature}",
        f"7.{int(expires) + 1}.{signature}",
        f"7.{expires}.x",
    ):
        assert holder(forged) is None, forged


# --- the queue -------------------------------------------------------------------------------------------


def test_waiting_messages_are_sent_together_in_order() -> None:
    async def story() -> None:
        subscriber = Subscriber(RIGHT, language="en")
        for number in range(3):
            subscriber.push(b"%d" % number)
        assert await subscriber.next() == b"012"
        reading = asyncio.ensure_future(subscriber.next())
        await asyncio.sleep(0)
        shared = b"the same bytes for all"
        subscriber.push(shared)
        assert await reading is shared  # one message is handed on without a copy
        subscriber.finish(b"last")
        assert await subscriber.next() == b"last"
        assert await subscriber.next() is None

    asyncio.run(story())


@pytest.mark.parametrize("message", [b"x", b"x" * 500_000])
def test_subscriber_that_does_not_read_is_cut_off(message: bytes) -> None:
    subscriber = Subscriber(RIGHT, language="en")
    for _ in range(MOST_MESSAGES + 1):
        subscriber.push(message)
    assert subscriber.is_cut
    assert subscriber.waiting_bytes == 0
    subscriber.push(message)
    assert subscriber.waiting_bytes == 0


def test_single_message_may_exceed_the_queue_limit() -> None:
    subscriber = Subscriber(RIGHT, language="en")
    subscriber.push(b"x" * 5_000_000)
    assert not subscriber.is_cut


# --- rights ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"auth_hashes": {7: "another"}}, SIGNED_OUT),
        ({"auth_hashes": {}}, SIGNED_OUT),
        ({"sessions": ()}, SIGNED_OUT),
        (
            {"roles": {7: ("administrator", False)}},
            SIGNED_OUT,
        ),  # the role changed: what the page shows is another's
        ({"rooms": {7: {4}}}, NOT_YOURS),
        ({"rooms": {}}, NOT_YOURS),
    ],
)
def test_reason_of_a_lost_right(change: dict, reason: str) -> None:
    holds = {"auth_hashes": {7: "m"}, "roles": {7: ("teacher", False)}, "sessions": {"s"}, "rooms": {7: {3}}}
    assert CurrentRights(**{**holds, **change}).refusal(RIGHT) == reason


def test_right_of_a_polling_page_expires_without_confirmation() -> None:
    holder = (7, "s", "r")
    good = CurrentRights(auth_hashes={7: "m"}, roles={7: ("teacher", False)}, sessions={"s"}, rooms={7: {3}})
    with use(SteppedClock(datetime(2026, 1, 1, tzinfo=UTC))) as time:
        asking = PollingPages()
        assert asking.right(holder, now=clock.monotonic()) is None
        asking.add(holder, RIGHT, now=clock.monotonic())
        assert asking.right(holder, now=clock.monotonic()) is RIGHT
        time.step(CONFIRMED_WITHIN_S + 1)
        assert asking.right(holder, now=clock.monotonic()) is None
        asking.confirm(good, now=clock.monotonic())
        assert asking.right(holder, now=clock.monotonic()) is RIGHT
        asking.confirm(CurrentRights(), now=clock.monotonic())
        assert asking.right(holder, now=clock.monotonic()) is None
        asking.add(holder, RIGHT, now=clock.monotonic())
        time.step(IDLE_S + 1)
        assert asking.drop_idle(now=clock.monotonic()) == {3}
        assert not asking


# --- small things ----------------------------------------------------------------------------------------


def test_returns_are_spread_by_the_number_of_pages() -> None:
    assert spread_s(1) == 1
    assert spread_s(2000) == 20
    assert spread_s(100_000) == LONGEST_SPREAD_S < 30


def test_query_selects_the_list() -> None:
    assert normalised({"v": "1.2.3.4", "page": "1", "state": "rubbish", "x": "y"}) == {}
    asked = {"q": "a&b", "when": "past", "page": "2", "hands": "up"}
    assert normalised(asked | {"v": "9"}) == asked


@given(st.lists(st.tuples(st.text(max_size=3), st.booleans(), st.booleans()), max_size=60), st.integers(1, 7))
def test_roster_parts_make_the_whole_roster(people: list[tuple[str, bool, bool]], most: int) -> None:
    everybody = [
        Participant(pk=number, name=name, role="student", online=online, hand_raised=hand)
        for number, (name, online, hand) in enumerate(people)
    ]
    for who in (HERE, GONE):
        whole = part(everybody, who, most=None)
        pieces, after = [], ""
        while True:
            piece = part(everybody, who, after=after, most=most)
            pieces += piece.rows
            after = piece.last
            assert piece.left == len(whole.rows) - len(pieces)
            if not piece.left:
                break
        assert pieces == whole.rows
        assert len(pieces) == sum(one.online == (who == HERE) for one in everybody)


# --- full collections ------------------------------------------------------------------------------------


def test_full_collections_are_taken_over_and_given_back() -> None:
    before = gc.get_threshold()
    full: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            full.append(1)

    collecting = GarbageCollector(every_s=60)
    assert not collecting.collect_if_due(now=1000), "what was not taken over is the interpreter's"
    gc.callbacks.append(note)
    try:
        collecting.take_over(now=0)
        assert gc.get_threshold() != before
        assert not collecting.collect_if_due(now=59)
        kept = [[number] for number in range(200_000)]  # by itself this made the interpreter walk everything
        assert not full
        assert collecting.collect_if_due(now=60)
        assert len(full) == 1
        assert not collecting.collect_if_due(now=119)
        assert len(kept) == 200_000
    finally:
        gc.callbacks.remove(note)
        collecting.give_back()
    assert gc.get_threshold() == before
    collecting.give_back()
    assert gc.get_threshold() == before


def test_web_process_excludes_its_code_from_full_collections() -> None:
    """Otherwise, a page that starts a full collection takes 0.1 s longer."""
    counted = "import gc, classroom_admin.asgi; print(len(gc.get_objects()), gc.get_freeze_count())"
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    said = subprocess.run(
        [sys.executable, "-c", counted], capture_output=True, text=True, check=True, env=env
    )
    left, frozen = map(int, said.stdout.split())
    assert frozen > 50_000
    assert left < frozen / 20
