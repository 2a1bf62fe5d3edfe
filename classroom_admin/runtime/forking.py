"""Run a Python program in a fork of this process instead of a fresh interpreter.

With forks, a second start of the demo takes 5.5 s of processor time and its processes need 334 MB
(proportional set size); with fresh interpreters it takes 11 s and 487 MB.

Fork only a process without threads and without open connections, and only on Linux: elsewhere a forked
process may use system libraries that do not survive a fork.
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
    """Return whether a fork can run ``argv``.

    It can on Linux, if ``argv`` runs a module with this interpreter and ``env`` is our own environment.
    """
    same_program = len(argv) > 2 and argv[0] == sys.executable and argv[1] == "-m"
    return sys.platform.startswith("linux") and same_program and dict(env) == dict(os.environ)


class Forked:
    """A forked child process that runs ``python -m module ...`` in its own session.

    The kernel kills the child when we die. The class has the methods of ``subprocess.Popen`` that the
    supervisor needs. ``pipe`` is the file descriptor of the child's output. ``extra`` is added to the child's
    environment.
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
    """Run the module in the child process, then exit without running the parent's exit handlers."""
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
        setproctitle(" ".join(sys.argv))  # otherwise all processes have the same name in ps
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
    """Connect standard input to /dev/null and the outputs to the pipe, and close all other files."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
