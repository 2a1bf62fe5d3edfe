"""Columns that several exports share. Their names are those of ``manage.py report attendance``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

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
    Column(name="status", title=_("Measured status")),
    Column(name="corrected", title=_("Corrected status")),
    Column(name="correction_note", title=_("Note on the correction")),
    Column(name="first_in", title=_("First in"), kind=Kind.TIME),
    Column(name="last_out", title=_("Last out"), kind=Kind.TIME),
    Column(name="minutes_present", title=_("Minutes present"), kind=Kind.MINUTES),
    Column(name="share", title=_("Share of the class"), kind=Kind.SHARE),
    Column(name="late_minutes", title=_("Minutes late"), kind=Kind.MINUTES),
    Column(name="left_early_minutes", title=_("Minutes left early"), kind=Kind.MINUTES),
    Column(name="reconnects", title=_("Reconnects"), kind=Kind.NUMBER),
)
EVIDENCE: Final = Column(name="evidence", title=_("Evidence"))
COMPLETE: Final = "complete"


def evidence_text(gaps: Sequence[Sequence[int | None]]) -> str:
    """Return how complete the events of a class are: `complete`, or the times of the gaps.

    `gaps` are [from, to] in ms since 1970 UTC. Unknown times are shown as "?".
    """
    if not gaps:
        return COMPLETE
    return f"gaps: {'; '.join(f'{_time(start)}/{_time(stop)}' for start, stop in gaps)}"


def _time(ms: Any) -> str:
    return "?" if ms is None else iso(from_ms(ms)) or "?"
