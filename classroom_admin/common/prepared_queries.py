"""Queries and conditions whose SQL is built only once, because Django needs milliseconds for a large one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from django.db import connection
from django.db.models import BooleanField, Func, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
Number = int | Sequence[int]
Parameter = int | datetime
_FIRST: Final = 2_147_000_000
"""The first of the numbers that stand for parameters while SQL is built. Columns of numbers take them."""
_FIRST_TIME: Final = datetime(1971, 1, 1, tzinfo=UTC)
"""The first of the times that stand for parameters."""
_ALIAS: Final = re.compile(r"\b[A-Z]{1,2}\d+\b")
"""What Django calls the tables of subqueries."""


class PreparedQuery(Generic[Row]):
    """A query of the default database with numbers as parameters.

    A parameter may be a list of numbers, not empty, for `__in`. ``build`` returns the queryset for some
    numbers. It must not calculate with them, and everything else in its conditions must be constant. It is
    called for lists of 1, 2, 4, 8 and so on numbers; other lists repeat their last number.
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
        numbers = [one if isinstance(one, int) else _lengthened(one) for one in numbers]
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


class PreparedCondition:
    """A condition on rows of a model whose SQL is built only once. A call returns it for some parameters.

    ``build`` returns the condition for parameters, which are numbers and times. It must not calculate with
    them, and everything else in it must be constant. ``columns`` are the fields of the row that it reads. The
    result can be used in `filter`, in every query of the model. `exclude` also omits rows for which the
    condition is unknown, because a column is NULL.
    """

    def __init__(self, model: type[Model], columns: Sequence[str], build: Callable[..., Q]) -> None:
        self.columns = columns
        self._model = model
        self._build = build
        self._built: dict[str, tuple[str, tuple[Any, ...]]] = {}

    def __call__(self, *parameters: Parameter) -> Q:
        return Q(_Condition(*self.columns, prepared=self, parameters=parameters))

    def statement(
        self, connection: Any, columns: Sequence[str], parameters: Sequence[Parameter]
    ) -> tuple[str, list[Any]]:
        """Return the SQL for a row whose columns are ``columns`` in SQL, and the parameters of the SQL."""
        places = [_place(number, value) for number, value in enumerate(parameters)]
        if connection.vendor not in self._built:
            self._built[connection.vendor] = self._prepare(connection, places)
        sql, found = self._built[connection.vendor]
        values = {
            _adapted(connection, place): _adapted(connection, value)
            for place, value in zip(places, parameters, strict=True)
        }
        for name, column in zip(self.columns, columns, strict=True):
            sql = sql.replace(f"{{{name}}}", column)
        return sql, [values.get(one, one) for one in found]

    def _prepare(self, connection: Any, places: Sequence[Parameter]) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL with the names of columns in braces, and its parameters."""
        query = self._model._default_manager.filter(self._build(*places)).query
        compiler = query.get_compiler(connection=connection)
        sql, parameters = compiler.compile(query.where)
        if "prepared_" in sql:
            raise ValueError("a prepared condition can't be part of another one")
        # Django calls the tables of subqueries U0, V1 and so on, also in the query that has the condition.
        sql = _ALIAS.sub(r"prepared_\g<0>", sql)
        quoted = connection.ops.quote_name
        table = quoted(self._model._meta.db_table)
        for name in self.columns:
            sql = sql.replace(f"{table}.{quoted(self._column(name))}", f"{{{name}}}")
        if f"{table}." in sql:
            raise ValueError(f"the condition reads other columns than {', '.join(self.columns)}")
        return sql, tuple(parameters)

    def _column(self, name: str) -> str:
        field = self._model._meta.pk if name == "pk" else self._model._meta.get_field(name)
        return str(field.column)  # type: ignore[union-attr]


class _Condition(Func):
    """A prepared condition on the row whose columns are the arguments."""

    output_field = BooleanField()

    def __init__(self, *columns: Any, prepared: PreparedCondition, parameters: tuple[Parameter, ...]) -> None:
        super().__init__(*columns)
        self._prepared, self._parameters = prepared, parameters

    def as_sql(self, compiler: Any, connection: Any, *_others: Any, **_more: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        columns = []
        for one in self.get_source_expressions():
            column, none = compiler.compile(one)
            assert not none, "a column has no parameters"
            columns.append(column)
        sql, parameters = self._prepared.statement(connection, columns, self._parameters)
        return f"({sql})", parameters


def _lengthened(numbers: Sequence[int]) -> list[int]:
    """Return the numbers, with repetitions of the last one up to a length of 1, 2, 4, 8 and so on."""
    length = 1 << (len(numbers) - 1).bit_length()
    return [*numbers, *[numbers[-1]] * (length - len(numbers))]


def _place(number: int, value: Parameter) -> Parameter:
    """Return the value that stands for a parameter while SQL is built."""
    return _FIRST + number if isinstance(value, int) else _FIRST_TIME + timedelta(days=number)


def _adapted(connection: Any, value: Parameter) -> Any:
    """Return a parameter as Django gives it to the driver."""
    return value if isinstance(value, int) else connection.ops.adapt_datetimefield_value(value)
