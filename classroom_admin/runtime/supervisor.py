"""Run the processes of one installation as one program in the foreground.

The processes (parts) start and end together. The supervisor sends SIGTERM to all parts if it gets Ctrl-C,
SIGTERM or SIGHUP, or if it can't write its output. If a part dies, the supervisor starts it again
(``restarts``), or ends all parts if it has no ``pace``. It sends SIGKILL after the grace period or at a
second signal. If the supervisor itself is killed, the parts end too (``children``, ``guardian``).
The environment of each part identifies the run, and its children inherit it. At the end, the supervisor kills
every process of the run, so that no process is left.

The supervisor has only one thread: a part ends with the thread that started it, and forking is safe only
without other threads.
"""

import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from classroom_admin.runtime import children, guardian
from classroom_admin.runtime.children import Executed, Forked
from classroom_admin.runtime.console import Console
from classroom_admin.runtime.part import Part
from classroom_admin.runtime.restarts import Pace

GRACE_S = 8.0
# A foundation (such as the broker) gets SIGTERM at least this time (s) before the grace period ends.
_FOUNDATION_S = 2.0
_LAST_LINES = 12
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class _Running:
    part: Part
    process: Forked | Executed
    ready: bool
    deaths: int
    since: float = field(default_factory=time.monotonic)
    rest: bytes = b""
    last: deque[bytes] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))

    @property
    def pipe(self) -> int:
        return self.process.pipe


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A part that has died ``deaths`` times in a row and starts again at ``at`` (monotonic, seconds)."""

    part: Part
    deaths: int
    at: float


class Supervisor:
    """A context manager that runs processes and ends them with the block. Use it in the main thread only.

    Example: ``with Supervisor() as s: s.start(part); ...; sys.exit(s.run())``. After SIGTERM, the processes
    have ``grace_s`` seconds to end. A part that dies starts again at this ``pace``; if it is None, all parts
    end. If ``end_with_parent`` is True, this process gets SIGTERM if its parent dies. If ``as_json`` is True,
    every line of the output is a JSON object.
    """

    def __init__(
        self,
        *,
        out_fd: int = 1,
        grace_s: float = GRACE_S,
        pace: Pace | None = None,
        end_with_parent: bool = False,
        as_json: bool = False,
    ) -> None:
        self.console = Console(out_fd, as_json=as_json)
        self._grace_s = grace_s
        self._pace = pace
        self._end_with_parent = end_with_parent
        self._mark = secrets.token_hex(16)
        self._running: list[_Running] = []
        self._waiting: list[_Waiting] = []
        self._open: dict[int, _Running] = {}
        self._reason: str | None = None
        self._exit_code = 0
        self._at_once = False
        self._handlers: dict[int, object] = {}

    def __enter__(self) -> Self:
        self._signals, self._wakeup = socket.socketpair()
        self._signals.setblocking(False)
        self._wakeup.setblocking(False)
        for number in (*_STOPPING, signal.SIGCHLD):
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup ignores SIGHUP
            self._handlers[number] = signal.signal(number, _note_only)
        self._old_wakeup = signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)
        if self._end_with_parent:
            children.end_with_parent(signal.SIGTERM)
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", guardian.__file__, self._mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        signal.set_wakeup_fd(self._old_wakeup)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._signals.close()
        self._wakeup.close()

    def start(self, part: Part) -> None:
        """Start a process, unless the supervisor is stopping.

        Raise ``OSError`` if the program can't be run.
        """
        if self._reason is None:
            self._launch(part, deaths=0)

    def _launch(self, part: Part, *, deaths: int) -> None:
        # SPT_NOENV keeps setproctitle from overwriting the environment, which identifies the run.
        extra = {guardian.MARK_NAME: self._mark, "SPT_NOENV": "1"}
        process: Forked | Executed
        if part.may_fork and children.can_fork(part.argv, part.env):
            process = Forked(part.argv, extra=extra, cwd=part.cwd)
        else:
            process = Executed(part.argv, env={**part.env, **extra}, cwd=part.cwd)
        running = _Running(part, process, ready=part.ready is None, deaths=deaths)
        self._running.append(running)
        self._open[running.pipe] = running
        os.set_blocking(running.pipe, False)
        self._tell_guardian(f"{process.pid}\n")

    def run(self, *, on_ready: Callable[[], None] | None = None, ready_within_s: float = 60.0) -> int:
        """Run until stopped. Return the exit code, which is 0 after a signal and 1 if a death ended all.

        ``on_ready`` is called once, when every process is ready. If this takes longer than ``ready_within_s``
        seconds, a warning is printed.
        """
        if self.wait_ready(timeout_s=ready_within_s):
            if on_ready is not None:
                on_ready()
        elif self._reason is None:
            late = ", ".join(
                [r.part.name for r in self._running if not r.ready] + [w.part.name for w in self._waiting]
            )
            self.console.say(f"Still waiting for: {late}")
            if self.wait_ready(timeout_s=float("inf")) and on_ready is not None:
                on_ready()
        while self._reason is None:
            self._tick(1.0)
        self._end()
        return self._exit_code

    def wait_ready(self, *, timeout_s: float) -> bool:
        """Wait until every started process is ready.

        Return False after the timeout or when stopping begins.
        """
        deadline = time.monotonic() + timeout_s
        while self._reason is None:
            for running in self._running:
                running.ready = running.ready or running.part.ready is None or running.part.ready()
            if not self._waiting and all(running.ready for running in self._running):
                return True
            if time.monotonic() >= deadline:
                return False
            self._tick(0.02)
        return False

    def wait(self, timeout_s: float) -> bool:
        """Take care of the parts for a while. Return False as soon as the supervisor stops."""
        deadline = time.monotonic() + timeout_s
        while self._reason is None and (left := deadline - time.monotonic()) > 0:
            self._tick(left)
        return self._reason is None

    def stop(self, reason: str, *, exit_code: int) -> None:
        """Make ``run`` end all processes and return ``exit_code``. Only the first call counts."""
        if self._reason is None:
            self._reason = reason
            self._exit_code = exit_code
            if reason:
                self.console.say(reason)

    def _tick(self, timeout_s: float) -> None:
        """Wait for output, a signal, the death of a process or the time to start one again. Handle it."""
        if self._waiting and self._reason is None:
            timeout_s = max(0.0, min(timeout_s, min(w.at for w in self._waiting) - time.monotonic()))
        writing = [self.console.fd] if self.console.has_waiting else []
        signals = self._signals.fileno()
        readable, _, _ = select.select([signals, *self._open], writing, [], timeout_s)
        for source in readable:
            if source == signals:
                self._take_signals()
            else:
                self._forward(self._open[source])
        self.console.write_some()
        if self.console.broken:
            self.stop("", exit_code=1)
        for running in list(self._running):
            if self._reason is None and running.process.poll() is not None:
                if running.part.may_end:
                    self._let_go(running)
                elif self._pace is not None:
                    self._start_later(running, self._pace)
                else:
                    self._report_death(running)
        if self._pace is not None and self._reason is None:
            self._start_due(self._pace)

    def _start_later(self, running: _Running, pace: Pace) -> None:
        """Forget a process that has died. Plan the next start of its part."""
        self._forward_rest(running)
        how = _how(running.process.wait())
        self._forget(running)
        lived_s = time.monotonic() - running.since
        self._plan(running.part, pace.deaths_in_a_row(running.deaths, lived_s=lived_s), how, pace)

    def _plan(self, part: Part, deaths: int, how: str, pace: Pace) -> None:
        if words := pace.words(part.name, how, deaths):
            self.console.say(words)
        self._waiting.append(_Waiting(part, deaths, time.monotonic() + pace.pause_s(deaths)))

    def _start_due(self, pace: Pace) -> None:
        """Start the parts whose pause is over. Note which parts have run well since their last death."""
        now = time.monotonic()
        for waiting in [w for w in self._waiting if w.at <= now]:
            self._waiting.remove(waiting)
            try:
                self._launch(waiting.part, deaths=waiting.deaths)
            except OSError as error:  # for example, no memory for another process
                self._plan(waiting.part, waiting.deaths + 1, error.strerror or str(error), pace)
        for running in self._running:
            if running.deaths and now - running.since >= pace.well_s:
                if words := pace.words_when_well(running.part.name, running.deaths):
                    self.console.say(words)
                running.deaths = 0

    def _take_signals(self) -> None:
        for number in self._signals.recv(4096):
            if number not in _STOPPING:
                continue
            if self._reason is not None:
                self._at_once = True
            self.stop("Stopping. Press Ctrl-C again to stop at once.", exit_code=0)

    def _forward(self, running: _Running) -> None:
        try:
            data = os.read(running.pipe, 65536)
        except BlockingIOError:
            return
        if not data:
            del self._open[running.pipe]
        *lines, running.rest = (running.rest + data).split(b"\n")
        if running.rest and (not data or len(running.rest) > 65536):
            lines.append(running.rest)
            running.rest = b""
        for line in lines:
            running.last.append(line)
            if not any(words in line for words in running.part.hush):
                self.console.line(running.part.name, line)

    def _let_go(self, running: _Running) -> None:
        """Forget a process that may end and has ended. If it failed, say so."""
        self._forward_rest(running)
        code = running.process.wait()
        if code != 0:
            self.console.say(f"The part “{running.part.name}” failed ({_how(code)}). The others continue.")
        self._forget(running)

    def _forget(self, running: _Running) -> None:
        """Close the pipe of a process that has ended. The kernel may give its id to another program."""
        self._open.pop(running.pipe, None)
        running.process.close()
        self._running.remove(running)
        self._tell_guardian(f"-{running.process.pid}\n")

    def _forward_rest(self, running: _Running) -> None:
        deadline = time.monotonic() + 0.5  # a child of the part may keep the pipe open
        while running.pipe in self._open and time.monotonic() < deadline:
            if not select.select([running.pipe], [], [], 0)[0]:
                break
            self._forward(running)

    def _report_death(self, running: _Running) -> None:
        self._forward_rest(running)
        how = _how(running.process.wait())
        self.console.say(f"The part “{running.part.name}” ended unexpectedly ({how}).")
        if running.last and not self.console.as_json:  # JSON lines name their part
            self.console.say("Its last lines:")
            for line in running.last:
                self.console.say("    " + line.decode(errors="replace"))
        self.stop("Stopping the rest.", exit_code=1)

    def _alive(self, *, foundation: bool | None = None) -> list[_Running]:
        return [
            r
            for r in self._running
            if r.process.poll() is None and (foundation is None or r.part.foundation is foundation)
        ]

    def _end(self) -> None:
        """End all processes with SIGTERM, then kill those that are left. It may be called twice."""
        if self._guardian.poll() is not None and not self._running:
            return
        self._reason = self._reason or ""
        deadline = time.monotonic() + self._grace_s
        self._signal(self._alive(foundation=False), signal.SIGTERM)
        foundations = self._alive(foundation=True)
        while alive := self._alive():
            left = deadline - time.monotonic()
            if left <= 0 or self._at_once:
                self._signal(alive, signal.SIGKILL)
                for running in alive:
                    running.process.wait()
                break
            if foundations and (left < _FOUNDATION_S or not self._alive(foundation=False)):
                self._signal(foundations, signal.SIGTERM)
                foundations = []
            self._tick(min(left, 0.1))
        self._kill_leftovers()
        self._close()

    def _signal(self, those: list[_Running], number: signal.Signals) -> None:
        for running in those:
            try:
                os.killpg(running.process.pid, number)
            except ProcessLookupError:  # it has ended, or was forked just now and leads no group yet
                with suppress(ProcessLookupError):
                    os.kill(running.process.pid, number)
            except PermissionError:
                continue

    def _kill_leftovers(self) -> None:
        """Kill child processes that outlive the process that started them.

        With ``/proc``, they are also found in other sessions.
        """
        if Path("/proc/self/environ").exists():
            guardian.kill_marked(self._mark)
        else:
            guardian.kill_groups([r.process.pid for r in self._running])

    def _close(self) -> None:
        for running in list(self._open.values()):
            while running.pipe in self._open and select.select([running.pipe], [], [], 0)[0]:
                self._forward(running)
        for running in self._running:
            running.process.close()
        self._open.clear()
        self._running.clear()
        self._tell_guardian("done\n")
        with suppress(BrokenPipeError):
            assert self._guardian.stdin is not None
            self._guardian.stdin.close()
        self._guardian.wait()
        self.console.flush(timeout_s=1.0)

    def _tell_guardian(self, line: str) -> None:
        assert self._guardian.stdin is not None
        with suppress(BrokenPipeError):  # the guardian was killed; the parts still die with us
            self._guardian.stdin.write(line.encode())
            self._guardian.stdin.flush()


def is_supervised() -> bool:
    """Return whether a supervisor started this process."""
    return guardian.MARK_NAME in os.environ


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    known = -code in {number.value for number in signal.Signals}  # real-time signals have no names
    return f"killed by {signal.Signals(-code).name}" if known else f"killed by signal {-code}"


def _note_only(number: int, frame: object) -> None:
    """Do nothing, because the wake-up socket reports the signal to the loop."""
