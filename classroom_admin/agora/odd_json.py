"""JSON with something odd in it, read so that nothing but the odd part suffers. Pure.

Slower than the parser that reads nearly everything, and used only where that one gives up: a number of
thousands of digits, brackets within brackets without end, one event that is no JSON among others that are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

DEEPEST: Final = 201
"""Brackets within brackets that are read as values, as many as pydantic's parser reads; what lies deeper
stays text. Nothing that walks the values later can run out of stack.
"""
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]', re.DOTALL)
_AROUND_ITEMS: Final = ("{[", "{{[")
"""What is open around an event: the envelope and its list, or one more object between them."""


def read_slowly(text: str) -> Any:
    """Parse JSON: an integer that is too long and what is nested too deep become their own text, NaN and
    infinities None, an item of the answer's list that is no JSON its text. Raises ValueError or
    RecursionError where that does not help.
    """
    text = deep_as_text(text)
    try:
        return _parsed(text)
    except ValueError:
        mended = broken_items_as_text(text)
        if mended == text:
            raise
        return _parsed(mended)


def deep_as_text(text: str) -> str:
    """The same JSON, with what lies deeper than `DEEPEST` brackets written as a text."""
    parts: list[str] = []
    done = begin = depth = 0
    for mark, at in _brackets(text):
        if mark in "[{":
            depth += 1
            if depth == DEEPEST + 1:
                begin = at
            continue
        if depth == DEEPEST + 1:
            parts += [text[done:begin], json.dumps(text[begin : at + 1])]
            done = at + 1
        depth -= 1
    return "".join(parts) + text[done:]


def broken_items_as_text(text: str) -> str:
    """The same answer, with each event that is no JSON (but whose brackets match) written as a text."""
    parts: list[str] = []
    done = begin = 0
    around: list[str] = []
    for mark, at in _brackets(text):
        if mark in "[{":
            if mark == "{" and _in_the_list(around):
                begin = at
            around.append(mark)
            continue
        if around:
            around.pop()
        if mark == "}" and _in_the_list(around) and not _is_json(text[begin : at + 1]):
            parts += [text[done:begin], json.dumps(text[begin : at + 1])]
            done = at + 1
    return "".join(parts) + text[done:]


def _brackets(text: str) -> Iterator[tuple[str, int]]:
    """Every bracket outside of texts, with its place; ends early where a text does not end."""
    for found in _TOKEN.finditer(text):
        at = found.start()
        if text[at] != '"':
            yield text[at], at
        elif found.end() == at + 1:
            return


def _in_the_list(around: list[str]) -> bool:
    return len(around) in (2, 3) and "".join(around) in _AROUND_ITEMS


def _is_json(text: str) -> bool:
    try:
        _parsed(text)
    except (ValueError, RecursionError):
        return False
    return True


def _parsed(text: str) -> Any:
    # not strict: a line break within a text is no reason to lose it
    return json.loads(text, strict=False, parse_int=_whole, parse_constant=lambda _name: None)


def _whole(digits: str) -> int | str:
    """Python reads 4,300 digits at most (PYTHONINTMAXSTRDIGITS)."""
    try:
        return int(digits)
    except ValueError:
        return digits
