"""Restart all processes one after the other, under load, and count what people would notice.

Two web processes, two workers and beat run beside a simulated cloud with 50 live classes. 500 open pages
have streams, and eight people open a page every two seconds. Each process gets SIGTERM and is started
again. A request that finds a closed port, or whose connection ends before the answer begins, goes to the
other web process, as behind nginx. No request may fail, no event may be lost, and each stream must be
back within the time over which the server spreads them.

Run it with `scripts/services` to use PostgreSQL and Redis. It exits with 1 if a goal is missed. The cloud
and the pages run on the same machine, so it prints how busy all cores were: with no free core, streams
return late.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import django
import live_school as school
from live_parts import ROOT, busy_cores, free_port, percentile, process, wait_for
from rolling_clients import Clients

APP = {
    "AGORA_APP_ID": "0123456789abcdef0123456789abcdef",
    "AGORA_APP_CERTIFICATE": "fedcba9876543210fedcba9876543210",
}
PARTS = ("web 0", "web 1", "poll", "worker", "beat")
PAUSE_S = 3.0
SETTLE_S = 120.0
STREAMS_OF_PERSON = 4
"""A browser keeps four streams (static/js/stream.js)."""
STREAM_TOLERANCE_S = 5.0
"""How much later than the spread a stream may be back on a busy machine."""


@dataclass(slots=True)
class Running:
    """A process of the installation, which can be restarted."""

    part: Any
    log: Any
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.part.argv, cwd=ROOT, env=dict(self.part.env), stdout=self.log, stderr=self.log
        )
        while self.part.ready is not None and not self.part.ready():
            assert self.process.poll() is None, f"{self.part.name} ended"
            time.sleep(0.05)

    def stop(self) -> tuple[float, int]:
        """Send SIGTERM. Return after how many seconds the process ended, and its exit code."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        return time.monotonic() - began, code


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--streams", type=int, default=500)
    options.add_argument("--classes", type=int, default=50)
    options.add_argument("--students", type=int, default=10)
    options.add_argument("--rounds", type=int, default=1, help="how often each process is restarted")
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # end the processes, too
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        cloud = free_port()
        os.environ |= APP | {
            "DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
            "SECOND_FACTOR": "nobody",
            "AGORA_BASE_URL": f"http://127.0.0.1:{cloud}", "AGORA_FALLBACK_URL": "",
            "AGORA_REQUESTS_PER_SECOND": "200",
        }  # fmt: skip
        log = running.enter_context((Path(folder) / "log").open("w"))
        running.enter_context(
            process(sys.executable, "manage.py", "simulator", "--port", str(cloud), output=log)
        )
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        people = -(-given.streams // STREAMS_OF_PERSON)
        sessions = [school.session_of(school.administrator(number)) for number in range(people)]
        wait_for(cloud, "/_sim/")
        parts = running.enter_context(installation(log))
        lesson = {"rooms": given.classes, "pupils": given.students, "minutes": 60}
        control(cloud, "POST", "/lesson", lesson)
        keys = live_classes(given.classes)
        ports = [parts[name].part.env["PORT"] for name in PARTS[:2]]
        clients = Clients([("127.0.0.1", int(port)) for port in ports], sessions, keys)
        code = asyncio.run(measure(parts, cloud, clients, given))
        log.flush()
        wrong = [line for line in (Path(folder) / "log").read_text().splitlines() if "Traceback" in line]
        print(f"  tracebacks in the logs: {len(wrong)}")
        return code


@contextmanager
def installation(log: Any) -> Iterator[dict[str, Running]]:
    """Run the processes of the installation. Yield them by name."""
    from django.conf import settings

    from classroom_admin.runtime import broker
    from classroom_admin.runtime.installation import Installation, beat, web, workers

    here = Installation.of_settings(broker_socket=settings.BROKER_SOCKET)
    (here.data_dir / "static").mkdir()
    started: dict[str, Running] = {}
    foundation: Running | None = None
    try:
        if here.broker_socket is not None:
            broker.prepare(here.broker_socket, here.data_dir / "broker")
            foundation = Running(
                broker.part(here.broker_socket, here.data_dir / "broker", env=os.environ), log
            )
            foundation.start()
        webs = []
        for _number in range(2):
            port = free_port()
            env = dict(os.environ) | {"PORT": str(port)}
            webs.append(replace(here, port=port, env=env))
        parts = [*map(web, webs), *workers(here, cores=2), beat(here)]
        for name, part in zip(PARTS, parts, strict=True):
            started[name] = Running(part, log)
            started[name].start()
        yield started
    finally:
        for one in [*reversed(started.values()), *([foundation] if foundation else [])]:
            if one.process is not None and one.process.poll() is None:
                one.process.terminate()
                one.process.wait(60)


def control(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/_sim{path}", data, method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        return json.load(answer)


def live_classes(count: int) -> list[str]:
    """Wait until the dashboard knows all classes. Return their keys."""
    from classroom_admin.rooms.models import Room

    until = time.monotonic() + SETTLE_S
    while Room.objects.count() < count:
        assert time.monotonic() < until, "the dashboard never received the classes"
        time.sleep(0.2)
    return list(Room.objects.values_list("key", flat=True))


async def measure(parts: dict[str, Running], cloud: int, clients: Clients, given: argparse.Namespace) -> int:
    """Restart each process while clients are active, and print what they noticed."""
    await clients.begin(streams=given.streams)
    print(f"{given.streams} streams, {given.classes} live classes. Ends after SIGTERM:", flush=True)
    bad_ends, began = 0, busy_cores()
    for _round in range(given.rounds):
        for name in PARTS:
            took, code = await asyncio.to_thread(parts[name].stop)
            bad_ends += code not in (0, -signal.SIGTERM)
            await asyncio.to_thread(parts[name].start)
            await asyncio.sleep(PAUSE_S)
            if name.startswith("web"):
                await clients.all_back(within_s=60)
            print(f"  {name}: {took:.1f} s, exit code {code}", flush=True)
    await clients.all_back(within_s=60)
    clients.end()
    lost, twice, count = await asyncio.to_thread(compare, cloud)
    late = [back - allowed for back, allowed in clients.returns]
    backs = [back for back, _allowed in clients.returns]
    goals = [
        ("failed requests", len(clients.failures), not clients.failures, f"of {clients.requests}"),
        ("events lost", lost, not lost, f"of {count}"),
        ("events stored twice", twice, not twice, ""),
        ("streams that did not come back", clients.missing, not clients.missing, f"of {given.streams}"),
        (
            "streams back later than the spread",
            sum(one > STREAM_TOLERANCE_S for one in late),
            max(late, default=0.0) <= STREAM_TOLERANCE_S,
            f"of {len(late)} returns; half within {percentile(backs, 0.5):.1f} s, "
            f"all within {max(backs, default=0.0):.1f} s, {clients.polled} pages polled meanwhile",
        ),
        ("processes that ended badly", bad_ends, not bad_ends, ""),
    ]
    for what, found, met, more in goals:
        print(f"  {what}: {found} {more} ({'met' if met else 'MISSED'})")
    print(f"  requests that the other process answered, because a connection ended early: {clients.again}")
    print(f"  {busy_cores(since=began).share:.0%} of {os.cpu_count()} cores busy during the restarts")
    for failure in clients.failures[:5]:
        print(f"    {failure}")
    return 0 if all(met for _what, _found, met, _more in goals) else 1


def compare(cloud: int) -> tuple[int, int, int]:
    """Wait until what has happened so far is stored. Return the lost, the doubled and all events."""
    from django.db.models import Count

    from classroom_admin.sync.models import NUMBERED, StoredEvent

    events = control(cloud, "GET", "/oracle")["events"]
    happened = {(event["roomUuid"], event["stream"], event["sequence"]) for event in events}
    rows = StoredEvent.objects.filter(stream__in=NUMBERED)
    until = time.monotonic() + SETTLE_S
    while True:
        stored = set(rows.values_list("room__room_uuid", "stream", "sequence"))
        if not happened - stored or time.monotonic() > until:
            break
        time.sleep(0.5)
    numbers = rows.values("room", "stream", "sequence").annotate(times=Count("pk"))
    return len(happened - stored), numbers.filter(times__gt=1).count(), len(happened)


if __name__ == "__main__":
    sys.exit(main())
