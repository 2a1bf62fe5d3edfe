"""Convert the attendance of a class to the JSON object that ``manage.py report attendance`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from classroom_admin.common.clock import iso
from classroom_admin.reports import person_keys, summaries
from classroom_admin.reports.attendance import Attendance, Attendee
from classroom_admin.reports.class_attendance import attendance_of
from classroom_admin.reports.evidence import Evidence, evidence_of
from classroom_admin.reports.models import Correction
from classroom_admin.reports.presence_sources import PresenceSources, sources_of
from classroom_admin.rooms import class_lists
from classroom_admin.rooms.models import Room


def attendance_as_json(room: Room) -> dict[str, Any]:
    """Return the attendance of a class.

    Times are in ISO 8601 UTC, durations in minutes, shares from 0 to 1.
    """
    found = attendance_of(room)
    rows = person_keys.keyed(found.rows)
    corrected = _corrections(room, rows)
    has_list = class_lists.has_list(room)
    return {
        "class": _class(room, found),
        "evidence": _evidence(evidence_of(room), sources_of(room)) | _deleted(room),
        "rows": [_row(row, corrected.get(key), has_list=has_list) for key, row in rows],
    }


def _corrections(room: Room, rows: Sequence[tuple[str, Attendee]]) -> dict[str, Correction]:
    """Return the corrections of the people by their keys. Only classes that are over have corrections."""
    if not summaries.is_over(room):
        return {}
    others = {key: person_keys.other_keys_of(key, row) for key, row in rows}
    return summaries.newest_corrections(room.pk, others)


def _class(room: Room, found: Attendance) -> dict[str, Any]:
    return {
        "room_uuid": room.room_uuid,
        "name": room.name,
        "starts_at": iso(found.time.starts_at),
        "ends_at": iso(found.time.ends_at),
    }


def _deleted(room: Room) -> dict[str, Any]:
    """Return when retention deleted the events of the class. Omit this if they are not deleted."""
    return {} if room.sealed_at is None else {"events_deleted_at": iso(room.sealed_at)}


def _evidence(found: Evidence, sources: PresenceSources | None) -> dict[str, Any]:
    """Return how complete the events are.

    `notifications` is omitted if none reported who was in the class.
    """
    evidence: dict[str, Any] = {
        "complete": found.complete,
        "events": found.events,
        "gaps": [{"from": iso(gap.start), "to": iso(gap.stop)} for gap in found.gaps],
    }
    if sources is not None:
        evidence["notifications"] = {
            "agree": sources.agree,
            "filled": sources.filled,
            "differences": [
                {
                    "user_id": one.user_uuid,
                    "name": one.name,
                    "shown_by": one.shown_by,
                    "from": iso(one.start),
                    "to": iso(one.stop),
                }
                for one in sources.disagreements
            ],
        }
    return evidence


def _row(row: Attendee, corrected: Correction | None, *, has_list: bool) -> dict[str, Any]:
    listed, people = row.match.listed, row.match.people
    joined = people[0] if people else None
    return {
        "user_id": listed.user_uuid or (joined.user_uuid if joined else None),
        "name": (joined.name if joined else "") or listed.name,
        "list_name": listed.name if has_list else None,
        "group": listed.group or None,
        "status": row.status if corrected is None else corrected.status,
        "first_in": iso(row.first_in),
        "last_out": iso(row.last_out),
        "minutes_present": _minutes(row.present),
        "share": None if row.share is None else round(row.share, 4),
        "late_minutes": _minutes(row.late),
        "left_early_minutes": _minutes(row.left_early),
        "reconnects": row.reconnects,
        "corrected": None if corrected is None else _correction(corrected, row),
    }


def _correction(made: Correction, row: Attendee) -> dict[str, Any]:
    return {
        "status": made.status,
        "measured": row.status,
        "note": made.note,
        "by": str(made.by),
        "at": iso(made.at),
    }


def _minutes(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration.total_seconds() / 60, 4)
