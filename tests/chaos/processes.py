"""Real processes of this installation that start in milliseconds and can be killed, stopped and continued."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from classroom_admin.simulator.testing import RunningSimulator
from tests.sync.test_lease import ROOT, environment


@dataclass(slots=True)
class Member:
    """A process. `point`: where it kills itself, or `-`."""

    role: str
    point: str
    pid: int
    pidfd: int

    def signal(self, number: signal.Signals) -> None:
        signal.pidfd_send_signal(self.pidfd, number)


class ProcessGroup:
    """Processes started through `zygote`. `per_second`: the request limit that they share."""

    def __init__(self, sim: RunningSimulator, folder: Path, *, per_second: float) -> None:
        folder.mkdir()
        self.folder = folder
        self.members: list[Member] = []
        env = environment(sim) | {"AGORA_REQUESTS_PER_SECOND": str(per_second), "LOG_LEVEL": "WARNING"}
        with (folder / "log").open("w") as log:
            self._zygote = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.zygote", str(folder)],
                cwd=ROOT,
                env=env,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._say() == "ready", self.log()

    def start(self, role: str, *, point: str = "-", passes: int = 1) -> Member:
        assert self._zygote.stdin is not None
        self._zygote.stdin.write(f"{role} {point} {passes}\n")
        self._zygote.stdin.flush()
        pid = int(self._say())
        try:
            member = Member(role, point, pid, os.pidfd_open(pid))
        except ProcessLookupError:  # it has reached its point
            return self.start(role, point=point, passes=passes)
        self.members.append(member)
        return member

    def ended(self, *, within_s: float) -> list[Member]:
        """Remove the members that ended and return them. Wait at most `within_s` for the first."""
        by_fd = {member.pidfd: member for member in self.members}
        readable, _, _ = select.select(list(by_fd), [], [], within_s)
        gone = [by_fd[fd] for fd in readable]
        for member in gone:
            self.members.remove(member)
            os.close(member.pidfd)
        return gone

    def kills(self) -> dict[int, str]:
        """Return the point at which each process killed itself, by process id."""
        path = self.folder / "kills"
        lines = path.read_text().splitlines() if path.exists() else []
        return {int(pid): point for pid, point in map(str.split, lines)}

    def failures(self) -> str:
        """Return the tracebacks of the processes that failed."""
        path = self.folder / "failures"
        return path.read_text() if path.exists() else ""

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def dismiss(self) -> None:
        """Kill the remaining members."""
        for member in self.members:
            try:
                member.signal(signal.SIGKILL)
            except ProcessLookupError:
                continue
        while self.members:
            assert self.ended(within_s=10), "a killed process did not end"

    def close(self) -> None:
        self.dismiss()
        self._zygote.kill()
        self._zygote.communicate()

    def _say(self) -> str:
        assert self._zygote.stdout is not None
        return self._zygote.stdout.readline().strip()
