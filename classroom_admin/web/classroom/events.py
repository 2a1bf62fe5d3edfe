"""Pages that show the stored events of a class as sentences, newest first."""

import json
from collections.abc import Collection, Mapping
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
from classroom_admin.common.numbers import is_number
from classroom_admin.common.search_field import matches
from classroom_admin.events import (
    Event,
    Stream,
    Undecodable,
    concerned,
    filters,
    sentence,
    unnamed,
)
from classroom_admin.events.registry import kinds_named
from classroom_admin.events.sentences import isolated
from classroom_admin.rooms import agora_chat
from classroom_admin.rooms.class_selectors import room_ids
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.reader import UNFORESEEN, decode_stored

UNREADABLE: Final = "unreadable"
QUESTIONS: Final = "questions"
OTHER: Final = "other"
EVENT_KINDS: Final = (
    *((declared.name, declared.label) for declared in filters()),
    (QUESTIONS, _("Quizzes and polls")),
    (OTHER, _("Other types")),
    (UNREADABLE, _("Unreadable events")),
)


def _condition(name: str) -> Q:
    cmds: dict[str, list[int]] = {}
    for kind in kinds_named(name):
        cmds.setdefault(kind.stream, []).extend([] if kind.cmd is None else [kind.cmd])
    condition = Q()
    for stream, some in cmds.items():
        condition |= Q(stream=stream, cmd__in=some) if some else Q(stream=stream)
    return condition


_CONDITIONS: Final = {declared.name: _condition(declared.name) for declared in filters()}
_KNOWN: Final = [kind.cmd for declared in filters() for kind in declared.kinds if kind.cmd is not None]


def kind_condition(name: str) -> Q:
    """Return a query condition for a name in `EVENT_KINDS`. For other names, it matches all events."""
    if name == UNREADABLE:
        return ~Q(unreadable="")
    if name == QUESTIONS:
        return Q(stream__in=(Stream.QUIZ, Stream.POLL))
    if name == OTHER:
        return Q(stream=Stream.ROOM) & (~Q(cmd__in=_KNOWN) | Q(cmd__isnull=True))
    return _CONDITIONS.get(name, Q())


EVENTS_PAGE: Final = 50
SCANNED: Final = 200
"""The number of events to read in one batch when a filter must decode events."""
MOST_PEOPLE: Final = 20
"""The maximum number of people whose events are searched if several names match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """A filter of events by a kind, by a part of a person's name, and by people. "" means no filter.

    `people` are participants of the room. Together they are one person who joined with several ids.
    """

    kind: str = ""
    who: str = ""
    people: tuple[Participant, ...] = ()

    @property
    def is_set(self) -> bool:
        return bool(self.kind or self.who or self.people)

    @property
    def query(self) -> str:
        """The filter as a query string."""
        given = [(name, value) for name, value in (("kind", self.kind), ("who", self.who)) if value]
        return urlencode([*given, *(("person", person.pk) for person in self.people)])


def _matching(
    room: Room, event_filter: EventFilter, found: QuerySet[StoredEvent], *, most: int
) -> list[StoredEvent]:
    """Return the first events in `found` that match the filter. Omit direct messages."""
    found = found.exclude(stream="peer")
    if event_filter.kind:
        found = found.filter(kind_condition(event_filter.kind))
    if not event_filter.who and not event_filter.people:
        return list(found[:most])
    people = set(_ids_like(room, event_filter.who)) if event_filter.who else set()
    people |= _ids_of(room, event_filter.people)
    naming = found.filter(names_any_of(sorted(people)))
    rows = naming.iterator(chunk_size=SCANNED)
    return list(islice((row for row in rows if concerns(row, people)), most))


def concerns(row: StoredEvent, user_uuids: set[str]) -> bool:
    """Return whether an event is about one of these people.

    The JSON may contain other people, too, such as everyone with a raised hand. Return True for an event that
    can't be decoded or has an unknown type.
    """
    event = _decoded(row)
    return event is None or event.type is None or not user_uuids.isdisjoint(concerned(event))


def _ids_like(room: Room, words: str) -> list[str]:
    """Return the cloud ids and Agora Chat ids of people with names that match `words`."""
    rooms = list(room_ids(room))
    people = Participant.objects.filter(matches(words, field="name_search"), room__in=rooms)
    ids = list(people.order_by("pk").values_list("user_uuid", flat=True)[:MOST_PEOPLE])
    return [*ids, *sorted(agora_chat.chat_users(rooms, ids) - set(ids))] if ids else []


def _ids_of(room: Room, people: Collection[Participant]) -> set[str]:
    """Return the cloud ids and Agora Chat ids of these people."""
    ids = {person.user_uuid for person in people}
    return ids | agora_chat.chat_users(room_ids(room), ids) if ids else ids


def chosen_people(room: Room, keys: Collection[str]) -> tuple[Participant, ...]:
    """Return the people in a class with these primary keys. Ignore keys that are not numbers or unknown."""
    numbers = [int(key) for key in keys if is_number(key)][:MOST_PEOPLE]
    if not numbers:
        return ()
    return tuple(Participant.objects.filter(pk__in=numbers, room__in=room_ids(room)).order_by("pk"))


def names_any_of(user_uuids: list[str]) -> Q:
    """Return a query condition for events that contain one of these user ids in their JSON."""
    condition = Q(pk__in=())
    for user_uuid in user_uuids:
        position = StrIndex("raw", Value(f'Uuid":{json.dumps(user_uuid, ensure_ascii=False)}'))
        condition |= Q(GreaterThan(position, Value(0)))
    return condition


class EventPage:
    """A page of events of a class and its breakout rooms. The newest event is first.

    The ids of the events are below `before`, above `after` and at most `upto`. With `after`, the page has the
    oldest of them, so that successive requests skip no event. `older` is the id of the last event if there
    are earlier events, otherwise None. `has_newer` says whether there are newer events.
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
        found = StoredEvent.objects.filter(room__in=room_ids(room)).order_by("-pk" if after is None else "pk")
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
        # Ids limit a page, so that no late event is skipped. Within it, people expect the order of the times.
        shown = event_rows(room, rows, names=names)
        self.rows = sorted(shown, key=lambda event: event["order"], reverse=True)
        self.has_newer = more and after is not None
        self.older = rows[-1].pk if more and after is None else None
        self.newest = rows[0].pk if rows else max(room.last_event_id, getattr(room, "group_event", 0))


