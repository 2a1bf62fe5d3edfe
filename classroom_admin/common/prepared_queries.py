"""Run queries whose SQL is built only once, because Django needs milliseconds to build a large one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)
Number = int | Sequence[int]
_FIRST: Final = 2_147_000_000
"""The first of the numbers that stand for parameters while SQL is built. Columns of numbers take them."""


class PreparedQuery(Generic[Row]):
    """A query with numbers as parameters. A parameter may be a list of numbers, not empty, for `__in`.

    ``build`` returns the queryset for some numbers. It must not calculate with them, and everything else in
    its conditions must be constant. It is called once for each database and length of a list.
    """

    def __init__(self, build: Callable[..., QuerySet[Row, Any]]) -> None:
        self._build = build
        self._built: dict[Any, tuple[type[Row], str, tuple[Any, ...]]] = {}

    def objects(self, *numbers: Number) -> list[Row]:
        """Return the objects with their annotations, as the database sends them: truth may be 0 or 1."""
        model, sql, parameters = self._statement(numbers)
        return list(model._default_manager.raw(sql, parameters))

    def row(self, *numbers: Number) -> tuple[Any, ...] | None:
        """Return the columns of the first row as the database sends them, or None without a row."""
        _model, sql, parameters = self._statement(numbers)
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            found: tuple[Any, ...] | None = cursor.fetchone()
        return found

    def _statement(self, numbers: Sequence[Number]) -> tuple[type[Row], str, list[Any]]:
        """Return the model, the SQL and its parameters."""
        shape = tuple(None if isinstance(number, int) else len(number) for number in numbers)
        key = (connection.vendor, shape)
        if key not in self._built:
            self._built[key] = self._prepare(shape)
        model, sql, parameters = self._built[key]
        values = [one for number in numbers for one in ([number] if isinstance(number, int) else number)]
        places = range(_FIRST, _FIRST + len(values))
        return model, sql, [values[p - _FIRST] if p in places else p for p in parameters]

    def _prepare(self, shape: Sequence[int | None]) -> tuple[type[Row], str, tuple[Any, ...]]:
        numbers: list[Number] = []
        place = _FIRST
        for length in shape:
            numbers.append(place if length is None else range(place, place + length))
            place += 1 if length is None else length
        queryset = self._build(*numbers)
        sql, parameters = queryset.query.sql_with_params()
        return queryset.model, sql, tuple(parameters)
