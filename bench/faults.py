"""Let a web process, a worker, the leader, its machine, the broker and the database fail under load, in turn.

    scripts/services --machines 2 .venv/bin/python bench/faults.py

Two machines (network namespaces) run all of `manage.py serve`. PostgreSQL and Redis are on a third one.
A simulated cloud has live classes, open pages have streams, and people request pages all the time. A request
that finds a server closed goes to the other one, as behind a proxy. For each fault the script prints

- what people saw: the answers to their requests, and the longest time without a change on a page;
- after how many seconds all was whole: another process polls, all events until then are stored and shown, and
  all streams are open;
- how many events were lost or stored twice. It exits with 1 if it was one, or if something was never whole.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import django

from scripts.namespaces import OUTSIDE, SERVICES, Network

DOWN_S = 10.0
"""How long the broker and the database are away."""
WHOLE_WITHIN_S = 180.0
CALM_S = 8.0
PORT = 8000


@dataclass(slots=True)
class Scene:
    """The simulated cloud, the machines and the people in front of them."""

    network: Network
    sim: Any
    machines: Any
    clients: Any

    def leader(self) -> Any:
        from django.db import DatabaseError, InterfaceError, connection

        try:
            return self.machines.leader()
        except (DatabaseError, InterfaceError):
            connection.close()
            return None

    def is_whole(self, mark: int, since: Any) -> bool:
        """Return whether `mark` events are shown, polling works since a time, and all streams are open."""
        from django.db import DatabaseError, InterfaceError, connection

        from classroom_admin.sync.models import Lease, RoomCursor

        def last_numbers(world: Any) -> dict[tuple[str, str], int]:
            return {(one.room_uuid, one.stream): one.sequence for one in world.events[:mark]}

        columns = ("room__room_uuid", "stream", "projected_sequence")
        try:
            polls = Lease.objects.filter(app_id=self.sim.app_id, last_good_at__gt=since).exists()
            shown = {(room, stream): last for room, stream, last in RoomCursor.objects.values_list(*columns)}
        except (DatabaseError, InterfaceError):
            connection.close()
            return False
        last = self.sim.do(last_numbers)
        is_shown = all(shown.get(place, 0) >= number for place, number in last.items())
        return polls and is_shown and self.clients.missing == 0

    def lost_and_twice(self, mark: int) -> tuple[int, int]:
        """Return how many of the first `mark` events are missing, and how many are stored twice."""
        from django.db import connection
        from django.db.models import Count

        from classroom_admin.sync.models import NUMBERED, StoredEvent

        connection.close()  # it may be one of a database that was killed

        def numbers(world: Any) -> set[tuple[str, str, int]]:
            return {(one.room_uuid, one.stream, one.sequence) for one in world.events[:mark]}

        rows = StoredEvent.objects.filter(stream__in=NUMBERED)
        stored = set(rows.values_list("room__room_uuid", "stream", "sequence"))
        twice = rows.values("room", "stream", "sequence").annotate(times=Count("pk")).filter(times__gt=1)
        return len(self.sim.do(numbers) - stored), twice.count()


class Redis:
    """The server that scripts/services started. It can be killed, and started again without its messages."""

    def __init__(self) -> None:
        self.port = urlsplit(os.environ["CELERY_BROKER_URL"]).port
        self.folder = Path(os.environ["SERVICES_LOG"]).parent.parent / "redis"
        self.again: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes().decode().strip("\0 ")
                if words.endswith(f":{self.port}") and ("redis" in words or "valkey" in words):
                    return int(folder.name)
        raise RuntimeError("no Redis runs")

    def start(self) -> None:
        program = shutil.which("redis-server") or "valkey-server"
        argv = [program, str(self.folder / "redis.conf"), "--port", str(self.port), "--dir", str(self.folder)]
        self.again = subprocess.Popen(argv, stdout=subprocess.DEVNULL)

    def end(self) -> None:
        if self.again is not None:
            self.again.terminate()
            self.again.wait(30)


def start_again(network: Network, server: Any, *, tries: int = 5) -> None:
    """Start a server on its machine. Try again if it ends at once."""
    for _try in range(tries):
        with network.inside(SERVICES):
            server.start()
        with suppress(subprocess.TimeoutExpired):
            server.again.wait(2)
            continue
        return
    raise RuntimeError("the server did not start again")


@dataclass(frozen=True, slots=True)
class Found:
    """What people saw of a fault, and how long it lasted. Times are in seconds."""

    what: str
    answers: Counter[str]
    silences: list[float]
    ended: int
    moved_s: float | None
    whole_s: float | None
    lost: int
    twice: int

    def row(self) -> str:
        others = ", ".join(f"{n} × {what}" for what, n in self.answers.most_common() if what != "status 200")
        moved = "—" if self.moved_s is None else f"{self.moved_s:.1f} s"
        whole = "never" if self.whole_s is None else f"{self.whole_s:.1f} s"
        return (
            f"| {self.what} | {self.answers['status 200']} × 200{', ' + others if others else ''} "
            f"| {self.ended} | {statistics.median(self.silences):.1f} s, {max(self.silences):.1f} s "
            f"| {moved} | {whole} | {self.lost}, {self.twice} |"
        )


async def watch(
    scene: Scene, what: str, break_it: Callable[[], None], mend_it: Callable[[], None] | None = None
) -> Found:
    """Cause a fault, and measure until all is whole. After `DOWN_S`, call `mend_it`."""
    from django.utils import timezone

    clients = scene.clients
    answers, ended = clients.answers.copy(), len(clients.returns)
    leader = await asyncio.to_thread(scene.leader)
    began = time.monotonic()
    await asyncio.to_thread(break_it)
    moved_s: float | None = None
    mended = mend_it is None
    since, mark = timezone.now(), scene.sim.world.emitted
    whole_s: float | None = None
    while whole_s is None and time.monotonic() - began < WHOLE_WITHIN_S:
        await asyncio.sleep(0.2)
        now_s = time.monotonic() - began
        if mend_it is not None and not mended and now_s >= DOWN_S:
            await asyncio.to_thread(mend_it)
            mended, since, mark = True, timezone.now(), scene.sim.world.emitted
        found = await asyncio.to_thread(scene.leader)
        if moved_s is None and found is not None and found is not leader:
            moved_s = now_s
            since, mark = timezone.now(), scene.sim.world.emitted
        if mended and await asyncio.to_thread(scene.is_whole, mark, since):
            whole_s = time.monotonic() - began
    lost, twice = await asyncio.to_thread(scene.lost_and_twice, mark)
    seen = clients.answers - answers
    silences = clients.silences(began)
    return Found(what, seen, silences, len(clients.returns) - ended, moved_s, whole_s, lost, twice)


async def measure(scene: Scene, given: argparse.Namespace) -> int:
    from tests.operations.outage import Postgres

    chance = random.Random(1)
    clients, machines = scene.clients, scene.machines
    await clients.begin(streams=given.streams)
    await asyncio.sleep(CALM_S)
    postgres, redis = Postgres(), Redis()
    print("| fault | answers | streams that ended | longest silence of a page: median, all "
          "| leader moved after | whole after | events lost, twice |")  # fmt: skip
    print("| --- " * 7 + "|")

    def kill(machine: Any, part: str) -> None:
        pids = [pid for pid, name in machine.parts().items() if name == part]
        os.kill(chance.choice(pids), signal.SIGKILL)

    def cut_leader() -> None:
        cut.append(scene.leader())
        cut[0].cut()

    cut: list[Any] = []
    faults: list[tuple[str, Callable[[], None], Callable[[], None] | None]] = [
        ("none", lambda: time.sleep(CALM_S), None),
        ("a web process is killed", lambda: kill(machines.all[0], "web"), None),
        ("a worker is killed", lambda: kill(scene.leader(), "worker"), None),
        ("the polling process is killed", lambda: kill(scene.leader(), "poll worker"), None),
        (f"the broker is killed, and away for {DOWN_S:.0f} s",
         lambda: os.kill(redis.pid, signal.SIGKILL), lambda: start_again(scene.network, redis)),
        (f"the database is killed, and away for {DOWN_S:.0f} s",
         postgres.kill, lambda: start_again(scene.network, postgres)),
        ("the machine of the polling process disappears", cut_leader, None),
    ]  # fmt: skip
    bad = 0
    try:
        for what, break_it, mend_it in faults:
            found = await watch(scene, what, break_it, mend_it)
            print(found.row(), flush=True)
            bad += found.whole_s is None or bool(found.lost or found.twice)
            await asyncio.sleep(CALM_S)
        cut[0].restore()
        found = await watch(scene, "the machine is back", lambda: None)
        print(found.row())
        bad += found.whole_s is None or bool(found.lost or found.twice)
        clients.end()
    finally:
        await asyncio.to_thread(machines.close)
        redis.end()
        postgres.end()
    print(f"{len(machines.all)} machines, {given.classes} live classes of {given.students}, "
          f"{given.streams} streams; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")  # fmt: skip
    return 1 if bad else 0


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--streams", type=int, default=16)
    options.add_argument("--classes", type=int, default=6)
    options.add_argument("--students", type=int, default=20)
    given = options.parse_args()
    network = Network.of_environment()
    if network is None:
        print("Start it with scripts/services --machines 2.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DATA_DIR": folder, "SECOND_FACTOR": "nobody",
            "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        }  # fmt: skip
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        return run(network, Path(folder), given)


def run(network: Network, folder: Path, given: argparse.Namespace) -> int:
    import live_school
    from rolling_clients import Clients
    from rolling_restart import live_classes

    from classroom_admin.simulator.testing import running_simulator
    from tests.chaos.machines import Machines

    sessions = live_school.sessions(given.streams + 1).split(",")
    with running_simulator(host=network.address(OUTSIDE)) as sim:
        machines = Machines(network, sim, folder, per_second=200)
        try:
            for machine in machines.all:
                machine.boot()
            for machine in machines.all:
                machine.wait_ready(within_s=WHOLE_WITHIN_S)
            sim.control("POST", "/lesson", {"rooms": given.classes, "pupils": given.students, "minutes": 120})
            keys = live_classes(given.classes)
            servers = [(machine.address, PORT) for machine in machines.all]
            scene = Scene(network, sim, machines, Clients(servers, sessions, keys))
            return asyncio.run(measure(scene, given))
        finally:
            machines.close()


if __name__ == "__main__":
    sys.exit(main())
