"""End the parts of a killed supervisor. This program uses only the standard library.

The kernel's signal (see ``children``) is not enough: it exists only on Linux, and only the parts get it, not
their children. See `test_killed_supervisor_ends_all_parts_and_their_children`.

``python guardian.py MARK`` reads the process ids of the parts from standard input, one per line. Each part
leads its own session. The line ``-ID`` means that this part has ended, and ``done`` that the supervisor has
ended all parts. If the input closes without ``done``, the supervisor is dead, and the guardian kills the
process group of every part. If ``/proc`` exists, it also kills every process whose environment contains MARK,
even in other sessions.
"""

import os
import signal
import sys
import time
from pathlib import Path

MARK_NAME = "CLASSROOM_ADMIN_RUN"
_KILL_S = 5.0


def marked(mark: str) -> list[int]:
    """Return the ids of other processes that have `mark` in their environment.

    Without ``/proc``, return [].
    """
    wanted = f"{MARK_NAME}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:  # the process has ended or belongs to another user
            continue
        if pid != os.getpid() and wanted in environment.split(b"\0"):
            found.append(pid)
    return found


def kill_marked(mark: str) -> list[int]:
    """Kill the processes with this mark for up to 5 s. Return the ids of those that are left."""
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
    """Kill the process groups with these leaders. Groups that have ended are skipped."""
    for pid in leaders:
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS raises PermissionError for a group of zombies
            continue


def main() -> int:
    mark = sys.argv[1]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    leaders: set[int] = set()
    for line in sys.stdin:
        if line == "done\n":
            return 0
        pid = int(line)
        (leaders.add if pid > 0 else leaders.discard)(abs(pid))
    kill_groups(sorted(leaders))
    return 1 if kill_marked(mark) else 0


if __name__ == "__main__":
    sys.exit(main())
