"""Machines that run `manage.py serve`, and can crash or lose their connection.

They need `scripts/services --machines`.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.models import Lease
from scripts.namespaces import OUTSIDE, SERVICES, Network
from tests.operations.test_commands import MANAGE, READY, Program
from tests.runtime.processes import cmdline, marked, pids, wait_for
from tests.sync.test_lease import environment

PORT = "8000"
PARTS = {
    "uvicorn": "web",
    "poll@": "poll worker",
    "worker@": "worker",
    " beat ": "beat",
}
"""What the command line of each part contains, and its name. The first one that matches counts."""


class Machine:
    """A machine with all parts of an installation. Its name is its host name."""

    def __init__(self, network: Network, name: str, folder: Path, env: dict[str, str]) -> None:
        self.network, self.name, self.folder, self.env = network, name, folder, env
        self.program: Program | None = None
        self.is_cut = False
        self.said: list[str] = []

    @property
    def address(self) -> str:
        return self.network.address(self.name)

    def boot(self) -> None:
        """Start all parts. Do not wait until they are ready."""
        argv = self.network.command(self.name, *MANAGE, "serve")
        self.program = Program(*argv, data_dir=self.folder, HOST=self.address, PORT=PORT, **self.env)

    def wait_ready(self, *, within_s: float) -> None:
        assert self.program is not None
        self.program.wait_said(READY, within_s=within_s)

    def parts(self) -> dict[int, str]:
        """Return the names of the running parts by process id."""
        found = {}
        for pid in pids(self.program.mark) if self.program else ():
            words = cmdline(pid)
            if name := next((name for mark, name in PARTS.items() if mark in words), ""):
                found[pid] = name
        return found

    def kill_part(self, chance: random.Random) -> str:
        """Kill a part. Return its name, or "" if none runs."""
        parts = self.parts()
        if not parts:
            return ""
        pid = chance.choice(sorted(parts))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return parts[pid]

    def crash(self) -> None:
        """Kill all processes, the supervisor first."""
        assert self.program is not None
        self.program.process.kill()
        self.program.process.wait(timeout=30)
        for pid in pids(self.program.mark):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not marked(self.program.mark))
        self._keep_output()

    def stop(self) -> None:
        """Stop all parts with SIGTERM, as at the shutdown of a machine."""
        if self.program is not None and self.program.process.poll() is None:
            self.program.process.send_signal(signal.SIGTERM)
            self.program.process.wait(timeout=60)
            wait_for(lambda: not marked(self.program.mark))
            self._keep_output()

    def cut(self, other: str = "") -> None:
        """Lose the connection to `other`, or to all other machines."""
        self.is_cut = True
        if other:
            self.network.cut_between(self.name, other)
        else:
            self.network.cut(self.name)

    def restore(self) -> None:
        self.is_cut = False
        self.network.restore(self.name)

    def _keep_output(self) -> None:
        _code, said = self.program.end()
        self.said.append(said)


class Machines:
    """All machines of an installation, with one PostgreSQL and one Redis on another machine."""

    def __init__(self, network: Network, sim: RunningSimulator, folder: Path, *, per_second: float) -> None:
        env = environment(sim) | {
            "SECRET_KEY": settings.SECRET_KEY,
            "CELERY_BROKER_URL": os.environ["CELERY_BROKER_URL"],
            "AGORA_REQUESTS_PER_SECOND": str(per_second),
            "LOG_LEVEL": "WARNING",
        }
        kept = ("AGORA_", "DATABASE_", "SECRET_", "CELERY_", "LOG_")
        named = {name: value for name, value in env.items() if name.startswith(kept)}
        self.network, self.sim = network, sim
        self.all = [Machine(network, name, folder / name, named) for name in network.machines]

    def named(self, name: str) -> Machine:
        return next(machine for machine in self.all if machine.name == name)

    def leader(self) -> Machine | None:
        """Return the machine whose process holds the lease for polling."""
        lease = Lease.objects.filter(app_id=self.sim.app_id).first()
        host = lease.owner.partition("/")[0] if lease else ""
        return next((machine for machine in self.all if machine.name == host), None)

    def close(self) -> None:
        for machine in self.all:
            machine.restore()
            if machine.program is not None and machine.program.process.poll() is None:
                machine.crash()

    def output(self) -> str:
        return "".join(said for machine in self.all for said in machine.said)


class Faults:
    """Random faults of machines and of the network between them. `counts` has how often each happened."""

    def __init__(self, machines: Machines, chance: random.Random) -> None:
        self.machines, self.chance = machines, chance
        self.counts: Counter[str] = Counter()
        self._ends: list[tuple[float, Machine, str]] = []

    @property
    def kills(self) -> int:
        return sum(number for what, number in self.counts.items() if what.startswith("kill"))

    @property
    def cuts(self) -> int:
        return sum(number for what, number in self.counts.items() if what.startswith("cut"))

    def one(self, now: float) -> None:
        """Cause one fault, and end those that are over at `now` (monotonic, s)."""
        self.end_those_before(now)
        whole = [
            one for one in self.machines.all if all(one is not other for _at, other, _what in self._ends)
        ]
        if len(whole) <= 1:
            return
        machine = self.chance.choice(whole)
        what = self.chance.choices(("part", "machine", "cut", "database", "cloud"), (8, 1, 3, 2, 2))[0]
        if what == "part":
            if name := machine.kill_part(self.chance):
                self.counts[f"kill {name}"] += 1
            return
        if what == "machine":
            machine.crash()
            self.counts["kill machine"] += 1
        else:
            machine.cut({"cut": "", "database": SERVICES, "cloud": OUTSIDE}[what])
            self.counts[{"cut": "cut from all"}.get(what, f"cut from the {what}")] += 1
        self._ends.append((now + self.chance.uniform(0.5, 20), machine, what))

    def end_those_before(self, now: float) -> None:
        for entry in [entry for entry in self._ends if entry[0] <= now]:
            self._ends.remove(entry)
            _at, machine, what = entry
            if what == "machine":
                machine.boot()
            else:
                machine.restore()
