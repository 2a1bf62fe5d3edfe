"""Measure how an installation grows: 1, 2 and 4 workers and 1 and 2 web processes, on PostgreSQL and Redis.

    scripts/services .venv/bin/python bench/scale.py [--rooms 10000] [--live 1000] [--rounds 3]

The database has 10,000 classes, of which 1,000 are live. `scripts/services` starts the servers.

1. Storing: one process reads answers of the cloud, as the poller does. There is only one poller.
2. Workers: a backlog of 10 events in each live class is stored, then 1, 2 or 4 worker processes project it.
3. Web: two sessions for each of four pages ask 1 or 2 web processes for pages without a pause.

The numbers of processes alternate in each round, and the script prints medians. Beside each figure is the
limit of this machine: as many processes that only parse JSON. A ratio below it is ours, not the machine's.
PostgreSQL and the requests of the benchmark use the same cores. So on two cores, figures with more than two
busy processes say how a full machine shares its cores, not how the product grows. The script prints how many
cores were busy. It exits with 1 if two processes do not reach `SHARE` of what two bare processes reach.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import scale_school as school
from live_parts import ROOT, answer, cpu_s, free_port, percentile, process, pss_mb, uvicorn, wait_for

sys.path.insert(0, str(ROOT))

SHARE = 0.6
WORKERS, WEBS = (1, 2, 4), (1, 2)
EACH = 10
"""The number of events of each live class in a backlog."""
DEADLINE_S = 300.0
WEB_S = 8.0
BARE_S = 2.0
BARE = """
import json, sys, time
text = json.dumps({"people": [{"name": "Student", "role": 2, "hand": False}] * 50})
until, done = time.monotonic() + float(sys.argv[1]), 0
while time.monotonic() < until:
    json.dumps(json.loads(text)); done += 1
