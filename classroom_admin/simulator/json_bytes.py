"""JSON in and out, strictly: what leaves is valid UTF-8, what comes in holds no NaN and no endless
nesting."""

import json
from typing import Any, NoReturn


def dump(value: Any) -> bytes:
    """Compact UTF-8. A lone surrogate, which UTF-8 cannot hold, is written as its escape."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def load(raw: bytes) -> Any:
    """ValueError when it is not JSON."""
    try:
        return json.loads(raw, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
