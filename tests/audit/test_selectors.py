"""Reading the audit log: filters, pages, and a constant number of queries."""

from datetime import UTC, datetime, timedelta

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.audit import record
from classroom_admin.audit.models import Entry, Step
from classroom_admin.audit.selectors import Filters, find_entries, last_step
from classroom_admin.rooms.models import Room
from tests.stepped_clock import SteppedClock, use

START = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


@pytest.fixture
def told(db: None) -> dict[str, Entry]:
    """Four entries, an hour apart."""
    ada = User.objects.create_user("ada@school.test", name="Ada")
    ben = User.objects.create_user("ben@school.test", name="Ben")
    Room.objects.create(room_uuid="maths", name="Mathematics")
    time = SteppedClock(START)
    made = {}
    with use(time):
        plan = [
            ("started", ada, "class.start", "maths", ["requested", "accepted", "confirmed"]),
            ("refused", ben, "class.start", "art", ["requested", "failed"]),
            ("waiting", ada, "recording.start", "maths", ["requested", "accepted"]),
            ("created", ada, "account.create", "", ["done"]),
        ]
        for name, actor, action, room_uuid, kinds in plan:
            made[name] = record.record(actor=actor, action=action, room_uuid=room_uuid)
            for kind in kinds:
                record.add_step(made[name], kind)
            time.step(seconds=3600)
    return made


def names(told: dict[str, Entry], page) -> list[str]:
    return [name for entry in page.entries for name, known in told.items() if known == entry]


def filters(told, which: str) -> Filters:
    rooms = Room.objects.filter(name__icontains="MATH").values("room_uuid")
    return {
        "none": Filters(),
        "person": Filters(actor_id=told["refused"].actor_id),
        "action": Filters(actions=("class.start",)),
        "rooms": Filters(rooms=rooms),
        "failed": Filters(outcome="failed"),
        "accepted": Filters(outcome="accepted"),
        "requested": Filters(outcome="requested"),
        "since": Filters(since=START + timedelta(hours=2)),
        "until": Filters(until=START + timedelta(hours=1)),
        "several": Filters(actor_id=told["started"].actor_id, rooms=rooms, outcome="confirmed"),
    }[which]


@pytest.mark.parametrize(
    ("which", "found"),
    [
        ("none", ["created", "waiting", "refused", "started"]),
        ("person", ["refused"]),
        ("action", ["refused", "started"]),
        ("rooms", ["waiting", "started"]),
        ("failed", ["refused"]),
        ("accepted", ["waiting"]),
        ("requested", []),
        ("since", ["created", "waiting"]),
        ("until", ["started"]),
        ("several", ["started"]),
    ],
)
def test_filters(told, which, found):
    assert names(told, find_entries(filters(told, which))) == found


def test_last_step_is_the_outcome(told):
    stands = {name: last_step(entry).kind for name, entry in told.items()}
    assert stands == {"started": "confirmed", "refused": "failed", "waiting": "accepted", "created": "done"}


def test_entry_without_steps_has_no_last_step(told):
    assert last_step(record.record(actor=None, action="cloud.test")) is None


def test_pages_contain_each_entry_once_while_more_are_added(told):
    first = find_entries(Filters(), limit=3)
    assert names(told, first) == ["created", "waiting", "refused"]
    record.done(actor=None, action="cloud.test")
    second = find_entries(Filters(), before=first.older, limit=3)
    assert (names(told, second), second.older) == (["started"], None)


def test_exactly_full_page_has_no_next_page(told):
    assert find_entries(Filters(), limit=4).older is None


@pytest.mark.parametrize("which", ["none", "rooms", "accepted"])
def test_query_count_does_not_grow_with_rows(told, which, django_assert_num_queries):
    for _ in range(30):
        record.done(actor=None, action="class.start", room_uuid="maths", outcome=Step.Kind.ACCEPTED)
    with django_assert_num_queries(2):
        page = find_entries(filters(told, which))
        assert all(last_step(entry) for entry in page.entries)
    assert len(page.entries) > 30
