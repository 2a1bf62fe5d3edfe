"""The audit log as files: CSV for spreadsheets, and JSON with every stored value."""

import json
from collections.abc import Iterator
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext

from classroom_admin.accounts.models import User
from classroom_admin.audit import as_json, record
from classroom_admin.audit.selectors import Filters, all_entries
from classroom_admin.common.csv_files import csv_pieces, protected
from classroom_admin.web.settings.audit_log import Row, rows_of

FORMATS: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
"""The formats of files, and their media types."""


def pieces_of_file(actor: User, filters: Filters, *, format_: str, query: str) -> Iterator[bytes]:
    """Record an export, and return the pieces of the file with all matching entries, newest first.

    `query` are the filters as text, for the record. Times in CSV are in the active time zone.
    """
    record.done(actor=actor, action="audit.export", params={"format": format_, "filters": query})
    return csv_pieces(_cells_of_all(filters)) if format_ == "csv" else _json_pieces(filters)


def _cells_of_all(filters: Filters) -> Iterator[list[list[str]]]:
    zone = timezone.get_current_timezone()
    yield [
        [
            gettext("Time (%(zone)s)") % {"zone": timezone.get_current_timezone_name()},
            gettext("Person"),
            gettext("Email"),
            gettext("Action"),
            gettext("Duration"),
            gettext("Reason"),
            gettext("Class"),
            gettext("Name of the target"),
            gettext("Id of the target"),
            gettext("Outcome"),
            gettext("Message"),
            gettext("Details"),
            gettext("Client address"),
            gettext("Browser"),
            gettext("Request id"),
        ]
    ]
    for entries in all_entries(filters):
        with timezone.override(zone):  # the middleware has already reset the zone of the request
            yield [[protected(cell) for cell in _cells(row)] for row in rows_of(entries)]


def _cells(row: Row) -> list[str]:
    entry = row.entry
    # Isolates are invisible, but would prevent people from finding a name in the file.
    words = " · ".join([row.sentence, *row.facts]).translate(dict.fromkeys(map(ord, "\u2068\u2069")))
    return [
        timezone.localtime(entry.at).strftime("%Y-%m-%d %H:%M:%S"),
        entry.actor_name,
        entry.actor.email if entry.actor else "",
        words,
        row.length,
        row.reason,
        row.class_name,
        entry.target_name,
        entry.target,
        row.outcome,
        row.message,
        "\n".join(f"{name}: {value}" for name, value in row.details),
        entry.address,
        entry.agent,
        entry.request_id,
    ]


def _json_pieces(filters: Filters) -> Iterator[bytes]:
    yield b"["
    separator = "\n"
    for entries in all_entries(filters):
        for entry in entries:
            steps = [as_json.of_step(step) for step in entry.steps.all()]
            text = json.dumps({**as_json.of_entry(entry), "steps": steps}, ensure_ascii=False)
            yield f"{separator}{text}".encode("utf-8", "replace")
            separator = ",\n"
    yield b"\n]\n"
