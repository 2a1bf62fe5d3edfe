"""The exports by name. A job stores only the name and the filter, and a worker makes the table again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from classroom_admin.reports.exports.tables import Table
from classroom_admin.reports.report_filter import ReportFilter

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Maker = Callable[[ReportFilter, Mapping[str, str]], Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export: its title, and the function that makes its table."""

    title: StrOrPromise
    make: Maker


EXPORTS: Final[dict[str, Export]] = {}


def exports(name: str, title: StrOrPromise) -> Callable[[Maker], Maker]:
    """Register the decorated function as the maker of the export `name`.

    The function gets the filter and the options of the address (`OPTIONS`). It may raise `NotYours`.
    The module must be imported in `exports/all.py`, so that workers and pages know it.
    """

    def register(function: Maker) -> Maker:
        EXPORTS[name] = Export(title=title, make=function)
        return function

    return register


OPTIONS: Final = ("person", "room")
"""The names of the values that an export may read from its address beside the filter: the primary key of
a row of a student (`PersonSummary`), and the key of a class.
"""
