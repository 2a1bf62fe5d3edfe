"""A problem as a code with parameters.

Store and send this; `problem_texts` turns it into words when shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CODE = "code"
PARAMS = "params"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong. `params` fill the text of `code` and must be writable as JSON."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """For logs: the code and its parameters."""
        told = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code} ({told})" if told else str(self.code)

    def as_json(self) -> dict[str, Any]:
        return {CODE: str(self.code), PARAMS: dict(self.params)}


def from_json(stored: object) -> Problem | None:
    """Return the problem that `as_json` wrote; None for anything else."""
    if not isinstance(stored, Mapping) or not isinstance(stored.get(CODE), str):
        return None
    params = stored.get(PARAMS)
    return Problem(stored[CODE], params if isinstance(params, Mapping) else {})
