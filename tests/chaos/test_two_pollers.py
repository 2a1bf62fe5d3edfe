"""Several pollers at the same time, a paused leader, and clocks that differ. (Invariants 1 and 9.)"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.lease import LEASE_S, Owner
from classroom_admin.sync.models import InboxAnswer, Lease, StoredEvent
from classroom_admin.sync.polling import Poller
from tests.chaos.checks import all_stored, assert_nothing_lost_nothing_twice, wait_until
from tests.chaos.processes import ProcessGroup
from tests.chaos.school import School
from tests.stepped_clock import SteppedClock, use

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_pollers_commit_under_one_fencing_token(
    sim: RunningSimulator, cloud: Client, hire: Callable[..., ProcessGroup]
) -> None:
    """Four processes poll at the same time."""
    school = School(sim, rooms=8, seed=2)
    processes = hire(sim, per_second=60)
    for role in ("poll", "poll", "poll", "poll", "work"):
        processes.start(role)
    for _turn in range(10):
        school.happen(60)
        wait_until(lambda: school.waiting < 30, within_s=30)
    wait_until(lambda: all_stored(sim), within_s=60)
    assert processes.failures() == ""
    assert len(processes.members) == 5
    processes.dismiss()
    fences = set(InboxAnswer.objects.filter(source="poll").values_list("fence", flat=True))
    assert fences == {1}
    assert_nothing_lost_nothing_twice(sim)


def test_two_pollers_with_clocks_minutes_apart_have_one_leader(sim: RunningSimulator, cloud: Client) -> None:
    """One of two machines is ten minutes ahead: it takes over only when the lease has ended."""
    sim.make_room("r1", state=1)
    ours, theirs = SteppedClock(clock.now()), SteppedClock(clock.now() + timedelta(minutes=10))
    first = Poller(cloud, owner=Owner(host="here", pid=1, started="1"))
    second = Poller(cloud, owner=Owner(host="there", pid=1, started="1"))
    for _second in range(30):
        with use(ours):
            assert first.poll() is not None
            ours.step(1)
        with use(theirs):
            assert second.poll() is None
            theirs.step(1)
    waited_s = 0
    with use(theirs):
        while second.poll() is None:
            theirs.step(1)
            waited_s += 1
    assert LEASE_S - 1 <= waited_s <= 20
    with use(ours):
        assert first.poll() is None


def test_one_of_two_threads_that_take_over_gets_the_lease(sim: RunningSimulator, cloud: Client) -> None:
    Lease.objects.create(app_id=sim.app_id, owner="", fence=7)
    pollers = [Poller(cloud, owner=Owner(host=f"m{n}", pid=1, started="1")) for n in range(6)]
    together = threading.Barrier(6)
    won: list[object] = []

    def take(poller: Poller) -> None:
        together.wait()
        won.append(poller.take())
        connection.close()

    threads = [threading.Thread(target=take, args=(poller,)) for poller in pollers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(held is not None for held in won) == 1
    assert Lease.objects.get().fence == 8


def test_paused_leader_is_replaced_and_commits_nothing_later(
    sim: RunningSimulator, cloud: Client, hire: Callable[..., ProcessGroup]
) -> None:
    """SIGSTOP while an answer is on its way: another process leads within 20 s."""
    school = School(sim, rooms=4, seed=3)
    processes = hire(sim, per_second=60)
    leader = processes.start("poll")
    processes.start("work")
    wait_until(lambda: Lease.objects.filter(app_id=sim.app_id, pid=leader.pid).exists(), within_s=30)
    wait_until(lambda: all_stored(sim), within_s=30)  # the rooms are known
    fault = sim.fault("late_answer", route="poll", params={"ms": 800})
    school.happen(40)
    wait_until(lambda: school.waiting == 0, within_s=30, every_s=0.01)
    leader.signal(signal.SIGSTOP)  # the stream is drained, its answer is on its way
    sim.control("DELETE", f"/faults/{fault}")
    processes.start("poll")
    paused = time.monotonic()
    fence = Lease.objects.get(app_id=sim.app_id).fence
    wait_until(lambda: Lease.objects.get(app_id=sim.app_id).fence > fence, within_s=30)
    took_over_s = time.monotonic() - paused
    assert took_over_s <= 20
    wait_until(lambda: all_stored(sim), within_s=60)
    assert StoredEvent.objects.count() == sim.world.emitted

    school.happen(40)
    leader.signal(signal.SIGCONT)
    wait_until(lambda: all_stored(sim), within_s=60)
    processes.dismiss()
    print(f"\ntaken over after {took_over_s:.1f} s")
    stale = InboxAnswer.objects.filter(source="poll", fence=fence, received_at__gt=_taken_at(fence + 1))
    assert not stale.exists(), "committed without the lease"
    assert processes.failures() == ""
    assert_nothing_lost_nothing_twice(sim)


def _taken_at(fence: int) -> object:
    first = InboxAnswer.objects.filter(source="poll", fence=fence).order_by("id").first()
    assert first is not None
    return first.received_at
