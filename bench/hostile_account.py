"""Measure how much one account that asks for as much as it can delays all other people.

Ten teachers open pages and keep a list of classes open, first alone, and then beside an account that opens
all streams, filtered lists, searches and replays that it may. Rounds alternate. The script prints the 99th
percentile (p99) of both, and exits with 1 if the account makes it more than 1.5 times as long.
"""

from __future__ import annotations

import http.client
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import live_school as school
from live import Web
from live_parts import answer, percentile

MOST: float = 1.5
TEACHERS = 10
CLASSES = 300
ROUNDS = 6
ROUND_S = 5.0


class Streams:
    """Streams of a session that are read in a thread. `at` has the times (s since 1970) of all changes."""

    def __init__(self, port: int, paths: list[str], session: str) -> None:
        self.at: list[float] = []
        self.refused = 0
        self._connections = []
        for path in paths:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", path, headers={"Cookie": f"sessionid={session}"})
            response = connection.getresponse()
            self.refused += response.status != 200
            self._connections.append((connection, response))
            if response.status == 200:
                threading.Thread(target=self._read, args=(response,), daemon=True).start()

    def _read(self, response: http.client.HTTPResponse) -> None:
        try:
            while line := response.readline():
                if line == b"event: changes\n":
                    self.at.append(time.time())
        except (OSError, ValueError, AttributeError):
            return  # closed

    def close(self) -> None:
        for connection, _response in self._connections:
            if connection.sock:
                connection.sock.shutdown(socket.SHUT_RDWR)


class Repeated:
    """A thread that repeats a request until the end of the block. `took` has the times in seconds."""

    def __init__(self, port: int, path: str, session: str, *, pause_s: float) -> None:
        self.took: list[float] = []
        self.statuses: set[int] = set()
        self._over = threading.Event()
        self._request: Callable[[], tuple[int, object, object, float]] = lambda: answer(
            port, path, Cookie=f"sessionid={session}"
        )
        self._pause_s = pause_s
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._over.is_set():
            status, _headers, _body, took = self._request()
            self.statuses.add(status)
            self.took.append(took)
            self._over.wait(self._pause_s)

    def __enter__(self) -> Repeated:
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._over.set()
        self._thread.join()


def hostile(stack: ExitStack, web: Web, key: str, session: str) -> str:
    """Let a session ask for as much as it can until `stack` ends. Return how many streams were refused."""
    lists = [f"/live/classes/stream?q=Class+{number}" for number in range(20)]
    streams = Streams(web.port, lists + [f"/live/classes/{key}/stream"] * 40, session)
    stack.callback(streams.close)
    for path in ("/search/?q=a", f"/classes/{key}/replay/", "/?q=Class", f"/classes/{key}/"):
        for _ in range(10):
            stack.enter_context(Repeated(web.port, path, session, pause_s=0))
    return f"{streams.refused} of {len(lists) + 40} streams refused"


def one_round(web: Web, room: object, key: str, sessions: list[str]) -> tuple[list[float], list[float]]:
    """Return the times (s) of the pages of ten teachers, and from a commit until their lists are told."""
    late: list[float] = []
    with ExitStack() as stack:
        pages = [
            stack.enter_context(Repeated(web.port, f"/classes/{key}/", session, pause_s=0.5))
            for session in sessions
        ]
        lists = [Streams(web.port, ["/live/classes/stream"], session) for session in sessions]
        for one in lists:
            stack.callback(one.close)
        until = time.monotonic() + ROUND_S
        while time.monotonic() < until:
            for one in lists:
                one.at.clear()
            committed, _version = school.raise_a_hand(room)
            deadline = time.monotonic() + 10
            while not all(one.at for one in lists) and time.monotonic() < deadline:
                time.sleep(0.005)
            late += [(one.at or [committed + 10])[0] - committed for one in lists]
            time.sleep(0.2)
    return [took for page in pages for took in page.took], late


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        school.begin(folder)
        room, _session = school.room_of(30)
        school.live_rooms(CLASSES)
        sessions = school.sessions(30 * (TEACHERS + 1)).split(",")
        alone: tuple[list[float], list[float]] = ([], [])
        beside: tuple[list[float], list[float]] = ([], [])
        refused = ""
        with Web(folder) as web:
            answer(web.port, "/", Cookie=f"sessionid={sessions[0]}")
            for number in range(ROUNDS):
                with ExitStack() as stack:
                    if number % 2:
                        refused = hostile(stack, web, room.key, sessions[-1])
                    for into, found in zip(
                        beside if number % 2 else alone,
                        one_round(web, room, room.key, sessions[:TEACHERS]),
                        strict=True,
                    ):
                        into += found
    missed = 0
    for what, before, after in zip(
        ("page of a class", "commit → list of classes"), alone, beside, strict=True
    ):
        ratio = percentile(after, 0.99) / percentile(before, 0.99)
        missed += ratio > MOST
        print(
            f"{what}: p50 {percentile(before, 0.5) * 1000:.0f} → {percentile(after, 0.5) * 1000:.0f} ms, "
            f"p99 {percentile(before, 0.99) * 1000:.0f} → {percentile(after, 0.99) * 1000:.0f} ms "
            f"({ratio:.2f} times, goal ≤ {MOST}; {len(before)} and {len(after)} values)"
        )
    print(refused)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
