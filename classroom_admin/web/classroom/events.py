"""A page of the stored events of a class, newest first, as sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.utils.translation import gettext as _

from classroom_admin.common import clock
from classroom_admin.common.text_search import folded
from classroom_admin.events import Event, Undecodable, sentence, unnamed
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.reader import UNFORESEEN, decode_stored
from classroom_admin.web.classroom import event_kinds

EVENTS_PAGE: Final = 50
MOST_PEOPLE: Final = 20
"""People of whom events are looked for at once, where several fit the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """What to look for: a kind of `kinds.CHOICES`, and a person by words of the name. "" means no limit."""

    kind: str = ""
    who: str = ""

    @property
    def any(self) -> bool:
        return bool(self.kind or self.who)

    @property
    def query(self) -> str:
        """For an address."""
        return urlencode({name: value for name, value in (("kind", self.kind), ("who", self.who)) if value})


def events_of(room: Room, looked_for: EventFilter) -> QuerySet[StoredEvent]:
    """Return the stored events of a class that fit; messages from person to person are not shown."""
    found = StoredEvent.objects.filter(room=room).exclude(stream="peer")
    if looked_for.kind:
        found = found.filter(event_kinds.condition(looked_for.kind))
    if looked_for.who:
        found = found.filter(names_one_of(_ids_like(room, looked_for.who)))
    return found


def _ids_like(room: Room, words: str) -> list[str]:
    wanted = folded(words)
    people = Participant.objects.filter(room=room).order_by("pk").values_list("user_uuid", "name")
    return [user_uuid for user_uuid, name in people if wanted in folded(name)][:MOST_PEOPLE]


def names_one_of(user_uuids: list[str]) -> Q:
    """Events whose JSON has one of these ids where an id of a person stands. Case counts."""
    condition = Q(pk__in=())
    for user_uuid in user_uuids:
        inside = StrIndex("raw", Value(f'Uuid":{json.dumps(user_uuid, ensure_ascii=False)}'))
        condition |= Q(GreaterThan(inside, Value(0)))
    return condition


class EventPage:
    """Events below `before` (an id), or those `after` one and up to `upto`; always the newest first.

    `older`: the id below which there are more. Those after one begin with the oldest of them, so that nothing
    is left out between two asks; `goes_on`: there are newer ones still, behind `newest`.
    """

    def __init__(
        self,
        room: Room,
        *,
        before: int | None = None,
        after: int | None = None,
        upto: int | None = None,
        looked_for: EventFilter | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.looked_for = looked_for or EventFilter()
        found = events_of(room, self.looked_for).order_by("-pk")
        if before is not None:
            found = found.filter(pk__lt=before)
        if after is not None:
            found = found.filter(pk__gt=after)
        if upto is not None:
            found = found.filter(pk__lte=upto)
        if after is not None:
            found = found.order_by("pk")
        rows = list(found[: EVENTS_PAGE + 1])
        more = len(rows) > EVENTS_PAGE
        rows = rows[:EVENTS_PAGE]
        if after is not None:
            rows.reverse()
        self.rows = tell(room, rows, names=names)
        self.goes_on = more and after is not None
        self.older = rows[-1].pk if more and after is None else None
        self.newest = rows[0].pk if rows else room.last_event_id


def tell(
    room: Room, rows: list[StoredEvent], *, names: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return events as their list shows them.

    `names`: what people are called, by their cloud ids; else one query where some are named by ids alone.
    """
    decoded = [_decoded(row) for row in rows]
    if names is None:
        ids = set().union(*(unnamed(event) for event in decoded if event is not None))
        people = Participant.objects.filter(room=room, user_uuid__in=list(ids)[:500])
        names = dict(people.values_list("user_uuid", "name")) if ids else {}
    return [_shown(row, event, names) for row, event in zip(rows, decoded, strict=True)]


def _decoded(row: StoredEvent) -> Event[Any] | None:
    """Return the event; None for one that can't be read."""
    if row.unreadable:
        return None
    try:
        return decode_stored(row)
    except (Undecodable, *UNFORESEEN):
        return None


def _shown(row: StoredEvent, event: Event[Any] | None, names: Mapping[str, str]) -> dict[str, Any]:
    unreadable = "triangle-alert", _("Unreadable event")
    icon, words = unreadable if event is None else sentence(event, names)
    return {"pk": row.pk, "icon": icon, "words": words, "at": when(row), "unreadable": row.unreadable}


def when(row: StoredEvent) -> datetime:
    """Return when an event happened, or came where it doesn't say."""
    return clock.from_ms(row.ts_ms) if row.ts_ms else row.received_at
