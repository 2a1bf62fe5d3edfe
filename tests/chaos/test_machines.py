"""Machines of an installation crash and lose their connections at random moments. (Invariants 1, 2 and 9.)

Each machine is a network namespace with all parts of `manage.py serve`: real Celery workers and beat. One
PostgreSQL and one Redis are on another machine. `make test-chaos` starts them with `scripts/services`.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from classroom_admin.agora.client import Client
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.sync.models import Lease, Quarantine
from scripts.namespaces import OUTSIDE, SUBNET, Network
from tests.chaos.checks import all_stored, assert_nothing_lost_nothing_twice, wait_until
from tests.chaos.machines import Faults, Machine, Machines
from tests.chaos.school import School
from tests.sync.test_lease import ROOT, environment

NETWORK = Network.of_environment()


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens. `takeovers`: how often the machine of the leader disappears."""

    kills: int
    cuts: int
    events: int
    rooms: int
    takeovers: int
    timeout_s: int


SIZES = {
    "short": Size(kills=6, cuts=4, events=3_000, rooms=10, takeovers=1, timeout_s=900),
    "middle": Size(kills=20, cuts=15, events=15_000, rooms=30, takeovers=2, timeout_s=1800),
    "long": Size(kills=60, cuts=40, events=50_000, rooms=100, takeovers=3, timeout_s=5400),
    "full": Size(kills=400, cuts=300, events=1_000_000, rooms=500, takeovers=5, timeout_s=36_000),
}
SIZE = SIZES[os.environ.get("CHAOS", "short")]
SEED = int(os.environ.get("CHAOS_SEED", "1"))
PER_SECOND = 100
WAITING_AT_MOST = 4_000
READY_WITHIN_S = 180.0
LEADER_MOVES_WITHIN_S = 20.0
WHOLE_WITHIN_S = 60.0

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(NETWORK is None, reason="needs scripts/services --machines 3"),
    pytest.mark.allow_hosts([f"{SUBNET}.{number}" for number in range(10, 20)]),
    pytest.mark.timeout(SIZE.timeout_s),
]


@pytest.fixture
def sim() -> Iterator[RunningSimulator]:
    assert NETWORK is not None
    with running_simulator(plain=True, host=NETWORK.address(OUTSIDE)) as simulator:
        yield simulator


@pytest.fixture
def machines(sim: RunningSimulator, tmp_path: Path) -> Iterator[Machines]:
    assert NETWORK is not None
    started = Machines(NETWORK, sim, tmp_path, per_second=PER_SECOND)
    yield started
    started.close()


def rage(machines: Machines, school: School, chance: random.Random) -> Faults:
    """Let events happen and machines fail until both happened often enough."""
    faults = Faults(machines, chance)
    began, next_at = school.emitted, time.monotonic()
    while faults.kills < SIZE.kills or faults.cuts < SIZE.cuts or school.emitted - began < SIZE.events:
        done = min(1.0, (faults.kills + faults.cuts + 1) / (SIZE.kills + SIZE.cuts))
        left = int(SIZE.events * done) - (school.emitted - began)
        if left > 0 and school.waiting < WAITING_AT_MOST:
            school.happen(min(left, 200))
        if time.monotonic() >= next_at:
            faults.one(time.monotonic())
            next_at = time.monotonic() + chance.uniform(0.3, 2.0)
        time.sleep(0.05)
    faults.end_those_before(float("inf"))
    return faults


def lose_the_leader(machines: Machines, school: School) -> tuple[Machine, float]:
    """Cut off the machine that polls, during events. Return it, and the seconds until another one polls."""
    wait_until(lambda: machines.leader() is not None, within_s=READY_WITHIN_S)
    lost = machines.leader()
    assert lost is not None
    lost.cut()
    began = time.monotonic()

    def another_polls() -> bool:
        school.happen(10)
        leader = machines.leader()
        return leader is not None and leader is not lost

    wait_until(another_polls, within_s=WHOLE_WITHIN_S, every_s=0.2)
    return lost, time.monotonic() - began


def is_well(machines: Machines, sim: RunningSimulator) -> bool:
    lease = Lease.objects.filter(app_id=sim.app_id).first()
    return lease is not None and not lease.last_error and all_stored(sim)


def test_storm_over_machines_loses_and_repeats_no_event(
    sim: RunningSimulator, machines: Machines, cloud: Client
) -> None:
    began = time.monotonic()
    school = School(sim, rooms=SIZE.rooms, seed=SEED)
    for machine in machines.all:
        machine.boot()
    for machine in machines.all:
        machine.wait_ready(within_s=READY_WITHIN_S)
    faults = rage(machines, school, random.Random(SEED))
    raged_s = time.monotonic() - began

    moved = []
    for _turn in range(SIZE.takeovers):
        wait_until(lambda: all_stored(sim), within_s=READY_WITHIN_S, every_s=0.5)
        lost, took_s = lose_the_leader(machines, school)
        moved.append(took_s)
        lost.crash()
        complete_s = wait_until(lambda: all_stored(sim), within_s=READY_WITHIN_S, every_s=0.2)
        lost.restore()
        lost.boot()
    school.last_words()
    machines.all[0].kill_part(random.Random(SEED))
    whole_s = wait_until(lambda: is_well(machines, sim), within_s=READY_WITHIN_S, every_s=0.2)
    for machine in machines.all:
        machine.stop()

    print(
        f"\n{len(machines.all)} machines, {dict(faults.counts)}; {school.emitted} events in {SIZE.rooms} "
        f"rooms, {raged_s:.0f} s; the leader moved after {', '.join(f'{one:.1f}' for one in moved)} s; all "
        f"stored {complete_s:.1f} s after the last machine was lost, {whole_s:.1f} s after the last kill; "
        f"load {os.getloadavg()[0]:.1f}"
    )
    assert not Quarantine.objects.exists()
    assert "deadlock" not in machines.output().lower()
    assert_nothing_lost_nothing_twice(sim, cloud=cloud)
    assert max(moved) <= LEADER_MOVES_WITHIN_S
    assert whole_s <= WHOLE_WITHIN_S


HOLD_THE_LEASE = """
import time
import django
django.setup()
from django.db import transaction
from classroom_admin.sync import lease
held = lease.take(app_id="a", owner=lease.this_process(), watch=lease.Watch())
with transaction.atomic():
    lease.renew(held)
    print("locked", flush=True)
    time.sleep(600)
"""


def test_lock_of_a_machine_that_disappears_is_released(sim: RunningSimulator) -> None:
    assert NETWORK is not None
    lost = NETWORK.machines[0]
    argv = NETWORK.command(lost, sys.executable, "-c", HOLD_THE_LEASE)
    with subprocess.Popen(argv, cwd=ROOT, env=environment(sim), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "locked\n"
            NETWORK.cut(lost)
            took_s = wait_until(lease_is_free, within_s=WHOLE_WITHIN_S, every_s=0.2)
        finally:
            process.kill()
            NETWORK.restore(lost)
    print(f"\nthe lock of a lost machine was released after {took_s:.1f} s; load {os.getloadavg()[0]:.1f}")
    assert took_s <= LEADER_MOVES_WITHIN_S


def lease_is_free() -> bool:
    """Return whether this session can lock the row of the lease now."""
    with suppress(DatabaseError), transaction.atomic():
        return bool(Lease.objects.select_for_update(nowait=True).filter(app_id="a"))
    return False