print(done)
"""


class Measured:
    """What a number of processes did in a time: work per second, processor time and memory."""

    def __init__(self, work: float, wall_s: float, cpu: float, server: float, pss: list[float]) -> None:
        self.work, self.wall_s, self.cpu, self.server, self.pss = work, wall_s, cpu, server, pss
        self.speed = work / wall_s
        self.cores = (cpu + server) / wall_s


def bare(number: int) -> float:
    """Return how many loops this many bare processes run per second, all together."""
    started = [
        subprocess.Popen([sys.executable, "-c", BARE, str(BARE_S)], stdout=subprocess.PIPE, text=True)
        for _ in range(number)
    ]
    return sum(int(one.communicate()[0]) for one in started) / BARE_S


@contextmanager
def workers(number: int) -> Iterator[list[int]]:
    """Run worker processes for everything but polling; yield their ids when all of them are ready."""
    from classroom_admin.celery import app

    with ExitStack() as stack:
        output = stack.enter_context((Path(os.environ["DATA_DIR"]) / "workers.log").open("a"))
        pids = []
        for each in range(number):
            argv = [sys.executable, "-m", "celery", "-A", "classroom_admin", "--quiet", "worker"]
            argv += ["--pool", "threads", "--concurrency", "4", "--queues", "sync,celery"]
            argv += ["--loglevel", "ERROR", "--hostname", f"bench{each}@%h"]
            pids.append(stack.enter_context(process(*argv, output=output)).pid)
        deadline = time.monotonic() + 60
        while len(app.control.ping(timeout=1.0) or ()) < number:
            assert time.monotonic() < deadline, "the workers did not start"
        yield pids


def project(live: school.LiveRooms, number: int) -> Measured:
    """Let this many workers project a backlog. Return what they did."""
    with workers(number) as pids:
        events = live.backlog(EACH)
        _project_all()  # the first task of a worker imports modules; it is not measured
        events = live.backlog(EACH)
        cpu, server = sum(map(cpu_s, pids)), school.server_cpu_s()
        began = time.monotonic()
        _project_all()
        wall_s = time.monotonic() - began
        cpu, server = sum(map(cpu_s, pids)) - cpu, school.server_cpu_s() - server
        return Measured(events, wall_s, cpu, server, [pss_mb(pid) for pid in pids])


def _project_all() -> None:
    """Send tasks until the workers have projected everything. A task ends after some seconds."""
    from classroom_admin.sync import projector
    from classroom_admin.sync.tasks import project_due

    deadline = time.monotonic() + DEADLINE_S
    while projector.waiting_rooms():
        assert time.monotonic() < deadline, "the workers did not finish"
        project_due.apply_async(expires=2)  # as the beat does, but more often
        time.sleep(0.1)


def store(live: school.LiveRooms) -> Measured:
    """Store a backlog in this process. Return what it did. Then project the events."""
    from classroom_admin.sync import projector

    cpu, server, began = time.process_time(), school.server_cpu_s(), time.monotonic()
    events = live.backlog(EACH)
    wall_s, cpu = time.monotonic() - began, time.process_time() - cpu
    server = school.server_cpu_s() - server
    projector.project_rooms(projector.waiting_rooms(), past_gaps=True)
    return Measured(events, wall_s, cpu, server, [pss_mb(os.getpid())])


class Reader:
    """A thread that asks for a page again and again. `took` has the times in seconds."""

    def __init__(self, port: int, path: str, session: str, until: float) -> None:
        self.took: list[float] = []
        self._ask = (port, path, session, until)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        port, path, session, until = self._ask
        while time.monotonic() < until:
            status, _headers, _body, took = answer(port, path, Cookie=f"sessionid={session}")
            assert status == 200, (path, status)
            self.took.append(took)


def serve(number: int, sessions: list[str], paths: list[str]) -> tuple[Measured, float]:
    """Ask this many web processes for pages. Return what they did, and the 95th percentile (s)."""
    with ExitStack() as stack:
        ports = [free_port() for _ in range(number)]
        pids = [
            stack.enter_context(process(*uvicorn("classroom_admin.asgi:application", port))).pid
            for port in ports
        ]
        for port in ports:
            wait_for(port)
            for path in paths:  # the first requests compile the templates
                answer(port, path, Cookie=f"sessionid={sessions[0]}")
        cpu, server, began = sum(map(cpu_s, pids)), school.server_cpu_s(), time.monotonic()
        readers = [
            Reader(ports[index % number], paths[index // 2 % len(paths)], session, began + WEB_S)
            for index, session in enumerate(sessions)
        ]
        for reader in readers:
            reader.thread.join()
        wall_s = time.monotonic() - began
        cpu, server = sum(map(cpu_s, pids)) - cpu, school.server_cpu_s() - server
        took = [one for reader in readers for one in reader.took]
        found = Measured(len(took), wall_s, cpu, server, [pss_mb(pid) for pid in pids])
    return found, percentile(took, 0.95)


def events_per_class() -> tuple[float, float]:
    """Return the events per second of a simulated class of 30 students, and the bytes of one in an answer."""
    from simulator import Simulator

    with Simulator("--stepped", "--poll-batch", "1000") as cloud:
        cloud.control("POST", "/lesson", {"rooms": 20, "students": 30, "minutes": 45})
        for _ in range(45 * 6):
            cloud.control("POST", "/clock", {"step": 10_000})
        events = cloud.control("GET", "/health")["events"]
        answered = cloud.session.get(
            f"{cloud.url}/ap/edu/polling/apps/{_app_id()}/v2/rooms/sequences", timeout=60
        )
        return events / 20 / (45 * 60), len(answered.content) / len(answered.json()["data"])


def _app_id() -> str:
    from classroom_admin.simulator.settings import DEMO_APP_ID

    return str(DEMO_APP_ID)


def row(what: str, value: str, beside: str = "") -> None:
    print(f"{what:<50}{value:>16}   {beside}", flush=True)


def middle(rounds: list[Measured], of: Callable[[Measured], float]) -> float:
    return statistics.median(of(each) for each in rounds)


def show(what: str, unit: str, rounds: dict[int, list[Measured]], limits: dict[int, float]) -> float:
    """Print the medians of each number of processes. Return the share of the machine's gain with two."""
    one = middle(rounds[1], lambda each: each.speed)
    for number, found in rounds.items():
        gain, limit = middle(found, lambda each: each.speed) / one, limits[number] / limits[1]
        row(
            f"{number} {what}{'es' if number > 1 else ''}: {unit} per second",
            f"{gain * one:,.0f}",
            f"{gain:.2f} times one; {number} bare: {limit:.2f} times; {middle(found, _cores):.1f} cores busy",
        )
        row(
            "  processor time of each: ours, PostgreSQL",
            f"{middle(found, lambda each: each.cpu / each.work) * 1e6:,.0f} µs",
            f"{middle(found, lambda each: each.server / each.work) * 1e6:,.0f} µs",
        )
        row("  memory of one process", f"{middle(found, lambda each: statistics.mean(each.pss)):,.0f} MB")
    return middle(rounds[2], lambda each: each.speed) / one / (limits[2] / limits[1])


