"""Read JSON that may be damaged in places, so that only the damaged part is lost.

Nearly every answer is read by pydantic's parser. It refuses a whole answer for one event that is not JSON,
for NaN, and for wrong UTF-8. The endpoint that can be asked again would then give the same unreadable page
for ever, and the class would stop. So a refused answer is read once more by Python's parser, item by item.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from pydantic_core import from_json

DEEPEST: Final = 201
"""Levels of brackets that are read, as many as pydantic's parser reads. Code that walks the values later
can't run out of stack.
"""
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]', re.DOTALL)
_AROUND_ITEMS: Final = ("{[", "{{[")
"""The brackets around an event: the envelope and its list, or one more object between them."""
# Escapes that no database text can hold: lone surrogates and NUL. A search is cheaper than a walk.
_UNSTORABLE_ESCAPE: Final = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def read_json(body: bytes) -> Any:
    """Return the parsed JSON. Raise `ValueError` where it is not JSON or nested deeper than `DEEPEST`.

    NaN and infinities become None. Wrong UTF-8, NUL and lone surrogates become U+FFFD. An integer that is too
    long for Python, and an item of the answer's list that can't be read, become their own text.
    """
    try:
        parsed = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return _storable(_read_by_items(body.decode("utf-8-sig", errors="replace")))
    return _storable(parsed) if _UNSTORABLE_ESCAPE.search(body) else parsed


def _read_by_items(text: str) -> Any:
    try:
        return _parsed(text)
    except ValueError:
        mended = _with_damaged_items_as_text(text)
        if mended == text:
            raise
        return _parsed(mended)


def _with_damaged_items_as_text(text: str) -> str:
    """Return the answer with each item that can't be read, but whose brackets match, written as a text."""
    parts: list[str] = []
    done = begin = 0
    around: list[str] = []
    for mark, at in _brackets(text):
        if mark in "[{":
            if mark == "{" and "".join(around[:4]) in _AROUND_ITEMS:
                begin = at
            around.append(mark)
            continue
        if around:
            around.pop()
        if mark == "}" and "".join(around[:4]) in _AROUND_ITEMS and not _is_json(text[begin : at + 1]):
            parts += [text[done:begin], json.dumps(text[begin : at + 1])]
            done = at + 1
    return "".join(parts) + text[done:]


def _brackets(text: str) -> Iterator[tuple[str, int]]:
    """Give every bracket outside of texts with its place. End early where a text does not end."""
    for found in _TOKEN.finditer(text):
        at = found.start()
        if text[at] != '"':
            yield text[at], at
        elif found.end() == at + 1:
            return


def _is_json(text: str) -> bool:
    try:
        _parsed(text)
    except ValueError:
        return False
    return True


def _parsed(text: str) -> Any:
    depth = 0
    for mark, _at in _brackets(text):
        depth += 1 if mark in "[{" else -1
        if depth > DEEPEST:
            raise ValueError("nested too deep")
    # Not strict: a line break within a text is no reason to lose it.
    return json.loads(text, strict=False, parse_int=_whole, parse_constant=lambda _name: None)


def _whole(digits: str) -> int | str:
    """Return the integer, or its digits where there are more than Python reads (4,300)."""
    try:
        return int(digits)
    except ValueError:
        return digits


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value
