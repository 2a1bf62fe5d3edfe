"""The row classes of `events` and the columns of `rooms` that the projector writes are the same."""

from __future__ import annotations

import dataclasses
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest

from classroom_admin.events import RoomRow
from classroom_admin.rooms.models import Room
from classroom_admin.sync.read_models import TABLES, Table

OURS = {
    "room": {"key", "room_uuid", "known_since", "class_list", "list_version", "projection_version", "parent"}
    | {"name", "name_search", "room_type", "profile_state", "profile_read_at", "gone_at"}
    | {"planned_start_at", "planned_end_at", "planned_close_at"}
    | {"timetable_start_at", "timetable_end_at", "muted_in_agora_chat"}
    | {"sealed_at", "chat_deleted_at", "direct_deleted_at"},
    "participant": {"muted_in_agora_chat"},
    "recording": {"mode", "unready", "file_urls", "files_missing"}
    | {"files_deleted_at", "files_checked_at", "links_deleted_at"},
}
"""Columns that something else than the projector writes."""
EVERY = [Table(Room, RoomRow), *TABLES.values()]


def columns_of(table: Table) -> dict[str, Any]:
    ours = OURS.get(table.row.table, set())
    columns = {field.name: field for field in table.model._meta.concrete_fields}
    return {name: field for name, field in columns.items() if name not in {"id", "room", "version"} | ours}


@pytest.mark.parametrize("table", EVERY, ids=lambda table: table.row.table)
def test_rows_have_the_projected_columns(table: Table) -> None:
    assert set(table.columns) == set(columns_of(table))
    assert set(table.row.key_columns) <= set(table.columns)


@pytest.mark.parametrize("table", EVERY, ids=lambda table: table.row.table)
def test_rows_may_be_none_where_columns_may_be_null(table: Table) -> None:
    types = get_type_hints(table.row)
    for name, column in columns_of(table).items():
        assert column.null is (NoneType in get_args(types[name])), name


@pytest.mark.parametrize("table", EVERY, ids=lambda table: table.row.table)
def test_rows_and_columns_begin_with_the_same_values(table: Table) -> None:
    columns = columns_of(table)
    for field in dataclasses.fields(table.row):
        if field.default is not dataclasses.MISSING:
            assert columns[field.name].get_default() == field.default, field.name
        elif field.default_factory is not dataclasses.MISSING:
            assert columns[field.name].get_default() == field.default_factory(), field.name
