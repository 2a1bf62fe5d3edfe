"""One poller at a time, and none that was overtaken writes. (Invariants 1 and 9.)"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.runtime import ports
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import inbox, lease
from classroom_admin.sync.lease import FenceLost, Owner, Watch
from classroom_admin.sync.models import InboxAnswer, Lease, StoredEvent
from classroom_admin.sync.polling import GIVE_WAY_S, UNREACHABLE_IN_A_ROW, Poller
from tests import quick_python
from tests.stepped_clock import SteppedClock
from tests.sync.comparison import assert_all_stored_once, stored
from tests.sync.conftest import sync_once

pytestmark = pytest.mark.django_db(transaction=True)

APP = "0123456789abcdef0123456789abcdef"
ROOT = Path(__file__).resolve().parents[2]


def elsewhere(pid: int = 7) -> Owner:
    return Owner(host="another-machine", pid=pid, started="1")


def test_the_second_waits_until_the_first_stands_still(hands: SteppedClock) -> None:
    first, second, watch = elsewhere(1), elsewhere(2), Watch()
    held = lease.take(app_id=APP, owner=first, watch=Watch())
    assert held is not None
    assert lease.take(app_id=APP, owner=second, watch=watch) is None
    for _beat in range(5):
        hands.step(lease.LEASE_S - 1)
        lease.renew(held)
        assert lease.take(app_id=APP, owner=second, watch=watch) is None
    hands.step(lease.LEASE_S)
    taken = lease.take(app_id=APP, owner=second, watch=watch)
    assert taken is not None
    assert taken.taken_over
    assert taken.fence == held.fence + 1
    with pytest.raises(FenceLost):
        lease.renew(held)


def test_a_wall_clock_that_is_hours_off_changes_nothing(hands: SteppedClock) -> None:
    watch = Watch()
    assert lease.take(app_id=APP, owner=elsewhere(1), watch=Watch()) is not None
    assert lease.take(app_id=APP, owner=elsewhere(2), watch=watch) is None
    Lease.objects.update(renewed_at=clock.from_ms(0))
    assert lease.take(app_id=APP, owner=elsewhere(2), watch=watch) is None


def test_a_dead_process_of_this_machine_is_succeeded_at_once() -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    owner = Owner(host=lease._host(), pid=sleeper.pid, started=lease._started(sleeper.pid))
    assert lease.take(app_id=APP, owner=owner, watch=Watch()) is not None
    assert lease.take(app_id=APP, owner=lease.this_process(), watch=Watch()) is None
    sleeper.kill()
    sleeper.wait()
    assert lease.take(app_id=APP, owner=lease.this_process(), watch=Watch()) is not None


def test_a_pid_that_was_given_out_again_is_another_process() -> None:
    reborn = Owner(host=lease._host(), pid=os.getpid(), started="12345")
    assert reborn.is_dead()
    assert not lease.this_process().is_dead()


def test_the_lease_is_handed_to_the_one_who_asks() -> None:
    first, second = elsewhere(1), elsewhere(2)
    held = lease.take(app_id=APP, owner=first, watch=Watch())
    assert held is not None
    assert not lease.hand_over(held)
    lease.ask_for(app_id=APP, owner=second)
    assert lease.hand_over(held)
    taken = lease.take(app_id=APP, owner=second, watch=Watch())
    assert taken is not None
    assert taken.fence == held.fence + 1
    with pytest.raises(FenceLost):
        lease.renew(held)


def test_an_answer_of_an_overtaken_leader_is_not_committed_but_its_events_are_had_all_the_same(
    sim: RunningSimulator, cloud: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim.make_room("r1", state=1)
    assert sync_once() == ""
    sim.room("r1", "enter", userUuid="p1")
    paused, rival = Poller(cloud, owner=elsewhere(1)), elsewhere(2)
    send = cloud.send

    def overtaken(*call: Any, **options: Any) -> Any:
        answer = send(*call, **options)
        Lease.objects.filter(app_id=sim.app_id).update(owner=str(rival), fence=1000)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(cloud, "send", overtaken)
        answers = InboxAnswer.objects.count()
        assert paused.poll() is None
        assert InboxAnswer.objects.count() == answers
    lease.release(lease.Held(app_id=sim.app_id, owner=str(rival), fence=1000))
    assert sync_once() == ""
    assert_all_stored_once(sim)


def environment(sim: RunningSimulator) -> dict[str, str]:
    """What a process of this installation gets; its database is the test's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AGORA_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        "DATA_DIR": str(django_settings.DATA_DIR),
        "DATABASE_URL": database_url(),
        "AGORA_BASE_URL": sim.base_url,
        "AGORA_FALLBACK_URL": "",
        "AGORA_APP_ID": sim.app_id,
        "AGORA_APP_CERTIFICATE": sim.app_certificate,
        "AGORA_REQUESTS_PER_SECOND": "0",
    }


