"""Write a person's data into a zip: one JSON file for each kind of data, and a page that people can read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.template.loader import render_to_string

from classroom_admin.common.clock import iso
from classroom_admin.common.redaction import without_secrets
from classroom_admin.privacy.person import Subject
from classroom_admin.privacy.person_data import SECTIONS

MOST_ON_PAGE: Final = 2_000
"""The largest number of rows of each kind on the page. The JSON files have all rows."""
_HIDDEN: Final = ("class_key", "spans", "properties")
"""Columns that only the JSON files have."""


def write(
    file: IO[bytes], subject: Subject, *, made_at: datetime, progress: Callable[[], object]
) -> dict[str, int]:
    """Write the zip. Return the number of rows of each kind. Call `progress` from time to time."""
    counts: dict[str, int] = {}
    parts: list[dict[str, Any]] = []
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for section in SECTIONS:
            shown: list[dict[str, Any]] = []
            number = 0
            with archive.open(_entry(f"{section.name.replace('_', '-')}.json", made_at), "w") as part:
                part.write(b"[")
                for row in section.exported(subject):
                    row = without_secrets(row)
                    part.write((b",\n" if number else b"\n") + _json(row))
                    number += 1
                    if number <= MOST_ON_PAGE:
                        shown.append(row)
                    if number % 500 == 0:
                        progress()
                part.write(b"\n]\n")
            counts[section.name] = number
            parts.append(_part(section, shown, number))
            progress()
        about = _about(subject, made_at)
        archive.writestr(_entry("person.json", made_at), _json(about) + b"\n")
        context = {"about": about, "parts": [part for part in parts if part["count"]], "made_at": made_at}
        page = render_to_string("privacy/export.html", context)
        archive.writestr(_entry("index.html", made_at), page.encode("utf-8", "replace"))
    return {name: count for name, count in counts.items() if count}


def _about(subject: Subject, made_at: datetime) -> dict[str, Any]:
    return {
        "made_at": iso(made_at),
        "names": subject.names,
        "email_addresses": subject.emails,
        "cloud_user_ids": subject.user_uuids,
        "names_on_class_lists": [one.name for one in subject.listed],
    }


def _part(section: Any, rows: list[dict[str, Any]], count: int) -> dict[str, Any]:
    columns = [name for name in (rows[0] if rows else {}) if name not in _HIDDEN]
    return {
        "name": section.name,
        "title": section.title,
        "count": count,
        "cut": count > len(rows),
        "columns": [name.replace("_", " ") for name in columns],
        "rows": [[_shown(row[name]) for name in columns] for row in rows],
    }


def _shown(value: Any) -> str:
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _entry(name: str, made_at: datetime) -> ZipInfo:
    info = ZipInfo(name, made_at.timetuple()[:6])
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
