"""Pages that show the stored events of a class as sentences, newest first."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from classroom_admin.common import clock
from classroom_admin.common.search_field import matches
from classroom_admin.events import (
    Event,
    EventType,
    Stream,
    Undecodable,
    concerned,
    filters,
    sentence,
    unnamed,
)
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.reader import UNFORESEEN, decode_stored

UNREADABLE: Final = "unreadable"
OTHER: Final = "other"
EVENT_KINDS: Final = (
    *((declared.name, declared.label) for declared in filters()),
    (OTHER, _("Other types")),
    (UNREADABLE, _("Unreadable events")),
)


def _condition(declared: EventType[Any]) -> Q:
    stream = declared.kinds[0].stream
    cmds = [kind.cmd for kind in declared.kinds if kind.cmd is not None]
    return Q(stream=stream, cmd__in=cmds) if cmds else Q(stream=stream)


_CONDITIONS: Final = {declared.name: _condition(declared) for declared in filters()}
_KNOWN: Final = [kind.cmd for declared in filters() for kind in declared.kinds if kind.cmd is not None]


def kind_condition(name: str) -> Q:
    """Return the condition for a name in `EVENT_KINDS`; an empty condition for other names."""
    if name == UNREADABLE:
        return ~Q(unreadable="")
    if name == OTHER:
        return Q(stream=Stream.ROOM) & (~Q(cmd__in=_KNOWN) | Q(cmd__isnull=True))
    return _CONDITIONS.get(name, Q())


EVENTS_PAGE: Final = 50
SCANNED: Final = 200
"""The number of events to read at once when a filter must decode events."""
MOST_PEOPLE: Final = 20
"""The maximum number of people whose events are searched if several names match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """A filter of events by a kind from `EVENT_KINDS` and by a part of a name. "" means no filter."""

    kind: str = ""
    who: str = ""

    @property
    def is_set(self) -> bool:
        return bool(self.kind or self.who)

    @property
    def query(self) -> str:
        """The filter as a query string."""
        return urlencode({name: value for name, value in (("kind", self.kind), ("who", self.who)) if value})


def _matching(
    room: Room, event_filter: EventFilter, found: QuerySet[StoredEvent], *, most: int
) -> list[StoredEvent]:
    """Return the first events among `found` that match the filter. Exclude direct messages."""
    found = found.exclude(stream="peer")
    if event_filter.kind:
        found = found.filter(kind_condition(event_filter.kind))
    if not event_filter.who:
        return list(found[:most])
    people = set(_ids_like(room, event_filter.who))
    naming = found.filter(names_any_of(sorted(people)))
    rows = naming.iterator(chunk_size=SCANNED)
    return list(islice((row for row in rows if _concerns(row, people)), most))


def _concerns(row: StoredEvent, user_uuids: set[str]) -> bool:
    """Return whether an event that names these people is about one of them.

    An event may also list other people, such as everyone whose hand is still raised. Also return True if the
    event can't be decoded or has an unknown type, because nobody knows whom it is about.
    """
    event = _decoded(row)
    return event is None or event.type is None or not user_uuids.isdisjoint(concerned(event))


def _ids_like(room: Room, words: str) -> list[str]:
    people = Participant.objects.filter(matches(words, field="name_search"), room=room).order_by("pk")
    return list(people.values_list("user_uuid", flat=True)[:MOST_PEOPLE])


def names_any_of(user_uuids: list[str]) -> Q:
    """Return a condition for events whose JSON contains one of these user ids. Case matters."""
    condition = Q(pk__in=())
    for user_uuid in user_uuids:
        position = StrIndex("raw", Value(f'Uuid":{json.dumps(user_uuid, ensure_ascii=False)}'))
        condition |= Q(GreaterThan(position, Value(0)))
    return condition


class EventPage:
    """A page of events, newest first, with ids below `before`, above `after` and at most `upto`.

    With `after`, the page has the oldest matching events, so that successive requests skip no event.
    `older` is the last event's id if earlier events exist, else None. `has_newer` says if more events follow.
    """

    def __init__(
        self,
        room: Room,
        *,
        before: int | None = None,
        after: int | None = None,
        upto: int | None = None,
        event_filter: EventFilter | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        found = StoredEvent.objects.filter(room=room).order_by("-pk" if after is None else "pk")
        if before is not None:
            found = found.filter(pk__lt=before)
        if after is not None:
            found = found.filter(pk__gt=after)
        if upto is not None:
            found = found.filter(pk__lte=upto)
        rows = _matching(room, event_filter or EventFilter(), found, most=EVENTS_PAGE + 1)
        more = len(rows) > EVENTS_PAGE
        rows = rows[:EVENTS_PAGE]
        if after is not None:
            rows.reverse()
        self.rows = event_rows(room, rows, names=names)
        self.has_newer = more and after is not None
        self.older = rows[-1].pk if more and after is None else None
        self.newest = rows[0].pk if rows else room.last_event_id


def event_rows(
    room: Room, events: list[StoredEvent], *, names: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return the values that pages show for each event.

    `names` maps user ids to names and saves a query. Without `names`, missing names are read with one query.
    """
    decoded = [_decoded(event) for event in events]
    if names is None:
        ids = set().union(*(unnamed(event) for event in decoded if event is not None))
        people = Participant.objects.filter(room=room, user_uuid__in=list(ids)[:500])
        names = dict(people.values_list("user_uuid", "name")) if ids else {}
    return [_shown(row, event, names) for row, event in zip(events, decoded, strict=True)]


def _decoded(row: StoredEvent) -> Event[Any] | None:
    """Return the decoded event; None if the event is unreadable."""
    if row.unreadable:
        return None
    try:
        return decode_stored(row)
    except (Undecodable, *UNFORESEEN):
        return None


def _shown(row: StoredEvent, event: Event[Any] | None, names: Mapping[str, str]) -> dict[str, Any]:
    unreadable = "triangle-alert", gettext("Unreadable event")
    icon, words = unreadable if event is None else sentence(event, names)
    return {"pk": row.pk, "icon": icon, "words": words, "at": time_of(row), "unreadable": row.unreadable}


def time_of(row: StoredEvent) -> datetime:
    """Return the time of an event, or the time of receipt if the event has no time."""
    return clock.from_ms(row.ts_ms) if row.ts_ms else row.received_at
