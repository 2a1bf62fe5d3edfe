"""Bans: the commands in the audit log, with the events that confirmed them."""

from datetime import UTC, datetime, timedelta

import pytest

from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.rooms.bans import Ban, in_force, kicked_until
from classroom_admin.rooms.models import Participant, Room
from tests.stepped_clock import SteppedClock, use

START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
TAKEN = ((Step.Kind.REQUESTED, {}), (Step.Kind.ACCEPTED, {}))


@pytest.fixture
def room(db):
    return Room.objects.create(room_uuid="maths")


@pytest.fixture
def at():
    """A stopped clock at nine."""
    with use(SteppedClock(START)) as stepped:
        yield stepped


def put(action, ban_s, *, user_uuid="ada", steps=TAKEN, room_uuid="maths"):
    params = {} if action == "participant.let_back" else {"ban_s": ban_s}
    entry = record(actor=None, action=action, room_uuid=room_uuid, target=user_uuid, params=params)
    for kind, detail in steps:
        add_step(entry, kind, detail)
    return entry


def remove(ban_s, **more):
    return put("participant.remove", ban_s, **more)


def test_nobody(room, at, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert kicked_until(room) == {}


def test_ban_ends_after_its_time(room, at):
    remove(600)
    assert kicked_until(room) == {"ada": START + timedelta(minutes=10)}
    at.step(599)
    assert "ada" in kicked_until(room)
    at.step(1)
    assert kicked_until(room) == {}


def test_permanent_ban_and_removal_without_ban(room, at):
    remove(-1)
    remove(None, user_uuid="bob")
    at.step(10_000_000)
    assert kicked_until(room) == {"ada": "forever"}


@pytest.mark.parametrize(
    "steps",
    [
        [(Step.Kind.REQUESTED, {})],
        [(Step.Kind.REQUESTED, {}), (Step.Kind.FAILED, {"unknown_outcome": True})],
    ],
)
def test_command_that_the_cloud_did_not_accept_is_no_ban(room, at, steps):
    remove(600, steps=steps)
    assert kicked_until(room) == {}


def test_ban_confirmed_after_a_failure_counts(room, at):
    remove(600, steps=[(Step.Kind.FAILED, {}), (Step.Kind.CONFIRMED, {"sequence": 5})])
    assert "ada" in kicked_until(room)


def test_ban_begins_with_the_confirming_event(room, at):
    kicked_at = START - timedelta(seconds=7)
    Participant.objects.create(room=room, user_uuid="ada", kicked_at=kicked_at, kicked_sequence=5)
    remove(600, steps=[*TAKEN, (Step.Kind.CONFIRMED, {"sequence": 5})])
    assert kicked_until(room) == {"ada": kicked_at + timedelta(minutes=10)}


def test_unrelated_kick_event_does_not_count(room, at):
    Participant.objects.create(
        room=room, user_uuid="ada", kicked_at=START + timedelta(hours=1), kicked_sequence=9
    )
    remove(600, steps=[*TAKEN, (Step.Kind.CONFIRMED, {"sequence": 5})])
    assert kicked_until(room) == {"ada": START + timedelta(minutes=10)}


def test_unban_ends_a_ban_until_the_next_removal(room, at):
    remove(-1)
    put("participant.let_back", None)
    assert kicked_until(room) == {}
    at.step(60)
    remove(600)
    assert kicked_until(room) == {"ada": START + timedelta(seconds=660)}


def test_refused_unban_changes_nothing(room, at):
    remove(-1)
    put("participant.let_back", None, steps=[(Step.Kind.REQUESTED, {}), (Step.Kind.FAILED, {})])
    assert kicked_until(room) == {"ada": "forever"}


def test_later_removal_without_ban_keeps_the_ban(room, at):
    remove(600)
    remove(None)
    assert "ada" in kicked_until(room)


def test_last_ban_counts(room, at):
    remove(-1)
    remove(600)
    assert kicked_until(room) == {"ada": START + timedelta(minutes=10)}


def test_bans_of_other_rooms_do_not_count(room, at):
    remove(600, room_uuid="chemistry")
    assert kicked_until(room) == {}


def test_query_count_is_constant(room, at, django_assert_num_queries):
    for number in range(30):
        remove(600, user_uuid=f"p{number}")
    with django_assert_num_queries(3):
        assert len(kicked_until(room)) == 30


def test_ban_beyond_the_last_date_is_permanent():
    ban = Ban(user_uuid="ada", seconds=10**15, since=START)
    assert in_force([ban], now=START) == {"ada": "forever"}
