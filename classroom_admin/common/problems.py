"""Represent problems as codes with parameters, for storage. `problem_texts` converts them to text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CODE = "code"
PARAMS = "params"


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem. `params` are the values for its text: JSON values, other problems, or lists of these."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the code and its parameters, for logs."""
        parts = ", ".join(f"{name}={_log_text(value)}" for name, value in self.params.items())
        return f"{self.code} ({parts})" if parts else str(self.code)

    def as_json(self) -> dict[str, Any]:
        params = {name: _to_json(value) for name, value in self.params.items()}
        return {CODE: str(self.code), PARAMS: params}


def from_json(stored: object) -> Problem | None:
    """Convert the result of `as_json` to a problem. Return None if `stored` has another format."""
    if not isinstance(stored, Mapping) or not isinstance(stored.get(CODE), str):
        return None
    params = stored.get(PARAMS)
    if not isinstance(params, Mapping):
        return Problem(stored[CODE])
    return Problem(stored[CODE], {name: _from_json(value) for name, value in params.items()})


def to_text(problem: Problem) -> str:
    """Return the problem as JSON text, for a text column."""
    return json.dumps(problem.as_json())


def from_text(stored: str) -> Problem | None:
    """Convert the result of `to_text` to a problem. Return None for any other text."""
    try:
        return from_json(json.loads(stored))
    except ValueError:
        return None


def _log_text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _to_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_to_json(each) for each in value]
    return value.as_json() if isinstance(value, Problem) else value


def _from_json(value: Any) -> Any:
    return [_from_json(each) for each in value] if isinstance(value, list) else from_json(value) or value
