"""One process of a busy installation: ``python -m tests.sync.crowd ROLE``; prints what it did as JSON.

poll: a cycle after the other. work: what a Celery worker's tasks do. Both until their standard input ends.
read: fifty browsers that have a class open, for some seconds; what they need comes on standard input.
Nothing is caught here: what fails ends the process, and its standard error says why.
"""

from __future__ import annotations

import http.client
import json
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

READERS = 50
SEEN = re.compile(rb"[?&;]v=([-0-9a-f]+)")
PAUSE_S = 0.5
PAGE_EVERY = 8
AT_LEAST = 3
COME_WITHIN_S = 2.0


def input_ends() -> threading.Event:
    """Set when there is no more on standard input."""
    over = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait, daemon=True).start()
    return over


def poll() -> dict[str, int]:
    from classroom_admin.sync import tasks
    from classroom_admin.sync.polling import poller_for

    done = {"polls": 0, "events": 0}
    client = tasks.client()
    assert client is not None
    over = input_ends()
    while not over.wait(0.1):  # the pace of the beat, ten times as fast
        polled = poller_for(client).poll()
        if polled is not None:
            assert not polled.problems, polled.problems
            done["polls"] += 1
            done["events"] += polled.stored
        tasks.project_waiting(within_s=0.2)
    return done


def work() -> dict[str, int]:
    from classroom_admin.sync import inbox, projector, tasks

    done = {"projections": 0, "events": 0}
    over = input_ends()
    while not over.wait(0.05):
        for answer_id in inbox.unread():
            inbox.read(answer_id)
        for room_id in projector.due_rooms():
            projected = projector.project_room(room_id)
            done["projections"] += projected.events > 0
            done["events"] += projected.events
        tasks.fill_gaps()
        tasks.reconcile()
    return done


class Reader:
    """A browser: a page of a class, then what changed in it, again and again, on one connection."""

    def __init__(self, number: int, place: dict[str, Any]) -> None:
        self.keys, self.number = place["keys"], number
        self.headers = {"Cookie": place["cookie"], "HX-Request": "true"}
        self.connection = http.client.HTTPConnection("127.0.0.1", place["port"], timeout=60)
        self.took_ms: list[float] = []
        self.statuses: list[int] = []

    def get(self, address: str) -> bytes:
        began = time.monotonic()
        self.connection.request("GET", address, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        self.took_ms.append((time.monotonic() - began) * 1000)
        self.statuses.append(answer.status)
        assert answer.status in (200, 204), (address, answer.status, body[:500])
        return body

    def read(self, ends_at: float, never: threading.Event) -> None:
        key, seen = self.keys[self.number % len(self.keys)], b""
        asked = 0
        never.wait(COME_WITHIN_S * self.number / READERS)
        while time.monotonic() < ends_at or asked < AT_LEAST:
            body = self.get(
                f"/live/classes/{key}/?v={seen.decode()}" if asked % PAGE_EVERY else f"/classes/{key}/"
            )
            if found := SEEN.search(body):
                seen = found[1]
            assert seen, body[:2000]
            asked += 1
            never.wait(PAUSE_S)
        self.connection.close()


def read() -> dict[str, Any]:
    place = json.load(sys.stdin)
    readers = [Reader(number, place) for number in range(READERS)]
    never = threading.Event()
    readers[0].get(f"/classes/{readers[0].keys[0]}/")  # loads the templates, once for all
    readers[0].took_ms.clear()
    ends_at = time.monotonic() + place["seconds"]
    with ThreadPoolExecutor(READERS) as pool:
        for done in [pool.submit(reader.read, ends_at, never) for reader in readers]:
            done.result()
    took = sorted(ms for reader in readers for ms in reader.took_ms)
    statuses = [status for reader in readers for status in reader.statuses]
    return {
        "answers": len(took),
        "unchanged": statuses.count(204),
        "p50_ms": round(took[len(took) // 2], 1),
        "p95_ms": round(took[int(len(took) * 0.95)], 1),
        "slowest_ms": round(took[-1], 1),
    }


ROLES = {"poll": poll, "work": work, "read": read}

if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(ROLES[sys.argv[1]]()))
