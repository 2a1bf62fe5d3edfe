"""The order of a table of a report, and the links in its headings that change the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table. `name` is its value in the parameter `sort`. Numbers begin with the highest."""

    name: str
    title: Any
    is_number: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading. `sort` is the parameter of its link. `state` is a value of `aria-sort`."""

    column: Column
    sort: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The chosen order: the name of a column, and whether low values and early letters come first."""

    name: str
    ascending: bool

    def headings(self, columns: Sequence[Column]) -> list[Heading]:
        """Return a heading for each column. The link of the chosen column reverses the order."""
        return [self._heading(column) for column in columns]

    def _heading(self, column: Column) -> Heading:
        chosen = column.name == self.name
        ascending = not self.ascending if chosen else not column.is_number
        state = "" if not chosen else "ascending" if self.ascending else "descending"
        return Heading(column=column, sort=f"{'' if ascending else '-'}{column.name}", state=state)


def order_of(request: HttpRequest, columns: Sequence[Column], default: str) -> Order:
    """Return the order in the parameter `sort`, such as "name" or "-chat". Ignore unknown columns."""
    sort = request.GET.get("sort", "")
    name = sort.removeprefix("-")
    if name in {column.name for column in columns}:
        return Order(name=name, ascending=name == sort)
    return Order(name=default, ascending=False)
