"""Columns that several exports share. Their names are those of ``manage.py report attendance``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import CharField, Func
from django.utils.translation import gettext_lazy as _

from classroom_admin.common.clock import from_ms, iso
from classroom_admin.reports.exports.tables import Column, Kind

CLASS: Final = (
    Column(name="class_key", title=_("Key of the class")),
    Column(name="class", title=_("Class")),
    Column(name="class_starts_at", title=_("Start of the class"), kind=Kind.TIME),
    Column(name="class_ends_at", title=_("End of the class"), kind=Kind.TIME),
    Column(name="class_list", title=_("Class list")),
)
ATTENDANCE: Final = (
    Column(name="user_id", title=_("User id")),
    Column(name="name", title=_("Name in the class")),
    Column(name="list_name", title=_("Name on the class list")),
    Column(name="group", title=_("Group")),
    Column(name="status", title=_("Status")),
    Column(name="first_in", title=_("First in"), kind=Kind.TIME),
    Column(name="last_out", title=_("Last out"), kind=Kind.TIME),
    Column(name="minutes_present", title=_("Minutes present"), kind=Kind.MINUTES),
    Column(name="share", title=_("Share of the class"), kind=Kind.SHARE),
    Column(name="late_minutes", title=_("Minutes late"), kind=Kind.MINUTES),
    Column(name="left_early_minutes", title=_("Minutes left early"), kind=Kind.MINUTES),
    Column(name="reconnects", title=_("Reconnects"), kind=Kind.NUMBER),
    Column(name="corrected", title=_("Corrected by hand")),
)
EVIDENCE: Final = Column(name="evidence", title=_("Evidence"))
COMPLETE: Final = "complete"


class IsoTime(Func):
    """The ISO 8601 text of a time in UTC. The database makes it several times as fast as Python."""

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="replace(%(expressions)s, ' ', 'T') || 'Z'", **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        pattern = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
        template = f"replace(to_char(%(expressions)s AT TIME ZONE 'UTC', '{pattern}'), '.000000Z', 'Z')"
        return self.as_sql(compiler, connection, template=template, **more)


def evidence_text(gaps: Sequence[Sequence[int | None]]) -> str:
    """Return how complete the events of a class are: `complete`, or the times of the gaps.

    `gaps` are [from, to] in ms since 1970 UTC. Unknown times are shown as "?".
    """
    if not gaps:
        return COMPLETE
    return f"gaps: {'; '.join(f'{_time(start)}/{_time(stop)}' for start, stop in gaps)}"


def correction_text(measured: str | None, by: str, at: datetime | None, note: str) -> str:
    """Return how the status was corrected by hand: the measured status, who, when, and the note."""
    return "; ".join(part for part in (f"measured: {measured or 'unknown'}", by, iso(at), note) if part)


def _time(ms: Any) -> str:
    return "?" if ms is None else iso(from_ms(ms)) or "?"
