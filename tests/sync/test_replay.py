"""A class at any moment equals the projection of the events until then; quick, and without a write."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classroom_admin.common import clock
from classroom_admin.events import Rows
from classroom_admin.rooms.models import Gap, Room
from classroom_admin.simulator.testing import running_simulator
from classroom_admin.sync import projector, read_models, replay
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.replay import KEPT_MESSAGES, MOST_SNAPSHOTS, SNAPSHOT_EVERY, film_of, forget_old
from tests.sync.conftest import config_for, sync_once
from tests.sync.test_order import arrive

pytestmark = pytest.mark.django_db(transaction=True)
START_MS = 1_763_757_600_000


@pytest.fixture(autouse=True)
def _no_films() -> Iterator[None]:
    replay._films.clear()
    yield
    replay._films.clear()


def stored_rows(room: Room) -> dict[str, Any]:
    """What the read models hold of a room, but for what a moment forgets."""
    rows = Rows()
    for kind in read_models.TABLES:
        for row in read_models.load_whole(room, kind):
            rows.load(row)
    rows.room = read_models.room_row(room)
    forget_old(rows)
    by_kind = {kind: rows.of_table(kind) for kind in read_models.TABLES}
    return {kind: {repr(key): row for key, row in whole.items()} for kind, whole in by_kind.items()} | {
        "room": rows.room
    }


def projected_rows(rows: Rows, room: Room) -> dict[str, Any]:
    rows.room.last_event_id = room.last_event_id
    by_kind = {kind: rows.of_table(kind) for kind in read_models.TABLES}
    return {kind: {repr(key): row for key, row in whole.items()} for kind, whole in by_kind.items()} | {
        "room": rows.room
    }


def test_the_end_of_a_film_is_what_the_pages_show(settings: Any) -> None:
    with running_simulator(seed=4, stepped=True, start_ms=int(time.time() * 1000) - 240_000) as sim:
        settings.AGORA = config_for(sim)
        for _ in range(16):
            sim.step(15_000)
        assert sync_once() == ""
    rooms = list(Room.objects.filter(event_count__gt=20))
    assert len(rooms) >= 3
    for room in rooms:
        film, _ = film_of(room)
        assert film.end_ms is not None
        assert projected_rows(film.rows_at(film.end_ms), room) == stored_rows(room)


def events(count: int, *, people: int = 30) -> list[dict[str, Any]]:
    """A class in which people come, wave, write and go, an event a second."""
    found: list[dict[str, Any]] = [
        {"cmd": 1, "data": {"state": 1}},
        {"cmd": 20, "data": {"onlineUsers": [{"userUuid": "t", "userName": "T", "role": 1, "type": 1}]}},
    ]
    for number in range(count - 2):
        who = {"userUuid": f"p{number % people}", "userName": f"Student {number % people}", "role": 2}
        act = (number // people) % 5
        if act in (0, 4):
            found.append(
                {"cmd": 20, "data": {"onlineUsers" if act == 0 else "offlineUsers": [who | {"type": 1}]}}
            )
        elif act == 1:
            found.append({"cmd": 1502, "data": {"addProgressUsers": [who]}})
        elif act == 2:
            found.append({"cmd": 3, "data": {"fromUser": who, "message": f"message {number}"}})
        else:
            found.append({"cmd": 1502, "data": {"removeProgressUsers": [who]}})
    return [
        {"roomUuid": "r", "sequence": number, "ts": START_MS + number * 1000, **event}
        for number, event in enumerate(found, 1)
    ]


def come_in(all_of_them: list[dict[str, Any]]) -> Room:
    for start in range(0, len(all_of_them), 2000):
        arrive(all_of_them[start : start + 2000])
    room = Room.objects.get(room_uuid="r")
    projector.project_room(room.pk, past_gaps=True)
    return Room.objects.get(pk=room.pk)


@pytest.mark.parametrize("moment", [1, 2, 3, 40, 250, 499, 500, 501, 999, 1000, 1001, 1300])
def test_a_moment_is_what_a_page_showed_when_only_that_had_happened(moment: int) -> None:
    told = events(1300)
    film, _ = film_of(come_in(told))
    then = projected_rows(film.rows_at(START_MS + moment * 1000 + 999), Room())
    Room.objects.all().delete()
    room = come_in(told[:moment])
    now = stored_rows(room)
    now["room"].last_event_id = 0
    assert then == now


def test_moments_in_any_order_are_the_same() -> None:
    film, _ = film_of(come_in(events(1300)))
    moments = [START_MS + number * 1000 for number in (1299, 3, 700, 501, 500, 1, 1000)]
    first = [film.rows_at(moment) for moment in moments]
    again = [film.rows_at(moment) for moment in reversed(moments)]
    assert first == again[::-1]
    assert film.rows_at(START_MS - 1) == Rows()


def test_ten_thousand_events_are_quick_and_nothing_is_written() -> None:
    room = come_in(events(10_000, people=200))
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        film, upto = film_of(room)
        loaded_s = time.perf_counter() - began
        worst_first_s = worst_again_s = 0.0
        for turn in range(2):
            for number in range(0, 10_000, 357):
                began = time.perf_counter()
                film.rows_at(START_MS + number * 1000)
                took = time.perf_counter() - began
                if turn == 0:
                    worst_first_s = max(worst_first_s, took)
                else:
                    worst_again_s = max(worst_again_s, took)
    print(
        f"film {loaded_s:.2f} s, a moment {worst_first_s * 1000:.0f} ms, again {worst_again_s * 1000:.0f} ms"
    )
    assert len(queries) <= 4
    assert all(query["sql"].lstrip().upper().startswith(("SELECT", "DECLARE", "BEGIN")) for query in queries)
    assert loaded_s < 5
    assert worst_again_s < 0.5
    assert len(film._snapshots) >= 10_000 // SNAPSHOT_EVERY - 1
    with CaptureQueriesContext(connection) as queries:
        assert film_of(room, upto=upto)[0] is film
    assert len(queries) == 0


def test_a_long_class_costs_no_more_than_its_length() -> None:
    """What a film holds must not grow with the square of what was written."""
    held: dict[int, int] = {}
    for count in (5_000, 20_000):
        people = [
            {
                "cmd": 3,
                "data": {"fromUser": {"userUuid": f"p{n % 30}", "userName": "P"}, "message": f"{n} " * 20},
            }
            for n in range(count)
        ]
        told = [
            {"roomUuid": "r", "sequence": n, "ts": START_MS + n * 1000, **one}
            for n, one in enumerate(people, 1)
        ]
        film, _ = film_of(come_in(told))
        assert film.end_ms is not None
        rows = film.rows_at(film.end_ms)
        assert [*rows.messages] == list(range(count - KEPT_MESSAGES + 1, count + 1))
        assert rows.room.chat_count == count
        assert len(film._snapshots) <= MOST_SNAPSHOTS + 1
        held[count] = sum(map(len, film._snapshots))
        Room.objects.all().delete()
        replay._films.clear()
    assert held[20_000] < 8 * held[5_000], held


def test_a_class_that_goes_on_keeps_its_film_until_it_is_asked_for_anew() -> None:
    told = events(60)
    room = come_in(told[:50])
    film, upto = film_of(room)
    come_in(told[50:])
    assert film_of(room, upto=upto)[0] is film
    longer, later = film_of(room)
    assert (len(film.frames), len(longer.frames)) == (50, 60)
    assert later > upto


def test_few_films_are_kept() -> None:
    for number in range(7):
        film_of(Room.objects.create(room_uuid=f"r{number}"))
    assert len(replay._films) == replay.FILMS


def test_an_event_that_came_late_is_in_its_place() -> None:
    told = events(100)
    come_in([event for event in told if event["sequence"] != 40])
    room = come_in([told[39]])
    film, _ = film_of(room)
    assert [frame.event.sequence for frame in film.frames] == list(range(1, 101))


def test_times_that_go_back_do_not_mix_up_the_order_of_a_stream() -> None:
    told = events(6)
    told[3]["ts"] = START_MS  # the cloud's clock was set back for a moment
    film, _ = film_of(come_in(told))
    assert [frame.event.sequence for frame in film.frames] == [1, 2, 3, 4, 5, 6]
    assert [frame.ms for frame in film.frames] == sorted(frame.ms for frame in film.frames)


def test_gaps_lie_between_what_is_known() -> None:
    told = events(100)
    room = come_in([event for event in told if not 40 <= event["sequence"] <= 49])
    Gap.objects.create(room=room, stream="room", first=40, last=49)
    Gap.objects.create(room=room, stream="room", first=101, last=101)
    film, _ = film_of(room)
    assert [(gap.start_ms - START_MS, gap.end_ms - START_MS) for gap in film.gaps] == [
        (39_000, 50_000),
        (100_000, 100_000),
    ]


def test_notable_moments() -> None:
    room_events = [
        (1, {"state": 1}),
        (20, {"onlineUsers": [{"userUuid": "a", "role": 2}]}),
        (1502, {"addProgressUsers": [{"userUuid": "a"}]}),
        (1502, {"removeProgressUsers": [{"userUuid": "a"}]}),
        (1001, {"state": 1, "recordId": "x"}),
        (20, {"offlineUsers": [{"userUuid": "a", "type": 2}]}),
        (20, {"offlineUsers": [{"userUuid": "a", "type": 1}]}),
        (1, {"state": 2}),
    ]
    room = come_in(
        [
            {"roomUuid": "r", "cmd": cmd, "sequence": n, "ts": START_MS + n * 1000, "data": data}
            for n, (cmd, data) in enumerate(room_events, 1)
        ]
    )
    film, _ = film_of(room)
    assert [(mark.kind, (mark.ms - START_MS) // 1000) for mark in film.marks] == [
        ("class", 1),
        ("hand", 3),
        ("recording", 5),
        ("removal", 6),
        ("class", 8),
    ]
    assert film.newest(START_MS + 3000, 2) == list(
        StoredEvent.objects.filter(sequence__in=(2, 3)).order_by("-sequence").values_list("pk", flat=True)
    )


def test_an_event_without_a_time_has_the_one_of_its_receipt() -> None:
    at = clock.now() - timedelta(minutes=3)
    room = Room.objects.create(room_uuid="r")
    StoredEvent.objects.create(
        room=room, stream="room", sequence=1, cmd=3, received_at=at, raw=json.dumps(
            {"roomUuid": "r", "cmd": 3, "sequence": 1, "data": {"message": "x"}}
        ),
    )  # fmt: skip
    film, _ = film_of(room)
    assert film.start_ms == round(at.timestamp() * 1000)
