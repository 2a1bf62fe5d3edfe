"""Pack an incident report: a page for people, JSON files for programs, and a manifest with their hashes."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.template.loader import render_to_string
from django.utils import timezone, translation

from classroom_admin.accounts.models import User
from classroom_admin.common.clock import iso
from classroom_admin.rooms.models import Room
from classroom_admin.web.reports.incident_data import Span, collect, local

FORMAT: Final = 1
_SAME_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""The date of each file in the archive, so that equal reports have equal bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A finished archive and the SHA-256 of its manifest, which the audit log keeps."""

    content: bytes
    manifest_sha256: str


def make_archive(room: Room, span: Span, *, person: User, made_at: datetime) -> Archive:
    """Return the incident report of a stretch of a class, in the active language and time zone."""
    parts = collect(room, span)
    about = _about(room, span, person, made_at)
    files = {f"{name.replace('_', '-')}.json": _json(part) for name, part in sorted(parts.items())}
    files["index.html"] = _page(about, parts).encode("utf-8", "replace")
    hashes = [
        {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in sorted(files.items())
    ]
    manifest = _json({**about, "files": hashes})
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in {**files, "manifest.json": manifest}.items():
            info = ZipInfo(name, _SAME_DATE)
            info.compress_type = ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, content)
    return Archive(content=packed.getvalue(), manifest_sha256=hashlib.sha256(manifest).hexdigest())


def _about(room: Room, span: Span, person: User, made_at: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "class": {
            "key": room.key,
            "room_uuid": room.room_uuid,
            "name": room.name,
            "started_at": iso(room.started_at),
            "ended_at": iso(room.ended_at),
        },
        "from": iso(span.start),
        "to": iso(span.end),
        "made_at": iso(made_at),
        "made_by": {"name": str(person), "email": person.email},
        "language": translation.get_language(),
        "time_zone": timezone.get_current_timezone_name(),
    }


def _page(about: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    """Return the report as a page that needs no other file."""
    context = {
        "about": about,
        **parts,
        "span": f"{local(about['from'])} – {local(about['to'])}",
        "made_at": local(about["made_at"]),
        "zone": about["time_zone"],
    }
    return render_to_string("reports/incident/index.html", context)


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
