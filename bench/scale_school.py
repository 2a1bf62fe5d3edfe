"""Create a database with many rooms for `bench/scale.py`, and measure what its server does."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PEOPLE = 24
"""The number of students in a class."""
PAST_EVENTS = 20
"""The number of stored events of a past class. More would only make the preparation longer."""
ANSWER = 1000
"""The number of events in an answer of the cloud."""


class Database:
    """A database of its own on the server of DATABASE_URL. It is deleted at the end of the `with` block."""

    def __init__(self, url: str) -> None:
        self._server = url
        self.name = f"classroom_scale_{os.getpid()}"
        self.url = urlsplit(url)._replace(path=f"/{self.name}").geturl()

    def _run(self, sql: str) -> None:
        import psycopg

        address = urlsplit(self._server)._replace(scheme="postgresql").geturl()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[arg-type]

    def __enter__(self) -> Database:
        self._run(f"CREATE DATABASE {self.name}")
        return self

    def __exit__(self, *_: object) -> None:
        self._run(f"DROP DATABASE {self.name} WITH (FORCE)")


def begin(folder: Path, database: Database) -> None:
    """Set up Django with the empty database."""
    os.environ |= {
        "DATABASE_URL": database.url,
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        "LOG_LEVEL": "WARNING",
    }
    (folder / "static").mkdir()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def past_rooms(rooms: int) -> None:
    """Store closed classes with their people and events, as if they had been projected."""
    from django.utils import timezone

    from classroom_admin.events import PROJECTION_VERSION
    from classroom_admin.rooms.models import Participant, Room
    from classroom_admin.sync import registry, statements
    from classroom_admin.sync.models import RoomCursor, RoomRefresh, StoredEvent

    now = timezone.now()
    Room.objects.bulk_create(
        (
            Room(
                room_uuid=f"past {number}", name=f"Class {number}", state=3, version=1,
                projection_version=PROJECTION_VERSION, event_count=PAST_EVENTS,
                started_at=now - timedelta(days=1 + number % 200), last_event_at=now - timedelta(days=1),
                closed_at=now - timedelta(days=1 + number % 200), gone_at=now - timedelta(days=1),
            )
            for number in range(rooms)
        ),
        2000,
    )  # fmt: skip
    ids = list(Room.objects.order_by("pk").values_list("pk", flat=True))
    registry.adopt_all()
    RoomCursor.objects.update(reconcile_due_at=None)
    RoomRefresh.objects.update(profile_due_at=None)
    statements.insert(
        Participant,
        ("room_id", "user_uuid", "name", "name_search", "role"),
        ((pk, f"s{n}", f"Student {n}", f"student {n}", "student") for pk in ids for n in range(PEOPLE)),
        unique=("room_id", "user_uuid"),
    )
    raw = json.dumps({"cmd": 3, "data": {"fromUser": {"userUuid": "s1"}, "message": "x" * 300}})
    statements.insert(
        StoredEvent,
        ("room_id", "stream", "sequence", "cmd", "received_at", "raw"),
        ((pk, "room", n, 3, now, raw) for pk in ids for n in range(1, PAST_EVENTS + 1)),
    )


class LiveRooms:
    """Live classes whose events this benchmark creates itself, in the documented format."""

    def __init__(self, rooms: int) -> None:
        self.names = [f"live {number}" for number in range(rooms)]
        self._sequences = {name: count(1) for name in self.names}
        self._turn = 0
        self._send([self._event(name, 1, {"state": 1}) for name in self.names])
        for name in self.names:
            people = [self._person(number) for number in range(PEOPLE)]
            self._send([self._event(name, 20, {"onlineUsers": people, "offlineUsers": []})])

    def backlog(self, each: int) -> int:
        """Store this many new events of each class, but do not project them. Return their number."""
        events = []
        for _ in range(each):
            self._turn += 1
            events += [self._next(name) for name in self.names]
        for start in range(0, len(events), ANSWER):
            self._send(events[start : start + ANSWER])
        return len(events)

    def _event(self, name: str, cmd: int, data: dict[str, Any]) -> dict[str, Any]:
        now = int(time.time() * 1000)
        return {
            "roomUuid": name, "cmd": cmd, "sequence": next(self._sequences[name]), "ts": now, "data": data
        }  # fmt: skip

    def _person(self, number: int) -> dict[str, Any]:
        return {"userUuid": f"s{number}", "userName": f"Student {number}", "role": 2}

    def _next(self, name: str) -> dict[str, Any]:
        """Return the next event: a message, a reward, or a person who leaves or joins."""
        who = self._person(self._turn // 4 * 7 % PEOPLE)
        kinds: tuple[tuple[int, dict[str, Any]], ...] = (
            (3, {"fromUser": who, "message": "hello", "type": 1}),
            (1101, {"rewardDetails": [{"userUuid": who["userUuid"], "changedReward": 1}]}),
            (20, {"onlineUsers": [], "offlineUsers": [who]}),
            (20, {"onlineUsers": [who], "offlineUsers": []}),
        )
        return self._event(name, *kinds[self._turn % 4])

    def _send(self, events: list[dict[str, Any]]) -> None:
        from classroom_admin.agora.answers import RawAnswer
        from classroom_admin.sync import inbox
        from classroom_admin.sync.models import InboxAnswer

        body = json.dumps({"code": 0, "msg": "Success", "data": events}).encode()
        now = int(time.time() * 1000)
        raw = RawAnswer(body=body, http_status=200, received_at_ms=now, request_id=None, path="")
        inbox.read(inbox.keep(raw, source=InboxAnswer.Source.POLL).pk)


def server_cpu_s() -> float:
    """Return the processor time of PostgreSQL's processes so far, in seconds. The server must be local."""
    from django.db import connection
    from live_parts import family

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    server = int(_stat(backend)[1])
    ended = sum(int(ticks) for ticks in _stat(server)[13:15])
    running = sum(int(ticks) for pid in family(server) for ticks in (_stat(pid) or [0] * 15)[11:13])
    return (ended + running) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Return the fields of a process from its state on, or [] if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def bytes_of_events() -> tuple[float, float]:
    """Return the bytes of a stored event on disk, with its indexes, and the bytes of its JSON."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_total_relation_size('sync_storedevent')::float / count(*), avg(octet_length(raw))"
            " FROM sync_storedevent"
        )
        on_disk, json_bytes = cursor.fetchone()
    return float(on_disk), float(json_bytes)
