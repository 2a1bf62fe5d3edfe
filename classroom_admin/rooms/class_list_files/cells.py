"""Clean the text of cells, and define the errors and findings for a file."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from classroom_admin.common.csv_files import FORMULAS

_BLANK: Final = frozenset("\u2800\u3164\uffa0\u115f\u1160")
"""The letters and symbols that are invisible."""
_AT_EDGES: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_INVISIBLE: Final = re.compile("[\x00\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_AS_TEXT: Final = re.compile(r'="((?:[^"]|"")*)"')


class UnreadableFile(Exception):
    """The error if a file can't be read as a table. Pages show its message."""


class WrongEncoding(UnreadableFile):
    """The error if a file does not have the chosen encoding. Another encoding may fit."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem or warning. `line` is the line or spreadsheet row. It is 0 for the whole file."""

    text: str
    line: int = 0
    column: str = ""

    def __str__(self) -> str:
        facts = {"line": self.line, "column": self.column, "text": self.text}
        if self.line and self.column:
            return _("Line %(line)s, column %(column)s: %(text)s") % facts
        return _("Line %(line)s: %(text)s") % facts if self.line else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about a column that only a person can answer.

    `about` is the column's header, or the kind of column that is missing. `choices` are the possible answers.
    """

    about: str
    text: str
    line: int = 0
    choices: tuple[str, ...] = ()


def cleaned(cell: str) -> str:
    """Return the text of a cell without invisible characters and repeated spaces.

    Joiners inside a word are kept. `="00017"`, which marks a number as text, becomes `00017`. The apostrophe
    that prevents a spreadsheet from running the cell as a formula is removed.
    """
    text = _trimmed(cell)
    if found := _AS_TEXT.fullmatch(text):
        text = _trimmed(found[1].replace('""', '"'))
    elif text.startswith("'") and text[1:2] and text[1] in FORMULAS:
        text = text[1:]
    return text


def _trimmed(text: str) -> str:
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = _CONTROLS.sub(" ", _INVISIBLE.sub("", text))
    start, end = 0, len(text)
    while start < end and _shows_nothing(text[start]):
        start += 1
    while end > start and _shows_nothing(text[end - 1]):
        end -= 1
    return " ".join(text[start:end].split())


def _shows_nothing(letter: str) -> bool:
    return letter in _BLANK or unicodedata.category(letter) in _AT_EDGES