def database_url() -> str:
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{facts['NAME']}"
    place = f"{facts['HOST']}:{facts['PORT']}" if facts["PORT"] else facts["HOST"]
    return f"postgres://{facts['USER']}:{facts['PASSWORD']}@{place}/{facts['NAME']}"


def start_sync(sim: RunningSimulator, log: Path) -> quick_python.Program:
    return quick_python.start_with_log("manage.py", "sync", "--once", env=environment(sim), log=log)


@pytest.fixture
def busy(sim: RunningSimulator, cloud: Client) -> RunningSimulator:
    """A cloud with some thousand events, handed out in small answers."""
    sim.control("POST", "/reset", {"stepped": True, "pollBatch": 40, "startMs": clock.now_ms() - 300_000})
    sim.control("POST", "/lesson", {"rooms": 8, "pupils": 25, "minutes": 30})
    for _minute in range(5):
        sim.step(60_000)
    return sim


def test_two_processes_at_once_store_everything_once(busy: RunningSimulator, tmp_path: Path) -> None:
    logs = [tmp_path / "first", tmp_path / "second"]
    both = [start_sync(busy, log) for log in logs]
    assert [process.wait(90) for process in both] == [0, 0], [log.read_text() for log in logs]
    assert_all_stored_once(busy)


def test_killed_at_any_moment_and_run_again_nothing_is_lost(busy: RunningSimulator, tmp_path: Path) -> None:
    """Rooms that are known are asked for what a killed reader had drained."""
    for after_events in (1, 150, 400, 800):
        process = start_sync(busy, tmp_path / "log")
        deadline = time.monotonic() + 60
        while StoredEvent.objects.count() < after_events and process.poll() is None:
            assert time.monotonic() < deadline
            let_it_work()
        process.kill()
        process.wait(60)
    assert sync_once() == ""
    assert_all_stored_once(busy)
    assert set(stored().values()) == {1}
    assert inbox.unread() == []


def let_it_work() -> None:
    """Let the other process work for a moment; the condition is looked at again and again."""
    signal.sigtimedwait([], 0.01)


def test_process_that_does_not_reach_the_cloud_lets_another_one_poll(
    sim: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    sim.make_room("one", state=1)
    unreachable = replace(cloud.config, base_url=f"http://127.0.0.1:{ports.free_port()}")
    lost = Poller(Client(unreachable), owner=elsewhere(1))
    other = Poller(cloud, owner=elsewhere(2))
    for _cycle in range(UNREACHABLE_IN_A_ROW):
        polled = lost.poll()
        assert polled is not None
        assert polled.problems
        paused_s = (Lease.objects.get().not_before - clock.now()).total_seconds()
        hands.step(paused_s + 0.01)  # the clock has whole milliseconds
    assert lost.poll() is None, "it leaves the lease to others"
    assert other.poll() is not None
    assert_all_stored_once(sim)
    hands.step(GIVE_WAY_S)
    assert lost.poll() is None, "the other one has the lease"
