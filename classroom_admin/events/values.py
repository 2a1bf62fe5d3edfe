"""Read single values in all forms that the cloud sends, such as numbers as text.

Unlike the models in `agora`, these functions reject or change values that the columns can't store.
"""

import json
import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, TypeVar

from classroom_admin.common.names import visible_name

Json = Any
Path = tuple[str, ...]
Raw = Mapping[str, Any]
"""A JSON object. It is a dict, and `isinstance` is much faster with `dict` than with `Mapping`."""
T = TypeVar("T")


class Undecodable(Exception):
    """The error for an event that can't be read. `reason` explains the problem to the administrator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


ID_LENGTH = 255
NAME_LENGTH = 255
BIG = 2**63 - 1
SMALL = 2**31 - 1
EARLIEST_MS = 1_262_304_000_000  # 2010; a smaller number is a time in seconds or a counter
LATEST_MS = 4_102_444_800_000  # 2100
DEEPEST = 32
LONGEST_NUMBER = 40
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

ROLES = {
    "0": "invisible",
    "1": "teacher",
    "2": "student",
    "3": "assistant",
    "4": "observer",
    "host": "teacher",
    "teacher": "teacher",
    "broadcaster": "student",
    "audience": "student",
    "student": "student",
    "assistant": "assistant",
    "observer": "observer",
    "invisible": "invisible",
    "server": "server",
}


def text(value: object, length: int | None = None) -> str | None:
    """Return a string that every database can store, cut to `length`. Return None for other values.

    NUL and lone surrogates become U+FFFD. A number becomes text.
    """
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int | float) or not _printable(value):
            return None
        value = str(value)
    if not value.isascii() or "\x00" in value:
        value = UNSTORABLE.sub("�", value)
    return value[:length] if length is not None and len(value) > length else value


def name_text(value: object) -> str | None:
    """Return a name, cut to `NAME_LENGTH`. Return "" if it has no visible character."""
    read = text(value, NAME_LENGTH)
    return read if read is None or "!" <= read[:1] <= "~" else visible_name(read)


def _printable(value: float) -> bool:
    return isfinite(value) if isinstance(value, float) else value.bit_length() < 128


def identifier(value: object, length: int = ID_LENGTH) -> str | None:
    """Return the value as an id. Return None if the value is empty, or neither a string nor a number.

    Raise Undecodable if the id can't be stored unchanged, because a changed id could name another person.
    """
    if not isinstance(value, str):
        value = text(value)
    if not value:
        return None
    if len(value) > length:
        raise Undecodable(f"an id longer than {length} characters")
    if ("\x00" in value) if value.isascii() else UNSTORABLE.search(value):
        raise Undecodable("an id with characters that cannot be stored")
    return value


def whole(value: object, most: int = BIG) -> int | None:
    """Return a number as an integer without its fraction, or None. The number may be text.

    Raise Undecodable if the integer is not within ±`most`.
    """
    if type(value) is int:
        read = value
    elif isinstance(value, bool):
        read = int(value)
    elif isinstance(value, float | str):
        number = _number(value)
        if number is None:
            return None
        read = int(number)
    else:
        return None
    if not -most <= read <= most:
        raise Undecodable("a number too large to be stored")
    return read


def _number(value: float | str) -> float | None:
    if isinstance(value, str):
        value = value.strip()
        if len(value) > LONGEST_NUMBER:
            return None
        try:
            return int(value)
        except ValueError:
            pass
        try:
            value = float(value)
        except ValueError:
            return None
    return value if isfinite(value) else None


def real(value: object) -> float | None:
    """Return a finite number as a float, or None. The number may be text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int) and value.bit_length() > 64:
        return None
    number = _number(value)
    return None if number is None else float(number)


def flag(value: object) -> bool | None:
    """Return the value as a bool, or None. It may be a bool, a number (0 is False) or the text of either."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if word in ("true", "yes", "on"):
            return True
        if word in ("false", "no", "off"):
            return False
        value = _number(word)
    if isinstance(value, int | float) and value == value:
        return value != 0
    return None


def moment(value: object) -> int | None:
    """Return a time as milliseconds since 1970 UTC, or None if it is not between 2010 and 2100."""
    if type(value) is not int:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        number = _number(value)
        if number is None:
            return None
        value = int(number)
    return value if EARLIEST_MS <= value <= LATEST_MS else None


def role(value: object) -> str:
    """Return the role for a number, its text or a word in `ROLES`. Return `unknown` for other values."""
    if isinstance(value, float) and value.is_integer() and 0 <= value <= 9:
        value = int(value)
    if type(value) is int and 0 <= value <= 9:
        value = str(value)
    return ROLES.get(value.strip().lower(), "unknown") if isinstance(value, str) else "unknown"


def plain(value: object, depth: int = 0) -> Json:
    """Return a copy of a JSON value that every database can store.

    NaN, infinities and values nested deeper than 32 levels become null. Integers beyond 64 bits become text.
    """
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -BIG <= value <= BIG else text(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if depth >= DEEPEST:
        return None
    if isinstance(value, dict):
        return {str(text(key)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    return None


def mapping(value: object) -> Raw:
    """Return the value as an object. It may be an object or its JSON text. For other values, return {}."""
    if isinstance(value, str):
        value = _parsed(value)
    return value if isinstance(value, dict) else {}


def _parsed(value: str) -> object:
    if not value.lstrip().startswith("{"):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def each(value: object, read: Callable[[Raw], T | None], odd: list[str], what: str) -> list[T]:
    """Return the result of `read` for each item of a list. A missing list counts as empty.

    If an item can't be read, add a message to `odd`. The message starts with `what`.
    """
    if value is None:
        return []
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        odd.append(f"{what}: not a list")
        return []
    found = []
    for item in value:
        try:
            one = read(item) if isinstance(item, dict) else None
        except Undecodable as problem:
            odd.append(f"{what}: {problem.reason}")
            continue
        if one is None:
            odd.append(f"{what}: an entry that names nothing")
        else:
            found.append(one)
    return found


def listed(value: object) -> list[Json] | None:
    """Return the value as a list. An object with numbered keys becomes the list of its values.

    Lists and None stay unchanged. Any other value becomes a list with one item.
    """
    if value is None:
        return None
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return [plain(value[key]) for key in sorted(value, key=_order)]
    return [plain(value)]


def _order(key: str) -> tuple[bool, int, str]:
    short = key.isdecimal() and len(key) < 10
    return (not short, int(key) if short else 0, key)


def split_path(key: str) -> Path:
    """Return the parts of a key such as `a.b.c`. A key with empty parts is not split.

    Raise Undecodable if there are more than 32 parts.
    """
    if "." not in key:
        return (key,)
    parts = tuple(key.split("."))
    if len(parts) > DEEPEST:
        raise Undecodable(f"a property more than {DEEPEST} levels deep")
    return parts if all(parts) else (key,)


def tree(changes: Raw) -> dict[str, Json]:
    """Convert properties with dotted or nested keys to one nested object."""
    root: dict[str, Json] = {}
    for key, value in changes.items():
        path = split_path(str(text(key)))
        node = root
        for part in path[:-1]:
            inner = node.get(part)
            if not isinstance(inner, dict):
                inner = node[part] = {}
            node = inner
        value = plain(value)
        old = node.get(path[-1])
        if isinstance(old, dict) and isinstance(value, dict):
            old.update(value)
        else:
            node[path[-1]] = value
    return root
