"""Read filtered pages of the audit log, newest entries first, with a constant number of queries."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from classroom_admin.audit.actions import LABELS
from classroom_admin.audit.models import Entry, Step

PAGE: Final = 50
_READ_AT_ONCE: Final = 500
_TEXTS: Final = ("actor_name", "target", "target_name", "address", "agent", "request_id")
"""The columns that a search for a text reads, besides the parameters."""
ABOUT_PARTICIPANTS: Final = ["groups.move", *(name for name in LABELS if name.startswith("participant."))]
"""The actions whose target is a participant."""
INTERVENTIONS: Final = (
    "participant.remove",
    "participant.mute_chat",
    "participant.microphone_off",
    "participant.camera_off",
    "participant.block_publishing",
    "participant.stop_screen",
    "participant.stage_off",
    "participant.lower_hand",
    "class.microphones_off",
    "class.cameras_off",
    "chat.mute",
    "stage.clear",
    "stage.lower_hands",
    "stage.close_hands",
)
"""The actions that restrict what people do in a class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The filters for entries. None and "" mean no filter. `actor_id` is the id of an account.

    `rooms` is a query set with one column, the cloud ids of rooms. `outcome` is the kind of the last step.
    `since` is inclusive and `until` exclusive. Both are aware datetimes. `participant` contains words of the
    person's name in the entry. `participants` is a query set with one column, user ids. An entry matches if
    it fits either of the two. `actions` are names of actions. Each word of `text` must occur in the entry.
    `address` is the beginning of a client address.
    """

    actor_id: int | None = None
    actions: tuple[str, ...] = ()
    text: str = ""
    address: str = ""
    rooms: QuerySet[Any, Any] | None = None
    participant: str = ""
    participants: QuerySet[Any, Any] | None = None
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of entries with their steps. `older` is `before` for the next page, or None on the last page."""

    entries: list[Entry]
    older: int | None


def find_entries(filters: Filters, *, before: int | None = None, limit: int = PAGE) -> Page:
    """Return the newest `limit` entries with ids below `before`, with their steps and actors."""
    entries = _matching(filters)
    if before is not None:
        entries = entries.filter(id__lt=before)
    found = list(entries.select_related("actor").prefetch_related("steps")[: limit + 1])
    return Page(entries=found[:limit], older=found[limit - 1].id if len(found) > limit else None)


def all_entries(filters: Filters) -> Iterator[list[Entry]]:
    """Yield all matching entries in lists, newest first. Entries that are added meanwhile are left out."""
    before = None
    while True:
        page = find_entries(filters, before=before, limit=_READ_AT_ONCE)
        yield page.entries
        before = page.older
        if before is None:
            return


def last_step(entry: Entry) -> Step | None:
    """Return the last step of `entry`, or None."""
    steps = list(entry.steps.all())
    return steps[-1] if steps else None


def _matching(filters: Filters) -> QuerySet[Entry]:
    entries: QuerySet[Entry] = Entry.objects.order_by("-id")
    if filters.actor_id is not None:
        entries = entries.filter(actor_id=filters.actor_id)
    if filters.actions:
        entries = entries.filter(action__in=filters.actions)
    if filters.address:
        entries = entries.filter(address__startswith=filters.address)
    if filters.text:
        entries = entries.annotate(params_text=Cast("params", TextField())).filter(_contains(filters.text))
    if filters.rooms is not None:
        entries = entries.filter(room_uuid__in=filters.rooms)
    if filters.participant:
        entries = entries.filter(_about(filters), action__in=ABOUT_PARTICIPANTS)
    if filters.since is not None:
        entries = entries.filter(at__gte=filters.since)
    if filters.until is not None:
        entries = entries.filter(at__lt=filters.until)
    if filters.outcome:
        last = Step.objects.filter(entry=OuterRef("pk")).order_by("-id")
        entries = entries.annotate(outcome=Subquery(last.values("kind")[:1])).filter(outcome=filters.outcome)
    return entries


def _contains(text: str) -> Q:
    """Return the condition that each word of `text` occurs in an entry."""
    found = Q()
    for word in text.split():
        escaped = json.dumps(word)[1:-1]  # SQLite stores JSON in ASCII
        one = Q(params_text__icontains=word) | Q(params_text__icontains=escaped)
        for column in _TEXTS:
            one |= Q(**{f"{column}__icontains": word})
        found &= one
    return found


def _about(filters: Filters) -> Q:
    """Return the condition that an entry is about a person who matches the filters."""
    named = Q()
    for word in filters.participant.split():
        named &= Q(target_name__icontains=word)
    return named if filters.participants is None else named | Q(target__in=filters.participants)
