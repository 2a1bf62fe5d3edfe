"""Fork the processes of a `ProcessGroup` in milliseconds: python -m tests.chaos.zygote FOLDER

A line on standard input, `ROLE POINT PASSES`, starts a process; its id is answered. ROLE: `poll` or `work`.
POINT: where it kills itself after so many passes (see `POINTS`), or `-`.
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

from classroom_admin.runtime.lifeline import tied_to

PAUSE_S = 0.05


def main(folder: Path) -> None:
    django.setup()
    warm_up()
    # Children are not waited for: the system forgets them at once, as a machine's init would.
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
    """Import once what every process needs; no connection and no thread before the fork."""
    from classroom_admin.sync import background, tasks

    assert tasks.READER_DIED_AFTER
    assert background.client() is not None
    gc.freeze()


def run(role: str, point: str, passes: int, folder: Path) -> None:
    """Work until killed; a failure of any kind is written down, for the test to find."""
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
    """What the poll's task does."""
    from classroom_admin.sync import background
    from classroom_admin.sync.polling import poller_for

    client = background.client()
    assert client is not None
    if poller_for(client).poll() is not None:
        background.project_due(within_s=0.2)


def work() -> None:
    """What the other tasks do, one after the other."""
    from classroom_admin.common import clock
    from classroom_admin.sync import background, inbox
    from classroom_admin.sync.tasks import READER_DIED_AFTER

    for answer_id in inbox.unread(received_before=clock.now() - READER_DIED_AFTER):
        inbox.read(answer_id)
    background.project_due(within_s=1.0)
    background.fill_gaps()
    background.reconcile()
    background.refresh_rooms()


def arm(point: str, passes: int, folder: Path) -> None:
    """Put a mine at a point: this process is killed there after some passes, as if the power had failed."""
    from classroom_admin.agora.event_calls import PollEvents
    from classroom_admin.sync import inbox, lease, projector, reconciliation, registry, room_events

    left = [passes]

    def mine() -> None:
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

    def mined(*args: Any, **kwargs: Any) -> Any:
        if before:
            mine()
        result = real(*args, **kwargs)
        if not before:
            mine()
        return result

    setattr(owner, name, mined)
    if name == "renew":
        inbox.renew = mined


POINTS = {
    "poll": ("drained", "committing", "kept", "reading", "projecting"),
    "work": ("fetched", "reading", "projecting", "projected", "reconciled"),
}

if __name__ == "__main__":
    # Without the environment's cloud nothing here makes sense: said at once, not in every child.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")
    assert not settings.AGORA.problems(), settings.AGORA.problems()
    main(Path(sys.argv[1]))
