"""The lease for polling, which one process per App ID holds. Each commit of events checks its fencing token.

The stream of all rooms delivers each event once, so two processes would each get only a part of the events. A
paused process must not commit a response after another process has taken the lease. Every process therefore
calls `renew` inside the write transaction. `renew` raises `FenceLost` if another process has the lease.
"""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

from django.db.models import F

from classroom_admin.common import clock
from classroom_admin.common.numbers import parsed
from classroom_admin.sync.models import Lease

LEASE_S = 15.0
"""A lease is free if its `beats` do not change for this time (s). Even the slowest request takes less."""
WANTED_S = 30.0
"""A request for the lease is ignored after this time (s), because its sender has given up."""


class FenceLost(Exception):
    """Raised if another process has the lease. With the old fencing token, nothing may be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A lease that this process holds, with its fencing token.

    `taken_over` is True if the previous owner had not released the lease.
    """

    app_id: str
    owner: str
    fence: int
    taken_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process that may hold the lease. The lease's row stores the process as text.

    `host` names the machine, its boot and its pid namespace, because a pid is meaningless outside them.
    `started` is in clock ticks since the boot. It distinguishes two processes that had the same pid.
    """

    host: str
    pid: int
    started: str
    token: str = field(default_factory=lambda: secrets.token_hex(4))

    def __str__(self) -> str:
        return f"{self.host}|{self.pid}|{self.started}|{self.token}"

    @classmethod
    def read(cls, written: str) -> Owner | None:
        parts = written.split("|")
        if len(parts) != 4 or (pid := parsed(parts[1])) is None:
            return None
        return cls(host=parts[0], pid=pid, started=parts[2], token=parts[3])

    def is_dead(self) -> bool:
        """Return True only if it is certain that the process ran on this machine and has ended."""
        if self.host != _host():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return self.started != _started(self.pid)


def _host() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id")
    space = Path("/proc/self/ns/pid")
    marks = [socket.gethostname()[:60].replace("|", "-")]
    if boot.exists():
        marks.append(boot.read_text().strip()[:8])
    if space.exists():
        marks.append(space.readlink().name.strip("pid:[]"))
    return "/".join(marks)


def _started(pid: int) -> str:
    """Return when the process started in clock ticks since the boot, or "" if this is not known.

    Return "gone" if the process has ended but is still listed.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    after_name = stat.rpartition(")")[2].split()
    if after_name[0] in "ZX":
        return "gone"
    return after_name[19]


_this_process: Owner | None = None


def this_process() -> Owner:
    """Return this process as an owner. A forked process gets its own owner."""
    global _this_process
    if _this_process is None or _this_process.pid != os.getpid():
        _this_process = Owner(host=_host(), pid=os.getpid(), started=_started(os.getpid()))
    return _this_process


class Watch:
    """An observer that detects when the `beats` of a lease no longer change.

    It measures time with the monotonic clock of this process.
    """

    def __init__(self) -> None:
        self._seen: tuple[int, int] | None = None
        self._since = 0.0

    def stands_still(self, lease: Lease) -> bool:
        seen = (lease.fence, lease.beats)
        if seen != self._seen:
            self._seen, self._since = seen, clock.monotonic()
            return False
        return clock.monotonic() - self._since >= LEASE_S


def take(*, app_id: str, owner: Owner, watch: Watch) -> Held | None:
    """Take the lease if it is free or already ours, or if its owner has ended or stopped renewing it.

    Return None if another process holds the lease. If two processes try at the same time, only one of them
    succeeds, because the UPDATE requires that `fence` and `beats` are unchanged.
    """
    lease, _made = Lease.objects.get_or_create(app_id=app_id)
    if lease.owner == str(owner):
        return Held(app_id=app_id, owner=lease.owner, fence=lease.fence)
    holder = Owner.read(lease.owner)
    if holder is not None and not holder.is_dead() and not watch.stands_still(lease):
        return None
    won = Lease.objects.filter(app_id=app_id, fence=lease.fence, beats=lease.beats, owner=lease.owner).update(
        **_as_columns(owner), fence=F("fence") + 1, beats=F("beats") + 1, renewed_at=clock.now()
    )
    if not won:
        return None
    return Held(app_id=app_id, owner=str(owner), fence=lease.fence + 1, taken_over=holder is not None)


def renew(held: Held, **columns: object) -> None:
    """Renew the lease and update `columns` in its row. Raise `FenceLost` if another process has the lease.

    Call this in the transaction that needs the lease. The UPDATE locks the row until the commit, so no other
    process can take the lease before then.
    """
    mine = Lease.objects.filter(app_id=held.app_id, owner=held.owner, fence=held.fence)
    if not mine.update(beats=F("beats") + 1, renewed_at=clock.now(), **columns):
        raise FenceLost("Another process polls by now: what this one drained may not be written.")


def ask_for(*, app_id: str, owner: Owner) -> None:
    """Ask the owner of the lease to hand the lease over after the current cycle."""
    Lease.objects.filter(app_id=app_id).exclude(owner=str(owner)).update(
        wanted_by=str(owner), wanted_at=clock.now()
    )


def hand_over(held: Held) -> bool:
    """Give the lease to the process that asked for it. Return whether it was given.

    If that process has ended or asked too long ago, delete its request.
    """
    lease = Lease.objects.filter(app_id=held.app_id, owner=held.owner, fence=held.fence).first()
    if lease is None or not lease.wanted_by or lease.wanted_at is None:
        return False
    wanted = Owner.read(lease.wanted_by)
    given_up = abs((clock.now() - lease.wanted_at).total_seconds()) > WANTED_S
    mine = Lease.objects.filter(pk=lease.pk, owner=held.owner, fence=held.fence)
    if wanted is None or given_up or wanted.is_dead():
        mine.update(wanted_by="", wanted_at=None)
        return False
    return bool(
        mine.update(
            **_as_columns(wanted), fence=F("fence") + 1, beats=F("beats") + 1, wanted_by="", wanted_at=None
        )
    )


def release(held: Held) -> None:
    """Release the lease if this process holds it, so that the next process need not wait."""
    Lease.objects.filter(app_id=held.app_id, owner=held.owner, fence=held.fence).update(
        owner="", host="", pid=None, beats=F("beats") + 1
    )


def _as_columns(owner: Owner) -> dict[str, object]:
    return {"owner": str(owner), "host": owner.host[:120], "pid": owner.pid}
