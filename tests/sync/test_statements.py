"""Rows of every size and with every text are written and read unchanged, few at a time and many at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from classroom_admin.rooms.models import Participant, Room
from classroom_admin.sync import statements
from classroom_admin.sync.models import InboxAnswer, StoredEvent

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=UTC)
TEXTS = [
    "",
    "\\N",
    "\\.",
    "tab\tline\nreturn\r",
    'quote " and \\ backslash',
    "Łukasz 日本語 عَرَبِي 🙂",
    "%s {0} $1",
    "x" * 3000,
]
SIZES = pytest.mark.parametrize("number", [1, len(TEXTS), 3 * statements.COPIED])
COLUMNS = ("room_id", "user_uuid", "version", "name", "online", "entered_at", "streams")


@pytest.fixture
def room() -> Room:
    return Room.objects.create(room_uuid="r")


def text(number: int) -> str:
    return TEXTS[number % len(TEXTS)]


def people(room: Room, number: int, *, version: int) -> list[tuple[Any, ...]]:
    return [
        (
            room.pk,
            f"u{n}",
            version,
            text(n)[:255],
            n % 2 == 0,
            AT + timedelta(microseconds=n) if n % 3 else None,
            {"stream": text(n), "list": [n, None, 0.1, {"deep": True}]} if n % 2 else {},
        )
        for n in range(number)
    ]


def stored(room: Room) -> list[tuple[Any, ...]]:
    return list(Participant.objects.filter(room=room).order_by("pk").values_list(*COLUMNS))


@SIZES
def test_events_are_stored_and_read_unchanged(room: Room, number: int) -> None:
    columns = ("room_id", "stream", "sequence", "digest", "cmd", "ts_ms", "received_at", "raw")
    rows = [(room.pk, "room", n, "", n % 2 or None, None, AT, text(n)) for n in range(1, number + 1)]
    with transaction.atomic():
        statements.insert(StoredEvent, columns, rows)
    assert list(StoredEvent.objects.order_by("sequence").values_list(*columns)) == rows
    assert set(StoredEvent.objects.values_list("unreadable", "odd", "repeats")) == {("", "", False)}
    where, parameters = statements.matching(room_id=room.pk, stream="room")
    found = statements.select(StoredEvent, columns, (f"{where} ORDER BY sequence", parameters))
    assert [tuple(row) for row in found] == rows


@SIZES
def test_rows_are_inserted_once_and_then_updated(room: Room, number: int) -> None:
    for version in (1, 2):
        rows = people(room, number, version=version)
        with transaction.atomic():
            statements.insert(Participant, COLUMNS, rows, unique=("room_id", "user_uuid"))
        assert stored(room) == rows
    found = statements.select(Participant, COLUMNS, statements.matching(room_id=room.pk))
    assert sorted(map(tuple, found), key=repr) == sorted(rows, key=repr)


@SIZES
def test_two_tables_are_written_in_one_transaction(room: Room, number: int) -> None:
    with transaction.atomic():
        statements.insert(
            Participant, COLUMNS, people(room, number, version=1), unique=("room_id", "user_uuid")
        )
        ids = Participant.objects.order_by("pk").values_list("pk", flat=True)
        statements.update(
            Participant, ("version", "name"), [(7, text(n)[:255], pk) for n, pk in enumerate(ids)]
        )
        statements.update(Room, ("name",), [("Maths", room.pk)])
    found = Participant.objects.order_by("pk").values_list("version", "name")
    assert list(found) == [(7, text(n)[:255]) for n in range(number)]


def test_a_transaction_that_fails_leaves_no_rows(room: Room) -> None:
    rows = people(room, 2 * statements.COPIED, version=1)
    with transaction.atomic():
        statements.insert(Participant, COLUMNS, rows, unique=("room_id", "user_uuid"))
        transaction.set_rollback(True)
    assert stored(room) == []


@SIZES
def test_a_sequence_is_never_stored_twice(room: Room, number: int) -> None:
    columns = ("room_id", "stream", "sequence", "received_at", "raw")
    rows = [(room.pk, "room", n, AT, "{}") for n in range(number)]
    with transaction.atomic():
        statements.insert(StoredEvent, columns, rows)
    with pytest.raises(IntegrityError), transaction.atomic():
        statements.insert(StoredEvent, columns, rows[-1:])
    assert StoredEvent.objects.count() == number


def test_a_text_that_is_too_long_is_refused_not_cut(room: Room) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite does not limit the length of a text")
    for number in (1, 2 * statements.COPIED):
        rows = [(*row[:3], "x" * 256, *row[4:]) for row in people(room, number, version=1)]
        with pytest.raises(DataError), transaction.atomic():
            statements.insert(Participant, COLUMNS, rows, unique=("room_id", "user_uuid"))
    assert stored(room) == []


def test_rows_may_be_written_without_a_transaction(room: Room) -> None:
    rows = people(room, 2 * statements.COPIED, version=1)
    statements.insert(Participant, COLUMNS, rows, unique=("room_id", "user_uuid"))
    assert stored(room) == rows


def test_conditions_match_values_lists_and_null(room: Room) -> None:
    answers = [
        InboxAnswer.objects.create(source="poll", body=b"", http_status=200, received_at=AT) for _ in range(3)
    ]
    InboxAnswer.objects.filter(pk=answers[0].pk).update(read_at=AT)
    for condition, expected in (
        (statements.matching(source="poll", read_at=None), answers[1:]),
        (statements.matching(id=[answers[0].pk, answers[2].pk]), [answers[0], answers[2]]),
        (
            statements.any_of([statements.matching(id=one.pk, source="poll") for one in answers[:2]]),
            answers[:2],
        ),
    ):
        found = statements.select(InboxAnswer, ("id",), condition)
        assert sorted(pk for (pk,) in found) == [one.pk for one in expected]


@pytest.mark.parametrize("at", [AT, AT.replace(microsecond=0), AT.replace(microsecond=120_000)])
def test_one_row_with_every_byte_is_stored_and_its_times_are_read_unchanged(at: datetime, db: None) -> None:
    body = bytes(range(256)) * 10
    values = {
        "source": "poll",
        "room_uuid": "",
        "body": body,
        "http_status": 200,
        "request_id": "",
        "fence": 0,
    }
    pk = statements.insert_one(InboxAnswer, {**values, "received_at": at})
    stored = InboxAnswer.objects.get(pk=pk)
    assert (bytes(stored.body), stored.received_at, stored.read_at) == (body, at, None)
    columns = ("id", "received_at", "read_at")
    assert statements.select(InboxAnswer, columns, statements.matching(id=pk)) == [[pk, at, None]]
