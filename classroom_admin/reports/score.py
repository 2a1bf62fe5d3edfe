"""Compute the participation score of a person. All functions are pure.

The score is the weighted sum of what a person did, per `PER_MINUTES` minutes present. Someone who was
present for less than `FLOOR_MINUTES` counts as present for that long, so one message in one minute gives no
high score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final

PER_MINUTES: Final = 45.0
FLOOR_MINUTES: Final = 15.0
MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The points for one message, one raised hand, one minute on stage, and so on."""

    chat: float
    hand: float
    stage_minute: float
    camera_minute: float
    answer: float
    correct: float
    reward: float
    present_minute: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a person did in one or several classes. Durations are in ms."""

    chat: int = 0
    hands: int = 0
    stage_ms: int = 0
    camera_ms: int = 0
    answers: int = 0
    correct: int = 0
    rewards: int = 0
    present_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the sum. `name` is a field of `Weights`; `amount` is a number of times or of minutes."""

    name: str
    amount: float
    weight: float

    @property
    def points(self) -> float:
        return self.amount * self.weight


COLUMNS: Final[Mapping[str, tuple[str, int]]] = {
    "chat": ("chat", 1),
    "hand": ("hands", 1),
    "stage_minute": ("stage_ms", MINUTE_MS),
    "camera_minute": ("camera_ms", MINUTE_MS),
    "answer": ("answers", 1),
    "correct": ("correct", 1),
    "reward": ("rewards", 1),
    "present_minute": ("present_ms", MINUTE_MS),
}
"""For each weight: the field of `Activity`, and by what to divide it."""


def parts(did: Activity, weights: Weights) -> list[Part]:
    """Return the parts of the sum, also those without points."""
    return [
        Part(name=name, amount=getattr(did, column) / divisor, weight=getattr(weights, name))
        for name, (column, divisor) in COLUMNS.items()
    ]


def points(found: Iterable[Part]) -> float:
    """Return the sum of the parts, before the correction for the time present."""
    return sum(part.points for part in found)


def score(did: Activity, weights: Weights) -> float | None:
    """Return the score, or None if the person was not present."""
    if did.present_ms <= 0:
        return None
    return points(parts(did, weights)) * PER_MINUTES / counted_minutes(did.present_ms)


def counted_minutes(present_ms: int) -> float:
    """Return the minutes by which the points are divided."""
    return max(present_ms / MINUTE_MS, FLOOR_MINUTES)


def weights_of(values: Mapping[str, float]) -> Weights:
    """Return the weights that `environment.weights.participation` read."""
    return Weights(**{field.name: float(values[field.name]) for field in fields(Weights)})
