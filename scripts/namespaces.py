"""Machines for tests: network namespaces that are connected to one switch, and can be cut off from it.

Packets of a machine that is cut off disappear, as if a cable was unplugged: no connection is closed, and
nothing answers. Linux and root only. The namespaces have no connection to the network of this machine.
"""

import contextlib
import ctypes
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "TEST_NETWORK"
"""The environment variable that describes the network to the command that runs in it."""
SERVICES, OUTSIDE = "services", "outside"
"""The machine with PostgreSQL and Redis, and the one of the cloud, of the people and of the test itself."""
SUBNET = "10.77.0"
_SWITCH = "switch"
_NEWNET = 0x40000000
_NOWHERE = "02:00:00:00:00:fe"


class NotPossible(Exception):
    """Raised if this machine can't have namespaces. The message says why."""


@dataclass(frozen=True, slots=True)
class Network:
    """A switch with machines. `prefix` distinguishes its namespaces from those of other runs."""

    prefix: str
    names: tuple[str, ...]

    @classmethod
    def of_environment(cls) -> "Network | None":
        """Return the network that `scripts/services --machines` made for this command, or None."""
        described = os.environ.get(VARIABLE)
        if not described:
            return None
        found = json.loads(described)
        return cls(found["prefix"], tuple(found["names"]))

    def described(self) -> str:
        """Return the value of the environment variable."""
        return json.dumps({"prefix": self.prefix, "names": self.names})

    @property
    def machines(self) -> tuple[str, ...]:
        """Return the machines that run the product."""
        return tuple(name for name in self.names if name not in (SERVICES, OUTSIDE))

    def address(self, name: str) -> str:
        return f"{SUBNET}.{self._number(name)}"

    # --- setting up ---------------------------------------------------------------------------------

    def build(self) -> None:
        """Create the switch and the machines. Raise `NotPossible`."""
        if os.geteuid() != 0:
            raise NotPossible("Machines for tests are network namespaces, which only root can make.")
        self._ip("netns", "add", self._space(_SWITCH))
        self._ip("-n", self._space(_SWITCH), "link", "add", "bridge", "type", "bridge")
        self._ip("-n", self._space(_SWITCH), "link", "set", "bridge", "up")
        for name in self.names:
            self._connect(name)
        for name in self.names:
            for other in self.names:
                self._teach(name, other, self._hardware(other))

    def _connect(self, name: str) -> None:
        space = self._space(name)
        self._ip("netns", "add", space)
        self._ip(
            *("link", "add", "eth0", "netns", space, "address", self._hardware(name), "type", "veth"),
            *("peer", "name", name, "netns", self._space(_SWITCH)),
        )
        self._ip("-n", space, "address", "add", f"{self.address(name)}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            self._ip("-n", space, "link", "set", device, "up")
        self._ip("-n", self._space(_SWITCH), "link", "set", name, "master", "bridge", "up")

    def remove(self) -> None:
        """Delete the namespaces. A process that still runs in one keeps it."""
        for name in (*self.names, _SWITCH):
            subprocess.run(["ip", "netns", "delete", self._space(name)], capture_output=True, check=False)

    # --- cutting --------------------------------------------------------------------------------------

    def cut(self, name: str) -> None:
        """Let all packets from and to a machine disappear."""
        self._ip("-n", self._space(_SWITCH), "link", "set", name, "nomaster")

    def restore(self, name: str) -> None:
        """Connect a machine again, also after `cut_between`."""
        self._ip("-n", self._space(_SWITCH), "link", "set", name, "master", "bridge")
        for other in self.names:
            self._teach(name, other, self._hardware(other))
            self._teach(other, name, self._hardware(name))

    def cut_between(self, name: str, other: str) -> None:
        """Let the packets between two machines disappear. Both still reach the others."""
        self._teach(name, other, _NOWHERE)
        self._teach(other, name, _NOWHERE)

    # --- running in a machine -----------------------------------------------------------------------------

    def command(self, name: str, *argv: str) -> list[str]:
        """Return the command that runs `argv` in a machine, with its name as the host name. The process id
        is that of `argv`.
        """
        script = 'echo "$0" > /proc/sys/kernel/hostname && exec "$@"'
        enter = ["nsenter", f"--net={self._file(name)}", "unshare", "--uts"]
        return [*enter, "sh", "-c", script, name, *argv]

    @contextlib.contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Let this thread make its connections, threads and processes of the block in a machine."""
        with Path("/proc/thread-self/ns/net").open("rb") as before, self._file(name).open("rb") as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(before.fileno())

    def _number(self, name: str) -> int:
        return 10 + self.names.index(name)

    def _hardware(self, name: str) -> str:
        return f"02:00:00:00:00:{self._number(name):02x}"

    def _space(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def _file(self, name: str) -> Path:
        return Path("/run/netns") / self._space(name)

    def _teach(self, name: str, other: str, hardware: str) -> None:
        """Fix the hardware address for `other`. Otherwise a new connection would fail early, not hang."""
        if name != other:
            where = ("dev", "eth0", "nud", "permanent")
            self._ip(
                "-n", self._space(name), "neigh", "replace", self.address(other), "lladdr", hardware, *where
            )

    @staticmethod
    def _ip(*arguments: str) -> None:
        try:
            done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise NotPossible("Machines for tests need the program ip (on Debian: iproute2).") from None
        if done.returncode:
            raise NotPossible(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def _enter(space: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(space, _NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
