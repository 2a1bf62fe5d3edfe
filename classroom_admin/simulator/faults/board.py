"""Store the active faults, and decide which of them affect a request or an event."""

import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from classroom_admin.simulator.faults.kinds import KINDS
from classroom_admin.simulator.world.events import Event


@dataclass(frozen=True, slots=True)
class AppliedFault:
    """The kind and the settings of a fault in one request."""

    kind: str
    params: dict[str, Any]

    def number(self, name: str, default: float) -> float:
        value = self.params.get(name)
        return default if value is None else float(value)


@dataclass(slots=True)
class Plan:
    """The faults in one request, by kind. There is at most one of each kind."""

    applied: dict[str, AppliedFault] = field(default_factory=dict)

    def get(self, kind: str) -> AppliedFault | None:
        return self.applied.get(kind)

    @property
    def skew_ms(self) -> int:
        """Return how far the cloud's clock is wrong in milliseconds.

        This affects the time in responses and the check of tokens.
        """
        skew = self.applied.get("skew")
        return int(skew.number("ms", 0)) if skew is not None else 0


NOTHING = Plan()


@dataclass(slots=True, kw_only=True)
class Fault:
    """An active fault.

    ``route`` is a pattern for the name of a call (``poll``) or its path (``GET /{region}/edu/polling/*``).
    The fault skips the first ``after_calls`` matching calls. Then it occurs with ``probability``, at most
    ``count`` times. It is active from ``from_ms`` to ``until_ms`` in milliseconds by the simulator's clock.
    """

    id: int
    kind: str
    route: str = "*"
    probability: float = 1.0
    count: int | None = None
    after_calls: int = 0
    from_ms: int | None = None
    until_ms: int | None = None
    params: dict[str, Any] = field(default_factory=dict)
    calls: int = 0
    hits: int = 0
    recent: deque[float] = field(default_factory=deque)

    def is_on(self, now_ms: int) -> bool:
        if self.count is not None and self.hits >= self.count:
            return False
        return (self.from_ms is None or now_ms >= self.from_ms) and (
            self.until_ms is None or now_ms < self.until_ms
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "route": self.route,
            "probability": self.probability,
            "count": self.count,
            "afterCalls": self.after_calls,
            "fromMs": self.from_ms,
            "untilMs": self.until_ms,
            "params": self.params,
            "calls": self.calls,
            "hits": self.hits,
        }


class FaultBoard:
    """All active faults."""

    def __init__(self, *, seed: int = 0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._faults: dict[int, Fault] = {}
        self._rng = random.Random(f"{seed}:faults")
        self._monotonic = monotonic
        self._last_id = 0

    def __bool__(self) -> bool:
        return bool(self._faults)

    def all(self) -> list[Fault]:
        return list(self._faults.values())

    def add(self, *, kind: str, **settings: Any) -> Fault:
        """Add a fault. ``settings`` are fields of Fault. Raise ValueError if the kind is unknown."""
        if kind not in KINDS:
            raise ValueError(f"unknown kind {kind}; known: {', '.join(KINDS)}")
        self._last_id += 1
        fault = self._faults[self._last_id] = Fault(id=self._last_id, kind=kind, **settings)
        return fault

    def remove(self, fault_id: int) -> bool:
        return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        self._faults.clear()

    def plan(self, *, name: str, address: str, now_ms: int) -> Plan:
        """Return the faults in this request. Count the request for each fault with a matching route."""
        if not self._faults:
            return NOTHING
        plan = Plan()
        for fault in self._faults.values():
            if not KINDS[fault.kind].per_request or fault.kind in plan.applied:
                continue
            if not (fnmatchcase(name, fault.route) or fnmatchcase(address, fault.route)):
                continue
            if self._occurs(fault, now_ms):
                plan.applied[fault.kind] = AppliedFault(fault.kind, fault.params)
        return plan

    def withhold(self, event: Event) -> str | None:
        """Return why polling must not deliver a new event, or None if it may."""
        for fault in self._faults.values():
            if fault.kind != "withhold":
                continue
            cmd, room = fault.params.get("cmd"), fault.params.get("room")
            if (cmd is not None and cmd != event.cmd) or (room is not None and room != event.room_uuid):
                continue
            if self._occurs(fault, event.at_ms):
                return f"withheld by fault {fault.id}"
        return None

    def notice(self, notice: Mapping[str, Any], *, now_ms: int) -> dict[str, AppliedFault]:
        """Return the faults in a notification about a channel, by kind."""
        found: dict[str, AppliedFault] = {}
        for fault in self._faults.values():
            if not fault.kind.startswith("notice_") or fault.kind in found:
                continue
            event_type, room = fault.params.get("eventType"), fault.params.get("room")
            if event_type not in (None, notice["eventType"]):
                continue
            if room in (None, notice["payload"]["channelName"]) and self._occurs(fault, now_ms):
                found[fault.kind] = AppliedFault(fault.kind, fault.params)
        return found

    def shuffle(self, events: list[Event]) -> None:
        self._rng.shuffle(events)

    def draw(self) -> float:
        return self._rng.random()

    def _occurs(self, fault: Fault, now_ms: int) -> bool:
        if not fault.is_on(now_ms):
            return False
        fault.calls += 1
        if fault.calls <= fault.after_calls:
            return False
        if fault.kind == "budget":
            occurs = self._beyond_budget(fault)
        else:
            occurs = fault.probability >= 1 or self._rng.random() < fault.probability
        fault.hits += occurs
        return occurs

    def _beyond_budget(self, fault: Fault) -> bool:
        """Return whether too many requests were accepted in the last second of real time."""
        now = self._monotonic()
        while fault.recent and fault.recent[0] <= now - 1:
            fault.recent.popleft()
        if len(fault.recent) >= float(fault.params.get("perSecond", 20)):
            return True
        fault.recent.append(now)
        return False
