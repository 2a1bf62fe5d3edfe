"""A Python program run in a fork of this process instead of a fresh interpreter.

What this process has imported need not be imported again: six processes of Django start in the time of two
and share their memory. Only for a process without threads and without open connections, and only on Linux
(a forked process elsewhere may meet system libraries that do not survive it).
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from setproctitle import setproctitle

from classroom_admin.runtime import lifeline

_HANDLED = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


def possible(argv: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether ``argv`` is this interpreter running a module with the environment that we run with
    ourselves.
    """
    same_program = len(argv) > 2 and argv[0] == sys.executable and argv[1] == "-m"
    return sys.platform.startswith("linux") and same_program and dict(env) == dict(os.environ)


class Forked:
    """``python -m module ...`` in a child process and session of its own, killed when we die.

    As much of ``subprocess.Popen`` as the supervisor needs; ``pipe`` is what the child's output is read from.
    ``extra`` is added to the child's environment.
    """

    def __init__(self, argv: Sequence[str], *, extra: Mapping[str, str], cwd: Path | None) -> None:
        self.returncode: int | None = None
        self.pipe, output = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _become(argv, extra=extra, cwd=cwd, output=output, parent=parent)
        os.close(output)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def close(self) -> None:
        os.close(self.pipe)


def _become(
    argv: Sequence[str], *, extra: Mapping[str, str], cwd: Path | None, output: int, parent: int
) -> NoReturn:
    """In the child: leave everything of the parent behind, run the module, end without the parent's clean-
    up.
    """
    code = 1
    try:
        os.setsid()
        lifeline.tied_to(parent)()
        _plug(output)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
        os.environ.update(extra)
        if cwd is not None:
            os.chdir(cwd)
        sys.argv = [argv[2], *argv[3:]]
        setproctitle(" ".join(sys.argv))  # else all look alike in a list of processes
        runpy.run_module(argv[2], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)  # noqa: T201 as the interpreter does
    except BaseException:  # noqa: BLE001 the outermost frame of a process: report and end
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _plug(output: int) -> None:
    """Nothing to read, the pipe to write to, and no other file of the parent's."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
