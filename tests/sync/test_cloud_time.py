"""The dashboard lives by the cloud's clock: in reconciliation, its bans and its pages, in every process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings

from classroom_admin.agora import client_for
from classroom_admin.common import clock
from classroom_admin.rooms.models import RoomState
from classroom_admin.simulator.clock import STEPPED_START_MS
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.sync import cloud_time, tasks
from classroom_admin.sync.models import Lease, RoomCursor
from classroom_admin.sync.polling import Poller
from tests import quick_python
from tests.stepped_clock import use
from tests.sync.conftest import config_for, room, sync_once
from tests.sync.test_lease import database_url

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE_MS = 60_000
UUID = "maths 7b"


@pytest.fixture
def stepped(settings: Any) -> Iterator[RunningSimulator]:
    """A cloud whose clock stands in January 2026, far from this machine's, until it is stepped."""
    with running_simulator(stepped=True, plain=True) as sim:
        settings.AGORA = config_for(sim)
        yield sim
        client_for(settings.AGORA).close()


def beat() -> None:
    """What beat starts, once each; here without a broker."""
    client = tasks.client()
    assert client is not None
    polled = tasks.poller_for(client).poll()
    assert polled is not None
    assert polled.problems == []
    tasks.project_waiting(within_s=5)
    tasks.reconcile()
    tasks.refresh_rooms()


def test_an_hours_class_plays_in_seconds_and_is_destroyed_an_hour_later(stepped: RunningSimulator) -> None:
    """Both step together, and nothing asks for everything: reconciliation finds by itself what is due."""
    stepped.make_room(UUID, roomName="Maths", startTime=STEPPED_START_MS + 5 * MINUTE_MS, duration=3600)
    stepped.room(UUID, "enter", userUuid="ada", userName="Ada")
    started = clock.from_ms(STEPPED_START_MS) + timedelta(minutes=5)
    seen: dict[str, int] = {}
    swept: set[datetime] = set()
    with use(clock.SimulatorClock(stepped.base_url)):
        for _ in range(26):
            beat()
            here = room(UUID)
            assert abs((clock.cloud_now() - clock.now()).total_seconds()) < 1, "the two clocks are one"
            after = round((clock.cloud_now() - started).total_seconds() / 60)
            seen.setdefault(RoomState(here.current_state or 0).name, after)
            swept |= {RoomCursor.objects.get(room=here, stream="room").reconciled_at or started}
            stepped.step(5 * MINUTE_MS)
        assert seen == {"NOT_STARTED": -5, "STARTED": 0, "ENDED": 60, "CLOSED": 70}
        # Two hours and ten minutes after the start: an hour after it closed. The last reconciliation came
        # within the hour after the end, the earlier of the two readings.
        assert timedelta(minutes=105) <= max(swept) - started < timedelta(minutes=120)
        assert RoomCursor.objects.get(room=here, stream="room").reconcile_due_at is None
        assert sync_once() == ""
        assert room(UUID).gone_at is None
        stepped.step(5 * MINUTE_MS)
        assert sync_once() == ""
        assert room(UUID).gone_at == started + timedelta(minutes=130)
    assert (here.ended_at, here.closed_at) == (
        started + timedelta(hours=1),
        started + timedelta(hours=1, minutes=10),
    )


def test_the_offset_of_a_poll_is_every_processs(stepped: RunningSimulator) -> None:
    assert clock.cloud_offset_ms() == 0
    beat()
    cloud_time.forget()
    off = abs((clock.cloud_now() - clock.from_ms(STEPPED_START_MS)).total_seconds())
    assert off < 2, "the cloud's clock stands still; ours went on for a moment"
    told = in_another_process("print(clock.cloud_offset_ms())")
    assert int(told) == Lease.objects.get(app_id=stepped.app_id).clock_offset_ms


def test_the_offset_costs_one_query_a_second(
    stepped: RunningSimulator, django_assert_num_queries: Any
) -> None:
    beat()
    cloud_time.forget()
    with django_assert_num_queries(1):
        for _ in range(20):
            clock.cloud_now()


def test_reconciliation_uses_the_clouds_end_of_a_class_though_our_clock_is_wrong(
    stepped: RunningSimulator,
) -> None:
    """Our clock is ten months ahead: by it, the hour after the end is over while the class still runs."""
    stepped.make_room(UUID, state=1, duration=3600)
    beat()
    stepped.step(61 * MINUTE_MS)
    beat()
    here = room(UUID)
    assert here.current_state == RoomState.ENDED
    due = RoomCursor.objects.get(room=here, stream="room").reconcile_due_at
    assert due is not None, "swept for the last time, months too early"
    assert due - clock.from_ms(STEPPED_START_MS) < timedelta(hours=2)


@pytest.mark.parametrize(
    "address", ["http://10.0.0.7:8900", "https://api.agora.io", "http://127.0.0.1", "nonsense"]
)
def test_a_clock_elsewhere_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="not a simulator on this machine"):
        clock.SimulatorClock(address)
    answer = run("print(1)", AGORA_CLOCK_URL=address)
    assert answer.returncode != 0
    assert "AGORA_CLOCK_URL is for tests only" in answer.stderr


def test_a_process_with_the_clocks_address_steps_with_the_simulator(stepped: RunningSimulator) -> None:
    for _ in range(2):
        stepped.step(MINUTE_MS)
        told = run("print(clock.now_ms())", AGORA_CLOCK_URL=stepped.base_url)
        assert told.returncode == 0, told.stderr
        assert int(told.stdout) == stepped.cloud.clock.now_ms()


def in_another_process(code: str) -> str:
    answer = run(code)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {
        "DATA_DIR": str(django_settings.DATA_DIR),
        "DATABASE_URL": database_url(),
        "AGORA_APP_ID": django_settings.AGORA.app_id,
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
    }
    program = f"import django; django.setup(); from classroom_admin.common import clock; {code}"
    return quick_python.run("-c", program, env=os.environ | known | environment)


def test_the_poller_keeps_an_offset_that_was_known(stepped: RunningSimulator) -> None:
    beat()
    row = Lease.objects.get(app_id=stepped.app_id)
    assert row.clock_offset_ms is not None
    expected = STEPPED_START_MS - clock.now_ms()
    assert abs(row.clock_offset_ms - expected) < 5_000
    assert isinstance(tasks.poller_for(tasks.client()), Poller)
