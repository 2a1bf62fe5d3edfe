"""Start child processes that die with this process: separate programs, and forks of this process.

The kernel signals a child when its parent dies (``prctl``, Linux only). Without this signal, parts would
outlive a supervisor that is killed together with its guardian. See
`test_killed_supervisor_ends_its_parts_without_a_guardian`.

With forks, a repeated start of `serve` takes 4.5 s of processor time, and its processes need 267 MB
(proportional set size). With new interpreters, it takes 10.4 s and the processes need 444 MB.

Fork only a process without threads and without open connections, and only on Linux: elsewhere a forked
process may use system libraries that do not survive a fork.
"""

import contextvars
import ctypes
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from setproctitle import setproctitle

from classroom_admin.common.logs.ending import finish

_HANDLED = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


def _prctl() -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    # Look up prctl before any fork, because the dynamic loader's locks are not safe between fork and exec.
    return ctypes.CDLL(None, use_errno=True).prctl


_PRCTL = _prctl()


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Let the kernel send the signal ``number`` to this process when the *thread* that started it ends.

    Do nothing outside Linux. Raise ``OSError`` if the kernel refuses.
    """
    if _PRCTL is not None and _PRCTL(_PR_SET_PDEATHSIG, int(number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")


def tied_to(parent_pid: int) -> Callable[[], None]:
    """Return a function that a child calls between fork and exec. The child then dies with ``parent_pid``.

    Start the child from the main thread, because the kernel watches the thread that started the child, not
    the whole parent.
    """

    def before_exec() -> None:
        end_with_parent(signal.SIGKILL)
        if os.getppid() != parent_pid:
            os._exit(1)

    return before_exec


class Executed(subprocess.Popen[bytes]):
    """A separate program in its own session. The kernel kills it when this process dies."""

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path | None) -> None:
        super().__init__(
            list(argv),
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=tied_to(os.getpid()),
        )
        assert self.stdout is not None
        self.pipe = self.stdout.fileno()

    def close(self) -> None:
        assert self.stdout is not None
        self.stdout.close()


def can_fork(argv: Sequence[str], env: Mapping[str, str]) -> bool:
    """Return whether a fork of this process can run ``argv``.

    This needs Linux. ``argv`` must run a module with this interpreter, and ``env`` must equal this process's
    environment.
    """
    same_program = len(argv) > 2 and argv[0] == sys.executable and argv[1] == "-m"
    return sys.platform.startswith("linux") and same_program and dict(env) == dict(os.environ)


class Forked:
    """A forked child process that runs ``python -m module ...`` in its own session.

    It has the methods of ``Executed`` that the supervisor needs. ``extra`` is added to the environment.
    """

    def __init__(self, argv: Sequence[str], *, extra: Mapping[str, str], cwd: Path | None) -> None:
        self.pipe, output = os.pipe()
        self._process = multiprocessing.get_context("fork").Process(
            target=_become, args=(argv, extra, cwd, output, os.getpid()), name="MainProcess"
        )
        # The child inherits handlers that only note a signal. Block signals until it has its own.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        assert self._process.pid is not None
        self.pid = self._process.pid
        os.close(output)

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int:
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def close(self) -> None:
        os.close(self.pipe)


def _become(
    argv: Sequence[str], extra: Mapping[str, str], cwd: Path | None, output: int, parent: int
) -> None:
    """Run the module in the child process."""
    os.setsid()
    tied_to(parent)()
    _plug(output)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in _HANDLED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    os.environ.update(extra)
    if cwd is not None:
        os.chdir(cwd)
    sys.argv = [argv[2], *argv[3:]]
    setproctitle(" ".join(sys.argv))  # ps would otherwise show the same name for all processes
    try:
        # In a new context, because the log's context variables describe the command of the supervisor.
        contextvars.Context().run(runpy.run_module, argv[2], run_name="__main__", alter_sys=True)
    finally:
        finish()  # multiprocessing ends this process without the functions that atexit knows


def _plug(output: int) -> None:
    """Connect the standard input to /dev/null, and the outputs to the pipe. Close other files."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
