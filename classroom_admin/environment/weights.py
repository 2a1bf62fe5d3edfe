"""Parse the weights of the participation score, such as ``chat=1,hand=2``."""

from __future__ import annotations

import math
from typing import Final

DEFAULTS: Final = {
    "chat": 1.0,
    "hand": 2.0,
    "stage_minute": 1.0,
    "camera_minute": 0.1,
    "answer": 2.0,
    "correct": 1.0,
    "reward": 3.0,
    "present_minute": 0.0,
}
"""The points for one chat message, one raised hand, one minute on stage, and so on."""
HIGHEST: Final = 1000.0


def participation(text: str) -> dict[str, float]:
    """Return the weight of each part of the score. Parts that `text` omits have their default weights.

    Raise ValueError if a part is unknown, occurs twice, or has no weight from 0 to `HIGHEST`. The message
    names the part.
    """
    found: dict[str, float] = {}
    for part in filter(None, (raw.strip() for raw in text.split(","))):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        if name not in DEFAULTS:
            raise ValueError(f"“{name}” is not one of {', '.join(DEFAULTS)}")
        if name in found:
            raise ValueError(f"“{name}” occurs twice")
        if not equals:
            raise ValueError(f"“{name}” has no weight; write {name}=1")
        found[name] = _weight(name, number)
    return DEFAULTS | found


def shown(weights: dict[str, float]) -> str:
    """Return weights in the form that `participation` reads."""
    return ",".join(f"{name}={weight:g}" for name, weight in weights.items())


def _weight(name: str, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 <= weight <= HIGHEST:  # not true for nan
        raise ValueError(f"the weight “{text}” of “{name}” must be a number from 0 to {HIGHEST:g}")
    return weight
