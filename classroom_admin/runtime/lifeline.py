"""How a child learns that its parent is gone.

Linux tells it by a signal (``prctl``), at once and without help from anyone. Elsewhere only the guardian
does (see ``guardian``), which watches the supervisor through a pipe; on Linux it is the second net, for the
children of the parts.
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
    # Looked up before any fork: the dynamic loader's locks are not safe to take between fork and exec.
    return ctypes.CDLL(None, use_errno=True).prctl


_PRCTL = _prctl()


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send this process ``number`` when the *thread* that started it ends. Linux; else
    nothing.

    Raises ``OSError`` where the kernel refuses.
    """
    if _PRCTL is not None and _PRCTL(_PR_SET_PDEATHSIG, int(number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")


def tied_to(parent_pid: int) -> Callable[[], None]:
    """What a child runs between fork and exec so that it is killed when ``parent_pid`` dies.

    The parent may have died before the child asked the kernel; then the child ends itself. Start the child
    from the main thread: the kernel's promise is tied to the thread.
    """

    def before_exec() -> None:
        end_with_parent(signal.SIGKILL)
        if os.getppid() != parent_pid:
            os._exit(1)

    return before_exec
