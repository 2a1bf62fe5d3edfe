"""End the parts of a supervisor that was itself killed. Runs as a program, with the standard library only.

It is needed because the kernel's signal (``lifeline``) reaches only the parts, not their children, and
exists only on Linux: `test_guardian_alone_ends_processes_that_no_parent_death_signal_would`.

``python guardian.py MARK`` reads the process ids of the started parts from standard input, one a line (each
leads its own session). ``done`` means that the supervisor ended everything itself. When the input closes
without it, the supervisor is dead: the guardian kills the process group of every part, and (where there is
``/proc``) every process with the mark in its environment, which includes children in their own sessions.
"""

import os
import signal
import sys
import time
from pathlib import Path

MARK_NAME = "CLASSROOM_ADMIN_RUN"
_KILL_S = 5.0


def marked(mark: str) -> list[int]:
    """Return the ids of other living processes that carry the mark; none where there is no ``/proc``."""
    wanted = f"{MARK_NAME}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:  # it ended, or it belongs to another user
            continue
        if pid != os.getpid() and wanted in environment.split(b"\0"):
            found.append(pid)
    return found


def kill_marked(mark: str) -> list[int]:
    """Kill marked processes until none is left, for at most 5 s; return the ids of those still alive."""
    deadline = time.monotonic() + _KILL_S
    while (left := marked(mark)) and time.monotonic() < deadline:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.01)
    return left


def kill_groups(leaders: list[int]) -> None:
    """Kill the process group of each leader that is still alive."""
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
