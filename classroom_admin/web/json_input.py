"""Parse JSON that people type, strictly, and report the position of an error."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from django.utils.translation import gettext as _

LONGEST: Final = 64 * 1024
"""The maximum size of the input in bytes. The cloud sends each changed property to the whole class."""
DEEPEST: Final = 64
"""The maximum depth of nested brackets."""
MOST_DIGITS: Final = 300
"""The maximum number of digits in an integer. Every JSON parser can read such integers, if only as floats."""
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
"""The characters that JSON may contain but UTF-8 or some databases can't store: surrogates and NUL."""


class BadJson(ValueError):
    """Raised for invalid JSON.

    ``line`` and ``column`` count from 1. They are 0 if the position is unknown.
    """

    def __init__(self, words: str, *, line: int = 0, column: int = 0) -> None:
        where = _("Line %(line)d, column %(column)d: ") % {"line": line, "column": column} if line else ""
        super().__init__(f"{where}{words}")
        self.line = line
        self.column = column


def read_object(text: str, *, longest: int = LONGEST) -> dict[str, Any]:
    """Return the JSON object in ``text``, of at most ``longest`` bytes. If ``text`` is empty, return ``{}``.

    Raise ``BadJson`` for a syntax error, a repeated key, a value that is not an object, data that can't be
    stored, or input that is too long or too deep.
    """
    long = len(text.encode("utf-8", "replace"))
    if long > longest:
        sizes = {"size": -(-long // 1024), "most": longest // 1024}
        raise BadJson(_("The text is %(size)d KB long. At most %(most)d KB are allowed.") % sizes)
    value = _parsed(text)
    if not isinstance(value, dict):
        raise BadJson(_("Enter a JSON object: names and values between { and }."), line=1, column=1)
    if _is_deeper(value, DEEPEST):
        raise _too_deep()
    if "\\u" in text and any(_UNSTORABLE.search(words) for words in _texts(value)):
        raise BadJson(
            _("The text contains a character that can't be stored: \\u0000, or one of \\ud800 to \\udfff.")
        )
    return value


def read_own_object(text: str) -> dict[str, Any]:
    """Return the object in a string from ``pretty``. It may be of any size.

    Raise ``BadJson`` if the text is not a JSON object.
    """
    try:
        value = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise BadJson(_("The original values of this page are lost. Start over."))
    return value


def pretty(value: Any) -> str:
    """Return a value as indented JSON in the original order."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def size(value: Any) -> int:
    """Return the size of a value in bytes, in the JSON that we send to the cloud."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def _parsed(text: str) -> Any:
    if not text.strip():
        return {}
    try:
        return json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=_without_repeated_names,
            parse_constant=_no_constant,
            parse_int=_whole,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        words = _("%(problem)s.") % {"problem": _in_words(error)}
        raise BadJson(words, line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise _too_deep() from None


def _in_words(error: json.JSONDecodeError) -> str:
    known = {
        "Expecting value": _("a value is missing, or there is an extra comma"),
        "Expecting property name enclosed in double quotes": _(
            "a name in double quotes is missing, or there is an extra comma"
        ),
        "Illegal trailing comma before end of object": _("there is an extra comma before }"),
        "Illegal trailing comma before end of array": _("there is an extra comma before ]"),
        "Expecting ',' delimiter": _("a comma is missing"),
        "Expecting ':' delimiter": _("a colon after the name is missing"),
        "Extra data": _("there is extra text after the end"),
        "Unterminated string starting at": _("the closing quotation mark is missing"),
        "Invalid control character at": _("a string contains a line break or a tab; write \\n or \\t"),
        "Invalid \\escape": _("a single backslash is not allowed; write two"),
        "Invalid \\uXXXX escape": _("four digits (0 to 9, a to f) must follow \\u"),
    }
    return known.get(error.msg) or _("this can't be read as JSON")


def _without_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadJson(_("The name “%(name)s” is used twice.") % {"name": name})
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise BadJson(_("%(name)s is not a valid JSON value.") % {"name": name})


def _whole(digits: str) -> int:
    count = len(digits.lstrip("-"))
    if count > MOST_DIGITS:
        places = {"count": count, "most": MOST_DIGITS}
        words = _(
            "A number has %(count)d digits; at most %(most)d are allowed. Write it as text, in double quotes."
        )
        raise BadJson(words % places)
    return int(digits)


def _finite(number: str) -> float:
    read = float(number)
    if read in (float("inf"), float("-inf")):
        shown = number if len(number) <= 20 else f"{number[:20]}…"
        raise BadJson(_("The number %(number)s is too large.") % {"number": shown})
    return read


def _too_deep() -> BadJson:
    return BadJson(_("Brackets are nested more than %(most)d levels deep.") % {"most": DEEPEST})


def _is_deeper(value: Any, than: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return than == 0 or any(_is_deeper(each, than - 1) for each in inside)


def _texts(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value. This includes the keys of objects."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
