"""Pure checks of ids and plain parameters, made before anything is sent.

Every check returns the value as it goes on the wire, or raises ``InvalidArgument`` naming the upstream field.
Lengths are bytes of UTF-8. The checks of composite settings (recording, conversion, schedule, groups) are in
``settings_checks``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.common.sentence import Sentence

ID_CHARACTERS: Final = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&()+-:;<=.>?@[]^_{}|~,"
)
ID_BYTES: Final = 64  # fewer than
ROOM_TYPES: Final = {0: "one-to-one", 2: "lecture hall", 4: "small", 10: "small cloud"}
FOREVER: Final = -1
MOST_PER_BATCH: Final = 100

_T = TypeVar("_T")


def text(value: object, *, field: str) -> str:
    """A string that can be written as UTF-8."""
    if not isinstance(value, str):
        raise InvalidArgument(field, "must be text.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidArgument(
            field, "contains half of a character (a lone surrogate); enter it again."
        ) from None
    return value


def identifier(value: object, *, field: str) -> str:
    """An id of the contract: 1 to 63 bytes of the allowed characters, and neither "." nor "..".

    The two are legal at the cloud, but every HTTP client resolves them as a path, even percent-encoded.
    """
    checked = text(value, field=field)
    if not checked:
        raise InvalidArgument(field, "is empty; an id needs at least one character.")
    if len(checked.encode("utf-8")) >= ID_BYTES:
        raise InvalidArgument(field, "must be shorter than {bytes} bytes.", bytes=ID_BYTES)
    strange = sorted(set(checked) - ID_CHARACTERS)
    if strange:
        shown = " ".join(ascii(character)[1:-1] for character in strange[:5])
        raise InvalidArgument(
            field,
            "contains characters that the cloud does not allow in an id: {shown}. Use letters "
            "a-z and A-Z, digits, spaces and {signs}.",
            shown=shown,
            signs="!#$%&()+-:;<=.>?@[]^_{}|~,",
        )
    if checked in (".", ".."):
        raise InvalidArgument(
            field, "can't be {it}: it has another meaning in web addresses.", it=repr(checked)
        )
    return checked


def room_id(value: object) -> str:
    return identifier(value, field="roomUuid")


def user_id(value: object, *, field: str = "userUuid") -> str:
    return identifier(value, field=field)


def resource_id(value: object) -> str:
    return identifier(value, field="resourceUuid")


def ext_app_id(value: object) -> str:
    return identifier(value, field="extAppUuid")


def name(value: object, *, field: str, fewer_than: int = 64) -> str:
    """A name that people read: not blank, shorter than ``fewer_than`` bytes, no control characters."""
    checked = text(value, field=field)
    if not checked.strip():
        raise InvalidArgument(field, "is empty; enter a name.")
    if len(checked.encode("utf-8")) >= fewer_than:
        raise InvalidArgument(
            field,
            "must be shorter than {most} bytes; it has {has} (non-English letters take two to "
            "four bytes each).",
            most=fewer_than,
            has=len(checked.encode("utf-8")),
        )
    if any(ord(character) < 32 or ord(character) == 127 for character in checked):
        raise InvalidArgument(field, "contains control characters such as a line break; remove them.")
    return checked


def whole_number(value: object, *, field: str, least: int | None = None, most: int | None = None) -> int:
    """An ``int`` in a range (bounds included); True and 3.0 are none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidArgument(field, "must be a whole number.")
    if (least is not None and value < least) or (most is not None and value > most):
        raise InvalidArgument(
            field, "must be {range}; it is {value}.", range=_range(least, most), value=value
        )
    return value


