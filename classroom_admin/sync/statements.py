"""Statements that write many plain rows, made from a model's columns.

`bulk_create` makes an object of each row and asks each field of it anew how it is stored: for a backlog
that is more work than reading and folding the events. Here a row is a tuple, and only times and JSON are
converted. What a statement does is what `bulk_create` or `update` would do; signals and `save` are not
called by those either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.db import connection, models

from classroom_admin.sync.chunks import chunks

AT_ONCE = 1000
"""Rows in one statement, where a statement takes several."""
Row = Sequence[Any]


def insert(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Row], *, unique: Sequence[str] = ()
) -> None:
    """Insert rows, whose values are in the order of `columns` (`room_id`, not `room`).

    A column that isn't named gets the field's default. With `unique`, a row that is there by those columns
    has all the others that are named changed instead; no two of `rows` may be the same one.
    """
    fields = _fields(model, columns)
    others = [field for field in model._meta.concrete_fields if field not in fields and _has_default(field)]
    constants = tuple(field.get_default() for field in others)
    every = [*fields, *others]
    into = f"INSERT INTO {_quoted(model._meta.db_table)} ({', '.join(_names(every))})"
    sql = f"{into} {_values(every)}"
    if unique:
        changed = [name for name in _names(fields) if name not in _names(_fields(model, unique))]
        sql += f" ON CONFLICT ({', '.join(_names(_fields(model, unique)))}) DO UPDATE SET "
        sql += ", ".join(f"{name} = EXCLUDED.{name}" for name in changed)
    _run(sql, every, ((*row, *constants) for row in rows))


def update_objects(objects: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these columns of objects of one model that are stored already."""
    if objects:
        values = attrgetter(*columns, "id")
        update(type(objects[0]), columns, (values(each) for each in objects))


def update(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Change rows: each has the new values in the order of `columns`, and its id last."""
    fields = _fields(model, (*columns, "id"))
    table, names = _quoted(model._meta.db_table), _names(fields)
    if _takes_arrays():
        changes = ", ".join(f"{name} = fresh.{name}" for name in names[:-1])
        source = f"unnest({_arrays(fields)}) AS fresh ({', '.join(names)})"
        sql = f"UPDATE {table} SET {changes} FROM {source} WHERE {table}.{names[-1]} = fresh.{names[-1]}"
    else:
        changes = ", ".join(f"{name} = %s" for name in names[:-1])
        sql = f"UPDATE {table} SET {changes} WHERE {names[-1]} = %s"
    _run(sql, fields, rows)


def _run(sql: str, fields: Sequence[models.Field[Any, Any]], rows: Iterable[Row]) -> None:
    """Run a statement for all rows: PostgreSQL takes each column as an array, SQLite row after row."""
    for chunk in chunks(_prepared(fields, rows), AT_ONCE):
        with connection.cursor() as cursor:
            if _takes_arrays():
                cursor.execute(sql, [list(column) for column in zip(*chunk, strict=True)])
            else:
                cursor.executemany(sql, chunk)


def _takes_arrays() -> bool:
    return connection.vendor == "postgresql"


def _values(fields: Sequence[models.Field[Any, Any]]) -> str:
    if _takes_arrays():
        return f"SELECT * FROM unnest({_arrays(fields)})"
    return f"VALUES ({', '.join('%s' for _ in fields)})"


def _arrays(fields: Sequence[models.Field[Any, Any]]) -> str:
    """One array a column. Of `varchar(64)` only `varchar`: a cast would cut what is too long in silence."""
    types = [str(field.db_type(connection)).partition("(")[0] for field in fields]
    return ", ".join(f"(%s)::{each}[]" for each in types)


def _prepared(fields: Sequence[models.Field[Any, Any]], rows: Iterable[Row]) -> Iterator[list[Any]]:
    """Rows as the database's driver takes them."""
    converters = [
        (index, convert) for index, field in enumerate(fields) if (convert := _converter(field)) is not None
    ]
    for row in rows:
        values = list(row)
        for index, convert in converters:
            if values[index] is not None:
                values[index] = convert(values[index])
        yield values


def _converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    if isinstance(field, models.DateTimeField):
        # A batch tells the same times again and again (that of its receipt above all).
        return lru_cache(maxsize=256)(connection.ops.adapt_datetimefield_value)
    if isinstance(field, models.JSONField | models.BinaryField):
        return lambda value: field.get_db_prep_save(value, connection)
    return None


@lru_cache(maxsize=64)
def _named_fields(model: type[models.Model], columns: tuple[str, ...]) -> list[models.Field[Any, Any]]:
    by_column = {field.attname: field for field in model._meta.concrete_fields}
    return [by_column[column] for column in columns]


def _fields(model: type[models.Model], columns: Sequence[str]) -> list[models.Field[Any, Any]]:
    return _named_fields(model, tuple(columns))


def _has_default(field: models.Field[Any, Any]) -> bool:
    return not field.primary_key and (field.has_default() or not field.null)


def _names(fields: Iterable[models.Field[Any, Any]]) -> list[str]:
    return [_quoted(field.column) for field in fields]


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
