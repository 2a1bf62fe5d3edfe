"""Ends the parts of a supervisor that was itself killed: run as a program of its own, standard library only.

``python guardian.py MARK`` reads from standard input, one a line, the process ids of the parts that were
started (each leads a session of its own). ``done`` means the supervisor ended everything itself. When the
input closes without it, the supervisor is gone: every part's process group is killed, and (where there is
``/proc``) every process that carries the mark in its environment, children of children in sessions of their
own included.
"""

import os
import signal
import sys
import time
from pathlib import Path

MARK_NAME = "CLASSROOM_ADMIN_RUN"
_SWEEP_S = 5.0


def marked(mark: str) -> list[int]:
    """The living processes (this one aside) that were started with the mark; empty where there is no
    ``/proc``.
    """
    wanted = f"{MARK_NAME}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:  # it ended, or it belongs to another user and so cannot be ours
            continue
        if pid != os.getpid() and wanted in environment.split(b"\0"):
            found.append(pid)
    return found


def kill_marked(mark: str) -> list[int]:
    """Kill until none is left (a process may fork while we look); the ids still there after 5 s."""
    deadline = time.monotonic() + _SWEEP_S
    while (left := marked(mark)) and time.monotonic() < deadline:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.01)
    return left


def kill_groups(leaders: list[int]) -> None:
    """Kill the process group of each leader that is still there."""
    for pid in leaders:
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says "permission" for a group of zombies
            continue


def main() -> int:
    mark = sys.argv[1]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    leaders = []
    for line in sys.stdin:
        if line == "done\n":
            return 0
        leaders.append(int(line))
    kill_groups(leaders)
    return 1 if kill_marked(mark) else 0


if __name__ == "__main__":
    sys.exit(main())
