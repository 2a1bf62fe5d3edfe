"""Run Python programs of the product in processes that start in a third of the usual time.

A process of this checkout takes seconds to import Django, Celery and other packages. So each process of a
test run starts one server, which imports these packages, and nothing of the product. For each program, the
server forks a process with the given environment, folder, umask and streams. This process reads the settings
and imports the product, like any other. Use `subprocess` where the start itself is tested.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import types
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, NoReturn

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = (
    "agoraiotools", "argon2", "asgiref", "botocore", "celery", "certifi", "cryptography", "csp", "fido2",
    "http", "idna", "jinja2", "jwt", "kombu", "oauthlib", "prometheus_client", "pydantic", "pydantic_core",
    "qrcode", "redis", "requests", "structlog", "urllib3", "uvicorn", "valkey", "xml",
    "zoneinfo",
)  # fmt: skip
"""Packages that can be imported without settings. Of Django, see `_is_imported_before`."""
MOST: Final = 200_000
"""The longest message to the server, in bytes."""


class Program:
    """A running program. `pid`: its process id."""

    def __init__(self, status: IO[bytes]) -> None:
        self._status = status
        self.pid = int(status.readline())
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._code if self._code is not None or not self._has_ended(0) else self.wait()

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code. Raise `subprocess.TimeoutExpired` after `timeout` seconds."""
        if self._code is None:
            if not self._has_ended(timeout):
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            with self._status:
                self._code = int(self._status.readline())
        return self._code

    def _has_ended(self, timeout: float | None) -> bool:
        return bool(select.select([self._status], [], [], timeout)[0])

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    *arguments: str,
    env: Mapping[str, str],
    streams: tuple[int, int, int],
    cwd: Path = ROOT,
    umask: int | None = None,
) -> Program:
    """Start `python ARGUMENTS` (`-c CODE`, `-m MODULE` or a script) with only these variables.

    `streams` are the file descriptors of its standard input, output and errors.
    """
    told = {"arguments": arguments, "env": dict(env), "cwd": str(cwd), "umask": umask}
    reader, writer = os.pipe()
    try:
        socket.send_fds(_server(), [json.dumps(told).encode()], [*streams, writer])
    finally:
        os.close(writer)
    return Program(os.fdopen(reader, "rb", buffering=0))


def start_with_log(*arguments: str, env: Mapping[str, str], log: Path) -> Program:
    """Start a program that has no input, and whose output and errors go to the file `log`."""
    with log.open("wb") as said, Path(os.devnull).open("rb") as nothing:
        return start(*arguments, env=env, streams=(nothing.fileno(), said.fileno(), said.fileno()))


def run(
    *arguments: str,
    env: Mapping[str, str],
    cwd: Path = ROOT,
    given: str = "",
    umask: int | None = None,
    timeout_s: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a program like `start`. Return what it printed. `given` is the standard input.

    Raise `subprocess.TimeoutExpired` after `timeout_s` seconds.
    """
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        stdin.write(given.encode())
        stdin.seek(0)
        streams = (stdin.fileno(), out.fileno(), err.fileno())
        program = start(*arguments, env=env, streams=streams, cwd=cwd, umask=umask)
        try:
            code = program.wait(timeout_s)
        finally:
            program.kill()
            program.wait()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(list(arguments), code, *texts)


@functools.cache
def _server() -> socket.socket:
    """Start the server, which ends with this process. Return the channel to it."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    env = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.quick_python", str(its.fileno())],
        cwd=ROOT, env=env, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    its.close()

    @atexit.register
    def _end() -> None:
        ours.close()
        process.wait(timeout=30)

    names = [name for name in sys.modules if _is_imported_before(name)]
    ours.send(json.dumps(names).encode())
    return ours


def _is_imported_before(name: str) -> bool:
    top, _, rest = name.partition(".")
    if top == "django":
        return not rest.startswith(("contrib", "db.backends", "test"))
    return top in PACKAGES


def _serve(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Fork a process for each message. Return only in the new process."""
    while True:
        told, fds, _flags, _address = socket.recv_fds(channel, MOST, 4)
        if not told:
            sys.exit()
        if os.fork() == 0:
            channel.close()
            *streams, status = fds
            if (pid := os.fork()) == 0:
                os.close(status)
                return json.loads(told), streams
            _report(pid, status, streams)
        for fd in fds:
            os.close(fd)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _report(pid: int, status: int, streams: list[int]) -> NoReturn:
    """Write the process id, wait for the process, write its exit code, and end."""
    for fd in streams:
        os.close(fd)
    os.write(status, f"{pid}\n".encode())
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with suppress(BrokenPipeError):
        os.write(status, f"{code}\n".encode())
    os._exit(0)


def _become(told: dict[str, Any], fds: list[int]) -> None:
    """Be the process that the message describes."""
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.environ.clear()
    os.environ.update(told["env"])
    os.chdir(told["cwd"])
    if told["umask"] is not None:
        os.umask(told["umask"])
    first, *others = told["arguments"]
    if first == "-c":
        code, *others = others
        sys.argv = ["-c", *others]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(code, "<string>", "exec"), main.__dict__)
    elif first == "-m":
        name, *others = others
        sys.argv = [name, *others]
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *others]
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    with_client = socket.socket(fileno=int(sys.argv[1]))
    for name in json.loads(with_client.recv(MOST)):
        importlib.import_module(name)
    gc.freeze()
    _become(*_serve(with_client))
