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
    """A heading. `sort` and `order` are the parameters of its link. `state` is a value of `aria-sort`."""

    column: Column
    sort: str
    order: str | None
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
        first = not column.is_number  # whether the first press sorts upwards
        ascending = not self.ascending if chosen else first
        state = "" if not chosen else "ascending" if self.ascending else "descending"
        order = None if ascending == first else "up" if ascending else "down"
        return Heading(column=column, sort=column.name, order=order, state=state)


def order_of(request: HttpRequest, columns: Sequence[Column], default: str) -> Order:
    """Return the order in the parameters `sort` and `order` ("up" or "down"). Ignore unknown values."""
    known = {column.name: column for column in columns}
    column = known.get(request.GET.get("sort", ""), known[default])
    order = request.GET.get("order", "")
    ascending = order == "up" if order in ("up", "down") else not column.is_number
    return Order(name=column.name, ascending=ascending)