def number(value: object, *, field: str, least: float, most: float) -> float:
    """An ``int`` or finite ``float`` in a range (bounds included)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidArgument(field, "must be a number.")
    if not least <= value <= most:
        raise InvalidArgument(
            field, "must be {range}; it is {value}.", range=_range(least, most), value=value
        )
    return value


def one_of(value: _T, choices: Iterable[_T], *, field: str) -> _T:
    allowed = list(choices)
    # 1 == True and 1 == 1.0 in Python, but not in JSON.
    if not any(value == choice and type(value) is type(choice) for choice in allowed):
        raise InvalidArgument(
            field,
            "must be one of {choices}; it is {value}.",
            choices=", ".join(map(str, allowed)),
            value=repr(value),
        )
    return value


def yes_or_no(value: object, *, field: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidArgument(field, "must be true or false.")
    return value


def kick(*, dirty_state: int | None, duration_s: int | None) -> dict[str, Any]:
    """The body of "kick a user": nothing, or whether and how long (s, -1 for good) they are kept out."""
    if dirty_state is None:
        if duration_s is not None:
            raise InvalidArgument("dirty.state", "must be 1 if a duration is set.")
        return {}
    one_of(dirty_state, (0, 1), field="dirty.state")
    if dirty_state == 0:
        if duration_s is not None:
            raise InvalidArgument("dirty.duration", "does not apply when a person is unbanned; leave it out.")
        return {"dirty": {"state": 0}}
    if duration_s is None:
        raise InvalidArgument(
            "dirty.duration", "is missing; enter a number of seconds, or -1 for a permanent ban."
        )
    whole_number(duration_s, field="dirty.duration")
    if duration_s != FOREVER and duration_s < 1:
        raise InvalidArgument(
            "dirty.duration",
            "must be 1 second or more, or -1 for a permanent ban; it is {seconds}.",
            seconds=duration_s,
        )
    return {"dirty": {"state": 1, "duration": duration_s}}


def web_address(value: object, *, field: str) -> str:
    """An absolute http or https address with a host and without blanks."""
    checked = text(value, field=field)
    if any(character.isspace() or ord(character) < 32 or ord(character) == 127 for character in checked):
        raise InvalidArgument(field, "contains a space or a control character; write a space as %20.")
    try:
        parts = urlsplit(checked)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound:
        raise InvalidArgument(field, "must be a full web address that starts with http:// or https://.")
    return checked


def properties(value: object, *, field: str = "properties", may_be_empty: bool = False) -> dict[str, Any]:
    """A JSON object with text keys; not empty unless said so."""
    if not isinstance(value, Mapping):
        raise InvalidArgument(field, "must be an object of names and values.")
    if not value and not may_be_empty:
        raise InvalidArgument(field, "is empty; enter at least one name and value.")
    for key in value:
        if not isinstance(key, str) or not key:
            raise InvalidArgument(field, "has a name that is empty or not text: {name}.", name=repr(key))
    checked = dict(value)
    try:
        json.dumps(checked, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(field, "can't be written as JSON: {error}.", error=str(error)) from None
    return checked


def property_names(value: object, *, field: str = "properties") -> list[str]:
    """A list of one or more distinct names of properties."""
    names = _listed(value, field=field)
    for item in names:
        if not text(item, field=field):
            raise InvalidArgument(field, "contains an empty name.")
    return list(dict.fromkeys(names))


def cause(value: object) -> dict[str, Any]:
    return properties(value, field="cause", may_be_empty=True)


def resource_ids(value: object) -> list[str]:
    """A list of one or more resource ids; doubled ones are sent once."""
    ids = [identifier(item, field="resourceUuids") for item in _listed(value, field="resourceUuids")]
    return list(dict.fromkeys(ids))


def next_id(value: object) -> str:
    """The id to go on from: a number of a sequence, or what the last batch gave back."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(whole_number(value, field="nextId", least=0))
    checked = text(value, field="nextId")
    if not checked or len(checked.encode("utf-8")) > 256 or not checked.isprintable():
        raise InvalidArgument("nextId", "must be a number, or the nextId of the previous batch.")
    return checked


def count(value: object) -> int:
    return whole_number(value, field="count", least=1, most=MOST_PER_BATCH)


def event_kind(value: object) -> int:
    return whole_number(value, field="cmd", least=0, most=2**31 - 1)


def _listed(value: object, *, field: str) -> list[Any]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise InvalidArgument(field, "must be a list.")
    items = list(value)
    if not items:
        raise InvalidArgument(field, "is empty; enter at least one.")
    return items


def _range(least: float | None, most: float | None) -> Sentence:
    if most is None:
        return Sentence("{least} or more", least=least)
    if least is None:
        return Sentence("{most} or less", most=most)
    return Sentence("from {least} to {most}", least=least, most=most)
