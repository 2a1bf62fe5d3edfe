"""Children that a signal reaches in the first moment of their life."""

import os
import signal
import sys
import time

import pytest

from classroom_admin.runtime import children
from classroom_admin.runtime.part import Part
from classroom_admin.runtime.supervisor import Supervisor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks only on Linux")

# A module of the standard library that runs until a signal ends it.
SERVER = [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"]


def _slow(seconds_by_call):
    """Wait before and after the child leads its own group, where only the child calls this."""
    wait_s = iter(seconds_by_call)
    parent = os.getpid()
    setsid = os.setsid

    def slow_setsid() -> None:
        assert os.getpid() != parent
        time.sleep(next(wait_s))
        setsid()
        time.sleep(next(wait_s))

    return slow_setsid


@pytest.mark.parametrize(
    "waits_s", [(0.5, 0), (0, 0.5)], ids=["before it leads a group", "before it has its handlers"]
)
def test_forked_part_that_has_just_started_ends_at_the_first_signal(monkeypatch, waits_s):
    monkeypatch.setattr(children.os, "setsid", _slow(waits_s))
    part = Part(name="server", argv=SERVER, env=os.environ, may_fork=True)
    with Supervisor(grace_s=60) as supervisor:
        supervisor.start(part)
        [running] = supervisor._running
        process = running.process
        time.sleep(0.2)
        started = time.monotonic()
        supervisor.stop("", exit_code=0)
    assert time.monotonic() - started < 30
    assert process.wait() == -signal.SIGTERM
