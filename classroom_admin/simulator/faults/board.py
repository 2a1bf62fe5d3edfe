"""The faults that are set, and which of them strikes."""

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from classroom_admin.simulator.faults.kinds import KINDS
from classroom_admin.simulator.faults.plan import NOTHING, Plan, Trouble
from classroom_admin.simulator.world.events import Event


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault that is set.

    ``route``: a glob over a call's name (``poll``) or its address (``GET /{region}/edu/polling/*``).
    Strikes with ``probability``, at most ``count`` times, only after ``after_calls`` matching calls, and
    from ``from_ms`` until ``until_ms`` (ms of the simulator's clock).
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
    """All faults, asked once for each request and once for each new event."""

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
        """Set a fault; keywords as in Fault. ValueError for an unknown kind."""
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
        """Which faults strike this request; counts it for each that watches its route."""
        if not self._faults:
            return NOTHING
        plan = Plan()
        for fault in self._faults.values():
            if not KINDS[fault.kind].per_request or fault.kind in plan.troubles:
                continue
            if not (fnmatchcase(name, fault.route) or fnmatchcase(address, fault.route)):
                continue
            if self._strikes(fault, now_ms):
                plan.troubles[fault.kind] = Trouble(fault.kind, fault.params)
        return plan

    def withhold(self, event: Event) -> str | None:
        """A reason to keep a new event out of the stream, or None."""
        for fault in self._faults.values():
            if fault.kind != "withhold":
                continue
            cmd, room = fault.params.get("cmd"), fault.params.get("room")
            if (cmd is not None and cmd != event.cmd) or (room is not None and room != event.room_uuid):
                continue
            if self._strikes(fault, event.at_ms):
                return f"withheld by fault {fault.id}"
        return None

    def shuffle(self, events: list[Event]) -> None:
        self._rng.shuffle(events)

    def draw(self) -> float:
        return self._rng.random()

    def _strikes(self, fault: Fault, now_ms: int) -> bool:
        if not fault.is_on(now_ms):
            return False
        fault.calls += 1
        if fault.calls <= fault.after_calls:
            return False
        if fault.kind == "budget":
            strikes = self._beyond_budget(fault)
        else:
            strikes = fault.probability >= 1 or self._rng.random() < fault.probability
        fault.hits += strikes
        return strikes

    def _beyond_budget(self, fault: Fault) -> bool:
        """More than ``perSecond`` requests in the last second of the machine's time; refused ones do not
        count."""
        now = self._monotonic()
        while fault.recent and fault.recent[0] <= now - 1:
            fault.recent.popleft()
        if len(fault.recent) >= float(fault.params.get("perSecond", 20)):
            return True
        fault.recent.append(now)
        return False
