"""Measure live updates with real processes: latency, number of subscribers and cost.

`--full` uses realistic numbers. The script prints each figure beside its goal. If useful, it also prints the
limit of this machine in the same run. It exits with 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import live_school as school
from live_parts import (
    ROOT,
    Subscribers,
    answer,
    bare_server,
    cpu_s,
    free_port,
    memory_mb,
    percentile,
    process,
    uvicorn,
    wait_for,
)

PEERS = "Comparable products document that their pages refresh every 10 to 60 s."


@dataclass
class Table:
    """A table of the results."""

    missed: int = 0
    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def add(self, what: str, goal: str, found: str, *, met: bool, machine: str = "") -> None:
        self.missed += not met
        self.rows.append((what, goal, found, "met" if met else "MISSED", machine))
        print(f"  {what}: {found} (goal {goal}; {'met' if met else 'MISSED'}) {machine}", flush=True)

    def show(self) -> None:
        head = ("what", "goal", "found", "", "limit of this machine")
        print("\n| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
        for row in self.rows:
            print("| " + " | ".join(row) + " |")
        print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}. {PEERS}")


class Web:
    """The product's web process with a separate database."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.port = port or free_port()
        self.env = dict(os.environ) | {
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "LOG_LEVEL": "WARNING",
            "ACCESS_LOG": "false",
        }
        self._process = process(*uvicorn("classroom_admin.asgi:application", self.port), env=self.env)

    def __enter__(self) -> Web:
        self.pid = self._process.__enter__().pid
        wait_for(self.port)
        return self

    def __exit__(self, *failure: object) -> None:
        self._process.__exit__(*failure)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def fan_out(table: Table, folder: Path, *, subscribers: int, changes: int) -> None:
    """Measure processor time, and the time from a commit until all subscribers of a room have the bytes."""
    with Web(folder) as web:
        room, _session = school.room_of(1000)
        sessions = school.sessions(subscribers)
        path = f"/live/classes/{room.key}/stream?v={school.version(room)}"
        cost: dict[int, float] = {}
        late: list[float] = []
        for count in (1, subscribers):
            with Subscribers(web.port, path, sessions, count) as crowd:
                for _ in range(2):  # the first change after the connection sends all parts of the page
                    crowd.ask(school.raise_a_hand(room)[1])
                before = cpu_s(web.pid)
                idle = before
                for _ in range(changes):
                    committed, version = school.raise_a_hand(room)
                    told = crowd.ask(version)
                    if count > 1:
                        late += [at - committed for at in told["times"]]
                        size = told["bytes"]
                cost[count] = (cpu_s(web.pid) - idle) / changes
    limit = _bare_fan_out(folder, subscribers, changes)
    found = f"p50 {ms(percentile(late, 0.5))}, p99 {ms(percentile(late, 0.99))}, {size} bytes"
    table.add(
        f"commit → bytes at {subscribers:,} subscribers of one room, one process",
        "p99 ≤ 250 ms",
        found,
        met=percentile(late, 0.99) <= 0.25 and len(late) == subscribers * changes,
        machine=f"bare ASGI: p99 {ms(limit)}",
    )
    ratio = cost[subscribers] / max(cost[1], 0.001)
    table.add(
        f"processor time of one change for {subscribers:,} subscribers, compared with 1",
        "≤ 1 rendering (counted by a test)",
        f"{cost[1] * 1000:.0f} → {cost[subscribers] * 1000:.0f} ms, {ratio:.1f} times",
        met=True,
    )


def _bare_fan_out(folder: Path, subscribers: int, changes: int) -> float:
    with bare_server(folder) as port, Subscribers(port, "/stream", "", subscribers) as crowd:
        late: list[float] = []
        for number in range(changes):
            began = time.time()
            answer(port, f"/push?{number}")
            late += [at - began for at in crowd.ask(str(number))["times"]]
    return percentile(late, 0.99)


def kept(table: Table, folder: Path, *, subscribers: int, seconds: float) -> None:
    """Measure how many subscribers stay connected to one process, and how much memory it needs."""
    with Web(folder) as web:
        room, _session = school.room_of(30)
        sessions = school.sessions(subscribers)
        alone = memory_mb(web.pid)
        path = f"/live/classes/{room.key}/stream?v={school.version(room)}"
        with Subscribers(web.port, path, sessions, subscribers) as crowd:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                _, version = school.raise_a_hand(room)
                # Change the room every five seconds.
                time.sleep(min(5.0, max(0.1, until - time.monotonic())))
            told = crowd.ask(version)
            used = memory_mb(web.pid)
    table.add(
        f"{subscribers:,} subscribers of one process for {seconds:.0f} s",
        "≤ 400 MB, none disconnected",
        f"{used:.0f} MB, {told['lost']} disconnected, {len(told['times']):,} got the last change",
        met=used <= 400 and told["lost"] == 0 and len(told["times"]) == subscribers,
        machine=f"{alone:.0f} MB without subscribers",
    )