def event_rows(
    room: Room, events: list[StoredEvent], *, names: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return what pages show for each event.

    `names` maps user ids to names. It saves a query.
    """
    decoded = [_decoded(event) for event in events]
    in_groups = [event for row, event in zip(events, decoded, strict=True) if row.room_id != room.pk]
    groups = groups_of(room) if in_groups else {}
    known = _names_in(groups, in_groups) if groups else {}
    if names is None:
        names = _names_in([room.pk], decoded).get(room.pk, {})
    names = dict(names)
    return [
        _shown(row, event, names | known.get(row.room_id, {}), group=groups.get(row.room_id, ""))
        for row, event in zip(events, decoded, strict=True)
    ]


def groups_of(room: Room) -> dict[int, str]:
    """Return the names of a class's breakout rooms by room id."""
    rooms = Room.objects.filter(parent_id=room.pk).values_list("pk", "room_uuid")
    return {pk: room.known_groups.get(room_uuid) or gettext("Breakout room") for pk, room_uuid in rooms}


def rows_of_rooms(events: list[StoredEvent]) -> list[dict[str, Any]]:
    """Return what pages show for each event. The events may belong to several rooms."""
    decoded = [_decoded(event) for event in events]
    names = _names_in({event.room_id for event in events}, decoded)
    return [
        _shown(row, event, names.get(row.room_id, {})) for row, event in zip(events, decoded, strict=True)
    ]


def _names_in(room_ids: Collection[int], events: list[Event[Any] | None]) -> dict[int, dict[str, str]]:
    """Return the names of people by room id and user id, if the events do not contain the names."""
    ids = set().union(*(unnamed(event) for event in events if event is not None))
    names: dict[int, dict[str, str]] = {}
    if ids:
        people = Participant.objects.filter(room__in=room_ids, user_uuid__in=list(ids)[:500]).exclude(name="")
        for room_id, user_uuid, name in people.values_list("room_id", "user_uuid", "name"):
            names.setdefault(room_id, {})[user_uuid] = name
    if ids and any(event is not None and event.stream is Stream.CHAT for event in events):
        for room_id, senders in agora_chat.people_by_chat_user(room_ids, ids).items():
            known = names.setdefault(room_id, {})
            for chat_user, (_user_uuid, name, _role) in senders.items():
                known.setdefault(chat_user, name)
    return names


def _decoded(row: StoredEvent) -> Event[Any] | None:
    """Return the decoded event, or None if it can't be read."""
    if row.unreadable:
        return None
    try:
        return decode_stored(row)
    except (Undecodable, *UNFORESEEN):
        return None


def _shown(
    row: StoredEvent, event: Event[Any] | None, names: Mapping[str, str], *, group: str = ""
) -> dict[str, Any]:
    unreadable = "triangle-alert", gettext("Unreadable event")
    icon, words = unreadable if event is None else sentence(event, names)
    if group:
        words = gettext("In %(group)s: %(words)s") % {"group": isolated(group), "words": words}
    at = time_of(row)
    return {
        "pk": row.pk,
        "order": f"{clock.to_ms(at):013d}-{row.pk or 0:012d}",
        "icon": icon,
        "words": words,
        "at": at,
        "unreadable": row.unreadable,
    }


def time_of(row: StoredEvent) -> datetime:
    """Return the time of an event. If it has none, return the time of its receipt."""
    return clock.from_ms(row.ts_ms) if row.ts_ms else row.received_at
