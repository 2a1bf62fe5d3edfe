"""Watching real processes: waiting with a deadline, and finding what is left by a mark in its environment."""

import time
from collections.abc import Callable
from pathlib import Path

MARK = "CLASSROOM_ADMIN_TEST_MARK"


def wait_for(condition: Callable[[], object], *, within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def pids(mark: str) -> list[int]:
    """Every living process with the test's mark in its environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def cmdline(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def marked(mark: str) -> list[str]:
    """What still runs with the test's mark, as command lines."""
    return [cmdline(pid)[:200] for pid in pids(mark)]