def returning(table: Table, folder: Path, *, subscribers: int) -> None:
    """Measure how long all pages need to reconnect when a new web process replaces the old one."""
    with Web(folder) as web:
        room, _session = school.room_of(1000)
        path = f"/live/classes/{room.key}/stream?v={school.version(room)}"
        sessions = school.sessions(subscribers)
        crowd = Subscribers(web.port, path, sessions, subscribers, program="live_returning.py")
        port = web.port
    with crowd:
        _, version = school.raise_a_hand(room)  # all pages miss this change
        began = time.time()
        with Web(folder, port=port) as web:
            started = time.time() - began
            told = crowd.ask(version)
            used = memory_mb(web.pid)
    late = [at - told["lost"] for at in told["back"]]
    table.add(
        f"{subscribers:,} subscribers back after a deployment, with what they missed",
        "≤ 30 s, spread over that time",
        f"half after {percentile(late, 0.5):.1f} s, the last after {max(late, default=float('nan')):.1f} s; "
        f"{len(late):,} back, {told['asking']} polled in between, {used:.0f} MB",
        met=len(late) >= subscribers and max(late) <= 30,
        machine=f"a web process answers after {started:.1f} s",
    )


def polling(table: Table, folder: Path, *, seconds: int) -> None:
    """Measure how fast pages can poll an unchanged room, compared with a minimal ASGI response."""

    def wrk(port: int, path: str, cookie: str = "") -> float:
        argv = ["wrk", "-t1", "-c16", f"-d{seconds}s", "-H", f"Cookie: sessionid={cookie}"]
        said = subprocess.run(
            [*argv, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
        )
        if "Non-2xx" in said.stdout:
            raise RuntimeError(said.stdout)
        found = re.search(r"Requests/sec:\s+([\d.]+)", said.stdout)
        return float(found.group(1)) if found else 0.0

    with bare_server(folder) as port:
        bare = wrk(port, "/")
    with Web(folder) as web:
        room, cookie = school.room_of(30)
        address = f"/live/classes/{room.key}/?v={school.version(room)}&t={school.ticket(room, cookie)}"
        quick, until = False, time.monotonic() + 10
        while not quick and time.monotonic() < until:  # the first request only loads the room
            status, headers, _, _ = answer(web.port, address, Cookie=f"sessionid={cookie}")
            quick = status == 204 and "spread" in headers.get("hx-trigger", "")
        mine = wrk(web.port, address, cookie)
    table.add(
        "polling an unchanged room, by wrk",
        "≥ 0.2 of bare",
        f"{mine:,.0f} per second, {mine / bare:.2f} of bare",
        met=quick and mine >= 0.2 * bare,
        machine=f"bare ASGI: {bare:,.0f} per second",
    )


def pages(table: Table, folder: Path, *, rounds: int) -> None:
    """Measure the class list page with 1,000 live rooms, and the page of a class with 1,000 people."""
    with Web(folder) as web:
        room, cookie = school.room_of(1000)
        school.live_rooms(1000)
        plain = percentile([answer(web.port, "/healthz")[3] for _ in range(rounds)], 0.95)
        for what, path, goal_s, most, sent in (
            ("class list with 1,000 live rooms", "/", 0.1, 60_000, gzip.compress),
            ("class page with 1,000 people", f"/classes/{room.key}/", 0.15, 150_000, bytes),
        ):
            answer(web.port, path, Cookie=f"sessionid={cookie}")
            got = [answer(web.port, path, Cookie=f"sessionid={cookie}") for _ in range(rounds)]
            slow, size = percentile([one[3] for one in got], 0.95), len(sent(got[-1][2]))
            unit = "KB by gzip" if sent is gzip.compress else "KB"
            goal = f"p95 ≤ {ms(goal_s)}, ≤ {most / 1000:.0f} {unit}"
            table.add(
                what,
                goal,
                f"p95 {ms(slow)}, {size / 1000:.0f} {unit}",
                met=slow <= goal_s and size <= most and got[-1][0] == 200,
                machine=f"/healthz p95 {ms(plain)}",
            )


def end_to_end(table: Table, *, subscribers: int, events: int, poll_s: float | None) -> None:
    """Measure the time from a cloud event to Chromium's DOM while other subscribers are connected.

    `poll_s` is `AGORA_POLL_SECONDS`; None means the default settings.
    """
    from live_end_to_end import measure

    late = measure(subscribers=subscribers, events=events, poll_s=poll_s)
    p50, p99 = percentile(late, 0.5), percentile(late, 0.99)
    goals = (0.25, 0.6) if poll_s is None else (0.8, 1.6)
    settings = "default settings" if poll_s is None else f"poll {poll_s:g} s"
    table.add(
        f"event at the cloud → DOM of Chromium, {settings}, {subscribers} other subscribers",
        f"p50 ≤ {goals[0]} s, p99 ≤ {goals[1]} s",
        f"p50 {p50:.2f} s, p99 {p99:.2f} s of {len(late)}",
        met=p50 <= goals[0] and p99 <= goals[1] and len(late) == events,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="2,000 and 5,000 subscribers, ten minutes")
    parser.add_argument("--only", default="", help="fan, kept, returns, polling, pages or end")
    options = parser.parse_args()
    full = options.full
    random.seed(5)
    table = Table()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        school.begin(folder)
        rows = {
            "fan": lambda: fan_out(
                table, folder, subscribers=2000 if full else 300, changes=20 if full else 8
            ),
            "kept": lambda: kept(
                table, folder, subscribers=5000 if full else 500, seconds=600 if full else 15
            ),
            "returns": lambda: returning(table, folder, subscribers=2000 if full else 300),
            "polling": lambda: polling(table, folder, seconds=10 if full else 3),
            "pages": lambda: pages(table, folder, rounds=40 if full else 15),
        }
        for row, measure in rows.items():
            if options.only in ("", row):
                measure()
    if options.only in ("", "end"):
        for poll_s in (None, 1.0):
            end_to_end(table, subscribers=200, events=100 if full else 30, poll_s=poll_s)
    table.show()
    return 1 if table.missed else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
