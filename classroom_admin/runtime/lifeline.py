"""Make the kernel signal a child process when its parent dies (``prctl``, Linux only).

Without this signal, parts outlive a supervisor that is killed together with its guardian:
`test_killed_supervisor_whose_guardian_was_killed_first_takes_its_parts_along`. It costs one system call.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def _prctl() -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    # Look this up before any fork: taking the dynamic loader's locks between fork and exec is not safe.
    return ctypes.CDLL(None, use_errno=True).prctl


_PRCTL = _prctl()


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Make the kernel send this process ``number`` when the *thread* that started it ends.

    Do nothing outside Linux. Raise ``OSError`` if the kernel refuses.
    """
    if _PRCTL is not None and _PRCTL(_PR_SET_PDEATHSIG, int(number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")


def tied_to(parent_pid: int) -> Callable[[], None]:
    """Return a function for the child to call between fork and exec. The child then dies with ``parent_pid``.

    If the parent is already dead at that time, the child exits. Start the child from the main thread: the
    kernel watches the parent's thread, not its process.
    """

    def before_exec() -> None:
        end_with_parent(signal.SIGKILL)
        if os.getppid() != parent_pid:
            os._exit(1)

    return before_exec
