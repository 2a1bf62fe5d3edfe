"""What the page about the sync shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from classroom_admin.rooms.models import Room
from classroom_admin.sync.health import Health, quarantine

PAGE = 50
LONGEST_SHOWN = 20_000
"""Characters of a raw text on the page; all of it is in the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What could not be read: why, when, of which class (None: not known), and its text as it came."""

    pk: int
    reason: str
    found_at: datetime
    what: str
    room: Room | None
    raw: str
    is_cut: bool


def facts_of(health: Health) -> list[tuple[str, str, str]]:
    """(what, value, what it means) for each figure of the health."""
    age = "never" if health.age_s is None else f"{health.age_s:.0f} s ago"
    return [
        ("Last good answer of the cloud", age, "Asked for about every second."),
        ("Asked for by", health.leader or "nobody", "One process at a time, on all machines together."),
        ("Waiting to be read or shown", str(health.backlog), "Answers and classes; soon 0 again."),
        ("Missing, being asked for", str(health.holes_open), "Stretches of events, usually for seconds."),
        ("Missing for good", str(health.gaps), "The class does not exist any more; shown on its page."),
        ("Numbers that the cloud left out", str(health.voids), "Asked for several times; no event is there."),
        ("In quarantine", str(health.quarantined), "Came and could not be read; listed below."),
    ]


def quarantine_page(*, before: int | None) -> tuple[list[Item], int | None]:
    """A page of what is in quarantine, and what the next one begins before (None: this is the last)."""
    rows = quarantine()
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE + 1])
    items = [
        Item(
            pk=row.pk,
            reason=row.reason,
            found_at=row.found_at,
            what="A whole answer" if row.whole_answer else "An event" if row.event else "A part of an answer",
            room=row.event.room if row.event else None,
            raw=row.raw[:LONGEST_SHOWN],
            is_cut=len(row.raw) > LONGEST_SHOWN,
        )
        for row in found[:PAGE]
    ]
    return items, items[-1].pk if len(found) > PAGE else None
