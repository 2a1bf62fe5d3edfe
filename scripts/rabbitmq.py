"""A RabbitMQ server for tests, which can be killed and started again.

It has its own port, folder, name, cookie and epmd. The system's RabbitMQ is not touched.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Debian's program without its wrapper, which would change to the system's account."""
USER = "classroom"
START_S = 120.0
STOP_S = 30.0
CONFIGURATION = """\
listeners.tcp.1 = {address}:{port}
default_user = {user}
default_pass = {password}
loopback_users = none
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 1MB
vm_memory_high_watermark.absolute = 300MB
"""


def is_installed() -> bool:
    """Return whether this machine has RabbitMQ's server (Debian: rabbitmq-server)."""
    return PROGRAM.exists() and shutil.which("epmd") is not None


class DidNotStart(Exception):
    """Raised if the server ends or is not ready in time. The message is what it printed."""


class RabbitMQ:
    """A server on `address`, with its data in `folder`. `url` is the value of CELERY_BROKER_URL."""

    def __init__(self, folder: Path, *, address: str = "127.0.0.1") -> None:
        self.folder, self.address = folder, address
        self.password = secrets.token_hex(16)
        self.port, self._names_port, self._cluster_port = (_free_port(address) for _ in range(3))
        self._names: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        folder.mkdir(exist_ok=True)
        (folder / "rabbitmq.conf").touch(mode=0o600)
        (folder / "rabbitmq.conf").write_text(
            CONFIGURATION.format(address=address, port=self.port, user=USER, password=self.password)
        )
        (folder / "plugins").write_text("[].\n")

    @property
    def url(self) -> str:
        return f"amqp://{USER}:{self.password}@{self.address}:{self.port}//"

    def start(self) -> None:
        """Start the server, and wait until it accepts connections. Raise `DidNotStart`."""
        if self._names is None:
            epmd = shutil.which("epmd") or "epmd"
            self._names = self._run(epmd, "-port", str(self._names_port))
        self._server = self._run(str(PROGRAM))
        deadline = time.monotonic() + START_S
        while not self._accepts():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise DidNotStart((self.folder / "log").read_text(errors="replace")[-3000:])
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill the server, as a machine without power would."""
        assert self._server is not None
        os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait(STOP_S)

    def forget(self) -> None:
        """Delete the queues and messages of the server that was killed, as after the loss of its disk."""
        shutil.rmtree(self.folder / "data")

    def stop(self) -> None:
        """End the server and its epmd. Their data is of no use afterwards."""
        for process in (self._server, self._names):
            if process is not None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(STOP_S)

    def _run(self, *argv: str) -> subprocess.Popen[bytes]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")} | {
            "HOME": str(self.folder),  # with the cookie
            "ERL_EPMD_PORT": str(self._names_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"classroom-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._cluster_port),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                argv, env=own, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_ends_with_us,
            )  # fmt: skip

    def _accepts(self) -> bool:
        with suppress(OSError), socket.create_connection((self.address, self.port), timeout=1):
            return True
        return False


def _ends_with_us() -> None:
    """Let the kernel end the program when this process dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])
