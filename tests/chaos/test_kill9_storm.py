"""Processes are killed at random moments: no event is lost and none is stored twice. (Invariant 1.)

`CHAOS` names the size: unset, a short one for every run; `long` (`make test-chaos`); `full`.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.models import Quarantine
from tests.chaos.checks import all_stored, assert_nothing_lost_nothing_twice, wait_until
from tests.chaos.processes import ProcessGroup
from tests.chaos.school import School
from tests.chaos.zygote import POINTS


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens. `complete_within_s`: how soon after the last kill reconciliation must complete."""

    kills: int
    events: int
    rooms: int
    per_second: float
    timeout_s: int
    complete_within_s: float


SIZES = {
    "short": Size(kills=24, events=5_000, rooms=20, per_second=100, timeout_s=150, complete_within_s=60),
    "middle": Size(kills=200, events=30_000, rooms=60, per_second=100, timeout_s=900, complete_within_s=120),
    "long": Size(kills=200, events=100_000, rooms=200, per_second=100, timeout_s=3600, complete_within_s=240),
    "full": Size(
        kills=400, events=1_000_000, rooms=500, per_second=100, timeout_s=36_000, complete_within_s=1200
    ),
}
SIZE = SIZES[os.environ.get("CHAOS", "short")]
SEED = int(os.environ.get("CHAOS_SEED", "1"))
CREW = ("poll", "poll", "work", "work")
WAITING_AT_MOST = 4_000
WITH_POINT = 0.7
"""The share of processes that kill themselves at a point of the code; the test kills the others."""

SILENT_S = 1.0

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(SIZE.timeout_s)]


class Storm:
    """A busy school whose processes are killed at moments that a seed decides."""

    def __init__(self, processes: ProcessGroup, school: School, chance: random.Random) -> None:
        self.processes, self.school, self.chance = processes, school, chance
        self.from_outside: dict[int, str] = {}
        self._kill_at = self._died_at = time.monotonic()

    @property
    def kills(self) -> Counter[str]:
        """Return the number of kills by place: a point of the code, or at any moment."""
        return Counter((self.from_outside | self.processes.kills()).values())

    def rage(self, size: Size) -> None:
        for role in CREW:
            self._hire(role)
        began = self.school.emitted
        while (kills := self.kills.total()) < size.kills or self.school.emitted - began < size.events:
            share = min(1.0, (kills + 1) / size.kills)
            left = int(size.events * share) - (self.school.emitted - began)
            if left > 0 and self.school.waiting < WAITING_AT_MOST:
                self.school.happen(min(left, 200))
            if kills < size.kills:
                self._kill_one()
            for gone in self.processes.ended(within_s=0.01):
                self._died_at = time.monotonic()
                self._hire(gone.role)

    def _hire(self, role: str) -> None:
        point, passes = "-", 1
        if self.chance.random() < WITH_POINT:
            point, passes = self.chance.choice(POINTS[role]), self.chance.choice((1, 1, 2, 3, 5, 8, 13))
        self.processes.start(role, point=point, passes=passes)

    def _kill_one(self) -> None:
        """Kill a process without a point, or any process when none has reached its point for `SILENT_S`."""
        now = time.monotonic()
        if now < self._kill_at:
            return
        self._kill_at = now + self.chance.uniform(0.2, 1.0)
        without_point = [member for member in self.processes.members if member.point == "-"]
        if not without_point and now - self._died_at < SILENT_S:
            return
        victim = self.chance.choice(without_point or self.processes.members)
        try:
            victim.signal(signal.SIGKILL)
        except ProcessLookupError:
            return  # it reached its own point first
        self.from_outside[victim.pid] = f"{victim.role} at any moment"


def test_kill9_storm_loses_and_repeats_no_event(
    sim: RunningSimulator, cloud: Client, hire: Callable[..., ProcessGroup]
) -> None:
    began = time.monotonic()
    school = School(sim, rooms=SIZE.rooms, seed=SEED)
    processes = hire(sim, per_second=SIZE.per_second)
    storm = Storm(processes, school, random.Random(SEED))
    storm.rage(SIZE)
    raged_s = time.monotonic() - began

    processes.dismiss()
    for role in CREW:
        processes.start(role)
    school.last_words()
    complete_s = wait_until(lambda: all_stored(sim), within_s=SIZE.complete_within_s, every_s=0.2)
    processes.dismiss()

    print(
        f"\n{storm.kills.total()} kills ({dict(storm.kills)}), {school.emitted} events in "
        f"{SIZE.rooms} rooms, {raged_s:.0f} s; complete {complete_s:.1f} s after the last kill"
    )
    assert storm.kills.total() >= SIZE.kills
    assert school.emitted >= SIZE.events
    assert processes.failures() == ""
    assert "database is locked" not in processes.log()
    assert len(set(processes.kills().values())) >= (4 if SIZE.kills < 100 else 8), (
        "kills at points of fetch, commit, projection and reconciliation"
    )
    assert not Quarantine.objects.exists()
    assert_nothing_lost_nothing_twice(sim, cloud=cloud)
