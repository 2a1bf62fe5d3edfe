"""Fork the processes of a processes, so that each starts in milliseconds: python -m tests.chaos.zygote FOLDER

A line on standard input, `ROLE POINT PASSES`, starts a process and prints its id. ROLE: `poll` or `work`.
POINT: where it kills itself after PASSES passes (see `POINTS`), or `-`.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from classroom_admin.runtime.children import tied_to

PAUSE_S = 0.05


def main(folder: Path) -> None:
    django.setup()
    warm_up()
    # The kernel removes dead children immediately: nobody waits for them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    parent = os.getpid()
    print("ready", flush=True)
    for line in sys.stdin:
        role, point, passes = line.split()
        pid = os.fork()
        if pid == 0:
            tied_to(parent)()
            run(role, point, int(passes), folder)
        print(pid, flush=True)


def warm_up() -> None:
    """Import what every process needs. Open no connection and start no thread before the fork."""
    from classroom_admin.sync import tasks

    assert tasks.READER_DIED_AFTER
    assert tasks.client() is not None
    gc.freeze()


def run(role: str, point: str, passes: int, folder: Path) -> None:
    """Work until killed. Write the traceback of any failure to a file for the test."""
    os.close(0)
    try:
        if point != "-":
            arm(point, passes, folder)
        turn = {"poll": poll, "work": work}[role]
        while True:
            turn()
            time.sleep(PAUSE_S)
    except BaseException:  # noqa: BLE001 the outermost frame of a process
        with (folder / "failures").open("a") as failures:
            failures.write(f"{role} {point}\n{traceback.format_exc()}\n")
    finally:
        os._exit(1)


def poll() -> None:
    """Do what the polling task does."""
    from classroom_admin.sync import tasks
    from classroom_admin.sync.polling import poller_for

    client = tasks.client()
    assert client is not None
    if poller_for(client).poll() is not None:
        tasks.project_waiting(within_s=0.2)


def work() -> None:
    """Do what the other tasks do, one after the other."""
    from classroom_admin.common import clock
    from classroom_admin.sync import inbox, tasks
    from classroom_admin.sync.tasks import READER_DIED_AFTER

    for answer_id in inbox.unread(received_before=clock.now() - READER_DIED_AFTER):
        inbox.read(answer_id)
    tasks.project_waiting(within_s=1.0)
    tasks.fill_gaps()
    tasks.reconcile()
    tasks.refresh_rooms()


def arm(point: str, passes: int, folder: Path) -> None:
    """Kill this process when it passes a point for the `passes`-th time, as if the power had failed."""
    from classroom_admin.agora.event_calls import PollEvents
    from classroom_admin.sync import inbox, lease, projector, reconciliation, registry, room_events

    left = [passes]

    def maybe_kill() -> None:
        left[0] -= 1
        if left[0] <= 0:
            with (folder / "kills").open("a") as kills:
                kills.write(f"{os.getpid()} {point}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    owner, name, before = {
        "drained": (PollEvents, "read", False),  # the answer is in hand, nothing is written
        "committing": (lease, "renew", False),  # the transaction of the answer's bytes is open
        "kept": (inbox, "read", True),  # the bytes are committed, and not read
        "reading": (registry, "advance", False),  # events are written, not committed
        "projecting": (registry, "follow_up", False),  # read models are written, not committed
        "projected": (projector, "project_room", False),
        "fetched": (room_events, "_send", False),  # an answer of the repeatable endpoint is in hand
        "reconciled": (reconciliation, "_succeeded", True),  # the events are stored, the next time is not
    }[point]
    real: Callable[..., Any] = getattr(owner, name)

    def killing(*args: Any, **kwargs: Any) -> Any:
        if before:
            maybe_kill()
        result = real(*args, **kwargs)
        if not before:
            maybe_kill()
        return result

    setattr(owner, name, killing)
    if name == "renew":
        inbox.renew = killing


POINTS = {
    "poll": ("drained", "committing", "kept", "reading", "projecting"),
    "work": ("fetched", "reading", "projecting", "projected", "reconciled"),
}

if __name__ == "__main__":
    # Fail immediately, not in every child, when the environment names no cloud.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")
    assert not settings.AGORA.problems(), settings.AGORA.problems()
    main(Path(sys.argv[1]))
