"""What goes wrong with one request."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Trouble:
    """One fault that struck: its kind and its settings."""

    kind: str
    params: dict[str, Any]

    def number(self, name: str, default: float) -> float:
        value = self.params.get(name)
        return default if value is None else float(value)


@dataclass(slots=True)
class Plan:
    """The faults that struck this request, by kind; the first of a kind wins."""

    troubles: dict[str, Trouble] = field(default_factory=dict)

    def get(self, kind: str) -> Trouble | None:
        return self.troubles.get(kind)

    @property
    def skew_ms(self) -> int:
        """How far the cloud's clock is off, for the envelope's ``ts`` and for judging tokens."""
        skew = self.troubles.get("skew")
        return int(skew.number("ms", 0)) if skew is not None else 0


NOTHING = Plan()
