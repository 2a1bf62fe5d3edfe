"""The formats of files, their names and types, and the time zone of the school."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings

from classroom_admin.reports.exports.tables import Table
from classroom_admin.reports.exports.writers import csv_file, json_file

CONTENT_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def pieces_of(table: Table, file_format: str) -> Iterator[bytes]:
    """Return a CSV or JSON file piece by piece."""
    return json_file(table) if file_format == "json" else csv_file(table)


def school_zone() -> ZoneInfo:
    """Return the time zone of the school, which XLSX files show beside UTC."""
    return ZoneInfo(settings.TIME_ZONE)


def file_name(stem: str, file_format: str, made_at: datetime) -> str:
    """Return the name of a file with the day on which it was made."""
    return f"{stem}-{made_at:%Y-%m-%d}.{file_format}"
