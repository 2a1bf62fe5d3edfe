"""Find the operations of migrations after which the previous version can no longer use the database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import migrations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import NOT_PROVIDED, Field, ManyToManyField

Column = tuple[str, str, str]
SQL = re.compile(r"\b(DROP\s+(TABLE|COLUMN)|RENAME)\b", re.IGNORECASE)


class Contract:
    """Read migrations in the order in which they are applied, and collect what breaks the previous version.

    `found` has, for each migration (app, name), sentences about its operations.
    """

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], list[str]] = {}
        self._may_be_null: dict[Column, bool] = {}

    def read(self, app: str, name: str, operations: Iterable[Operation]) -> None:
        made: set[str] = set()
        for operation in _flat(operations):
            if words := self._breaks(app, operation, made):
                self.found.setdefault((app, name), []).append(words)

    def _breaks(self, app: str, operation: Operation, made: set[str]) -> str:
        """Return what an operation breaks, or "". `made` has the tables that this migration creates."""
        match operation:
            case migrations.CreateModel():
                made.add(operation.name_lower)
                for column, field in operation.fields:
                    self._may_be_null[app, operation.name_lower, column] = bool(getattr(field, "null", False))
            case migrations.DeleteModel():
                return f"drops the table of {operation.name}"
            case migrations.RenameModel():
                return f"renames the table of {operation.old_name}"
            case migrations.AlterModelTable():
                return f"renames the table of {operation.name}"
            case migrations.RemoveField():
                return f"drops {operation.model_name}.{operation.name}"
            case migrations.RenameField():
                return f"renames {operation.model_name}.{operation.old_name}"
            case migrations.AddField():
                return self._added(app, operation, made)
            case migrations.AlterField():
                return self._altered(app, operation)
            case migrations.RunSQL():
                if SQL.search(str(operation.sql)):
                    return "drops or renames something with SQL"
        return ""

    def _added(self, app: str, operation: migrations.AddField, made: set[str]) -> str:
        table, field = operation.model_name_lower, operation.field
        self._may_be_null[app, table, operation.name] = field.null
        if table in made or isinstance(field, ManyToManyField) or accepts_nothing(field):
            return ""
        return f"adds {operation.model_name}.{operation.name}, NOT NULL and without a database default"

    def _altered(self, app: str, operation: migrations.AlterField) -> str:
        key = (app, operation.model_name_lower, operation.name)
        was_null, self._may_be_null[key] = self._may_be_null.get(key, False), operation.field.null
        if was_null and not accepts_nothing(operation.field):
            return f"makes {operation.model_name}.{operation.name} NOT NULL, without a database default"
        return ""


def accepts_nothing(field: Field[Any, Any]) -> bool:
    """Return whether a row can be inserted without this column, as the previous version does."""
    return field.null or field.db_default is not NOT_PROVIDED


def of_product(loader: MigrationLoader, apps: Iterable[str]) -> Contract:
    """Return what the migrations of these apps break. Squashed ones are only for new databases."""
    contract, labels = Contract(), set(apps)
    plan = loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True)  # type: ignore[attr-defined]
    for app, name in plan:
        if app in labels:
            contract.read(app, name, loader.graph.nodes[app, name].operations)
    return contract


def _flat(operations: Iterable[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation
