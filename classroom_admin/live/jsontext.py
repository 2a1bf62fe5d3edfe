"""JSON as people type it: read strictly, and told where it is wrong. Pure."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.utils.translation import gettext as _


class BadJson(ValueError):
    """What was typed is no JSON object. ``line`` and ``column`` count from 1; 0 where no place is wrong."""

    def __init__(self, words: str, *, line: int = 0, column: int = 0) -> None:
        where = _("Line %(line)d, column %(column)d: ") % {"line": line, "column": column} if line else ""
        super().__init__(f"{where}{words}")
        self.line = line
        self.column = column


def read_object(text: str) -> dict[str, Any]:
    """The JSON object that ``text`` says; ``{}`` for nothing at all.

    Raises ``BadJson`` for a slip of the pen, for a name given twice, for NaN and for what is no object.
    """
    if not text.strip():
        return {}
    try:
        value = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        words = _("%(problem)s.") % {"problem": _in_words(error)}
        raise BadJson(words, line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise BadJson(_("Too many brackets within brackets.")) from None
    if not isinstance(value, dict):
        raise BadJson(_("Write an object: names and values between { and }."), line=1, column=1)
    return value


def pretty(value: Any) -> str:
    """JSON as people read it: indented, in the order it has, nothing escaped that needs not."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def size(value: Any) -> int:
    """Bytes of the value as it goes over the wire."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def _in_words(error: json.JSONDecodeError) -> str:
    known = {
        "Expecting value": _("a value is missing, or a comma is one too many"),
        "Expecting property name enclosed in double quotes": _(
            "a name in double quotes is missing, or a comma is one too many"
        ),
        "Illegal trailing comma before end of object": _("the comma before } is one too many"),
        "Illegal trailing comma before end of array": _("the comma before ] is one too many"),
        "Expecting ',' delimiter": _("a comma is missing"),
        "Expecting ':' delimiter": _("a colon after the name is missing"),
        "Extra data": _("something follows after the end"),
        "Unterminated string starting at": _("the quotation mark at the end is missing"),
        "Invalid control character at": _("a text has a line break or a tab in it; write \\n or \\t"),
        "Invalid \\escape": _("a backslash stands alone; write it twice"),
    }
    return known.get(error.msg, error.msg)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadJson(_("The name “%(name)s” is there twice.") % {"name": name})
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise BadJson(_("%(name)s is no JSON value.") % {"name": name})
