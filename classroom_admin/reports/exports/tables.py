"""Describe a table for a file: its columns and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Kind(StrEnum):
    """What the values of a column are. Any value may be None, which is an empty cell.

    TEXT: str. NUMBER: int or float. SHARE: float from 0 to 1. MINUTES: milliseconds, which files show as
    decimal minutes. TIME: an aware datetime, or its ISO 8601 text in UTC (`columns.IsoTime`).
    """

    TEXT = "text"
    NUMBER = "number"
    SHARE = "share"
    MINUTES = "minutes"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column. `name` is the same in all languages and stands in CSV and JSON, `title` stands in XLSX."""

    name: str
    title: StrOrPromise
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The columns and the rows of a file. `rows` can be read once. `total` is the number of rows.

    `name` is the name of the file without its extension. `about` are further values at the start of a JSON
    file.
    """

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    total: int
    about: dict[str, Any] | None = None