def _cores(found: Measured) -> float:
    return found.cores


def prepare(options: argparse.Namespace) -> tuple[school.LiveRooms, list[str], list[str]]:
    """Fill the database. Return the live classes, sessions and the paths of pages."""
    import live_school

    began = time.monotonic()
    school.past_rooms(options.rooms - options.live)
    live = school.LiveRooms(options.live)
    from django.db import connection

    from classroom_admin.rooms.models import Room
    from classroom_admin.sync import projector

    projector.project_rooms(projector.waiting_rooms(), past_gaps=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    keys = Room.objects.filter(room_uuid__startswith="live").values_list("key", flat=True)[:2]
    paths = ["/", f"/classes/{keys[0]}/", "/?when=past", f"/classes/{keys[1]}/"]
    sessions = [live_school.sessions(1) for _ in range(2 * len(paths))]
    row("classes on record, live", f"{options.rooms:,}", f"{options.live:,}")
    row("  prepared in", f"{time.monotonic() - began:.0f} s")
    return live, sessions, paths


def measure(options: argparse.Namespace) -> bool:
    """Measure and print everything. Return whether both goals are met."""
    live, sessions, paths = prepare(options)
    limits: dict[int, list[float]] = {number: [] for number in WORKERS}
    stored: list[Measured] = []
    projected: dict[int, list[Measured]] = {number: [] for number in WORKERS}
    served: dict[int, list[Any]] = {number: [] for number in WEBS}
    for _ in range(options.rounds):
        stored.append(store(live))
        for number in WORKERS:
            limits[number].append(bare(number))
            projected[number].append(project(live, number))
        for number in WEBS:
            served[number].append(serve(number, sessions, paths))
    bares = {number: statistics.median(found) for number, found in limits.items()}
    per_s, answer_bytes = events_per_class()
    on_disk, json_bytes = school.bytes_of_events()
    print(f"\nmedians of {options.rounds} rounds; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    row("a simulated class of 30: events per second", f"{per_s:.2f}")
    row(
        "bytes of an event: in an answer, JSON, on disk",
        f"{answer_bytes:,.0f}",
        f"{json_bytes:,.0f}, {on_disk:,.0f}",
    )
    row("one poller stores, events per second", f"{middle(stored, lambda each: each.speed):,.0f}")
    row(
        "  processor time of each: ours, PostgreSQL",
        f"{middle(stored, lambda each: each.cpu / each.work) * 1e6:,.0f} µs",
        f"{middle(stored, lambda each: each.server / each.work) * 1e6:,.0f} µs",
    )
    shares = {
        "worker process": show("worker process", "events", projected, bares),
        "web process": show(
            "web process", "pages", {n: [one for one, _p95 in found] for n, found in served.items()}, bares
        ),
    }
    for number, found in served.items():
        p95 = statistics.median(late for _measured, late in found)
        row(f"{number} web: p95 of a page, 8 readers without pauses", f"{p95 * 1000:,.0f} ms")
    for what, share in shares.items():
        row(f"gain by a second {what}, of a bare one's", f"{share:.2f}", f"goal ≥ {SHARE}")
    print("Not measurable with so few cores: where several web processes or workers saturate PostgreSQL.")
    return min(shares.values()) >= SHARE


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rooms", type=int, default=10_000)
    parser.add_argument("--live", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres") or not os.environ.get("CELERY_BROKER_URL"):
        print("Start it with scripts/services, which starts PostgreSQL and Redis.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, school.Database(url) as database:
        school.begin(Path(folder), database)
        return 0 if measure(options) else 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
