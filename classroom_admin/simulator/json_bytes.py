"""Read and write strict JSON. Write valid UTF-8. Reject input with NaN or with too many nested levels."""

import json
from typing import Any, NoReturn


def dump(value: Any) -> bytes:
    """Return compact JSON in UTF-8. Lone surrogates are escaped, because UTF-8 has no form for them."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def load(raw: bytes) -> Any:
    """Parse JSON. Raise ValueError if it is not valid."""
    try:
        return json.loads(raw, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
