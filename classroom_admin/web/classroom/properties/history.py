"""The history of properties, from stored events and from our commands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from classroom_admin.actions.verification import KEPT_BY_THE_CLOUD
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.names import visible_name
from classroom_admin.common.redaction import HIDDEN, is_secret, without_secrets
from classroom_admin.events import EventKind, Stream, Undecodable, decode
from classroom_admin.events.properties import RoomProperties, UserProperties
from classroom_admin.events.property_changes import Change, below
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.classroom.events import names_any_of
from classroom_admin.web.classroom.properties.diff import CHANGED, REMOVED, place
from classroom_admin.web.classroom.properties.subject import APP, Subject
from classroom_admin.web.wording import CommandStatus, command_statuses

MOST_SEARCHED: Final = 3000
"""Maximum number of events to search for one page. If there are more, the page says so."""
BATCH: Final = 200
SHOWN: Final = 40
_VALUE_LENGTH: Final = 160
ROOM_KINDS: Final = (EventKind.ROOM_PROPERTIES.cmd, EventKind.ROOM_PROPERTIES_BATCH.cmd)
USER_KINDS: Final = (EventKind.USER_PROPERTIES.cmd, EventKind.USER_PROPERTIES_BATCH.cmd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A property that was set or removed, for display."""

    place: str
    kind: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyChange:
    """A change of properties. `by`: "" if unknown. `command`: our command, if it caused the change."""

    at: datetime
    by: str
    lines: list[Line] = field(default_factory=list)
    command: CommandStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The changes, newest first. `searched`: the number of searched events; 0 if no events were left out."""

    changes: list[PropertyChange]
    searched: int = 0


def history(subject: Subject) -> History:
    """Return the newest changes of a subject's properties."""
    entries = Entry.objects.filter(
        room_uuid=subject.room.room_uuid, action__in=subject.actions, target=subject.target
    )
    recent = list(entries.order_by("-id").prefetch_related("steps")[:SHOWN])
    by_sequence = {number: entry for entry in recent if (number := _confirmed_by(entry)) is not None}
    found: list[PropertyChange] = []
    seen: set[int] = set()
    searched = 0
    for event in _newest_first(_events(subject)):
        if searched == MOST_SEARCHED:
            break
        searched += 1
        raw = _raw(event)
        lines = [_line(change) for change in _about(subject, raw)]
        if not lines:
            continue
        entry = by_sequence.get(event.sequence or 0)
        if entry is not None:
            seen.add(entry.pk)
        found.append(_from_event(event, lines, entry, raw))
        if len(found) == SHOWN:
            searched = 0
            break
    else:
        searched = 0
    found += [_from_command(entry) for entry in recent if entry.pk not in seen and entry.steps.all()]
    newest = sorted(found, key=lambda change: change.at, reverse=True)[:SHOWN]
    return History(changes=newest, searched=searched)


def _events(subject: Subject) -> QuerySet[StoredEvent]:
    """Return all events about the subject. The result may contain some other events."""
    of_room = StoredEvent.objects.filter(room=subject.room, stream="room")
    if subject.person is not None:
        return of_room.filter(names_any_of([subject.person.user_uuid]), cmd__in=USER_KINDS)
    of_room = of_room.filter(cmd__in=ROOM_KINDS)
    if subject.kind == APP:
        name = json.dumps(subject.app, ensure_ascii=False)[1:-1]
        for words in ("extApps", name):
            of_room = of_room.filter(GreaterThan(StrIndex("raw", Value(words)), Value(0)))
    return of_room


def _newest_first(events: QuerySet[StoredEvent]) -> Iterator[StoredEvent]:
    """Yield events, newest first. Read them in batches, because the first batch is usually enough."""
    batch = list(events.order_by("-sequence")[:BATCH])
    while batch:
        yield from batch
        older = events.filter(sequence__lt=batch[-1].sequence) if len(batch) == BATCH else events.none()
        batch = list(older.order_by("-sequence")[:BATCH])


def _from_event(event: StoredEvent, lines: list[Line], entry: Entry | None, raw: Any) -> PropertyChange:
    at = clock.from_ms(event.ts_ms) if event.ts_ms else event.received_at
    if entry is not None:
        return PropertyChange(at=at, by=entry.actor_name, lines=lines, command=command_statuses([entry])[0])
    return PropertyChange(
        at=at, by=visible_name(str(below(raw, "data", "operator", "userName") or "")), lines=lines
    )


def _raw(event: StoredEvent) -> Any:
    """Return the event's parsed JSON; None if it is invalid."""
    try:
        return json.loads(event.raw)
    except (ValueError, RecursionError):
        return None


def _from_command(entry: Entry) -> PropertyChange:
    """Return the change of a command without a matching event: it is pending, or the cloud refused it."""
    params = entry.params if isinstance(entry.params, dict) else {}
    lines = [
        Line(place=place((str(sent.get("name")),)), kind=CHANGED, value=_short(sent.get("value")))
        for sent in params.get("properties", [])
        if isinstance(sent, dict)
    ]
    lines += [Line(place=place((str(name),)), kind=REMOVED) for name in params.get("names", [])]
    return PropertyChange(at=entry.at, by=entry.actor_name, lines=lines, command=command_statuses([entry])[0])


def _confirmed_by(entry: Entry) -> int | None:
    """Return the sequence number of the event that confirmed a command; None if there is none."""
    for step in entry.steps.all():
        sequence = step.detail.get("sequence")
        if step.kind == Step.Kind.CONFIRMED and isinstance(sequence, int):
            return sequence
    return None


def _about(subject: Subject, raw: Any) -> Iterator[Change]:
    """Yield an event's changes of the subject's properties. Paths start at these properties."""
    try:
        data = decode(Stream.ROOM, raw).data
    except (Undecodable, ValueError, RecursionError):
        return
    if isinstance(data, UserProperties):
        for person, changes in data.changes:
            if person.user_uuid == subject.target:
                yield from changes
    elif isinstance(data, RoomProperties):
        yield from _of_app(subject.app, data.changes) if subject.kind == APP else _of_room(data.changes)


def _of_room(changes: Iterable[Change]) -> Iterator[Change]:
    return (change for change in changes if change.path[0] not in KEPT_BY_THE_CLOUD)


def _of_app(app: str, changes: Iterable[Change]) -> Iterator[Change]:
    under = ("extApps", app)
    for change in changes:
        if change.path[:2] == under and len(change.path) > 2:
            yield Change(change.path[2:], change.value, change.deleted)
            continue
        value = change.value
        if change.path == under[:1] and isinstance(value, Mapping):
            value = value.get(app)
        elif change.path != under:
            continue
        if isinstance(value, Mapping):
            yield from (Change((str(name),), inner) for name, inner in value.items())


def _line(change: Change) -> Line:
    if change.deleted:
        return Line(place=place(change.path), kind=REMOVED)
    value = HIDDEN if is_secret(".".join(change.path)) else _short(without_secrets(change.value))
    return Line(place=place(change.path), kind=CHANGED, value=value)


def _short(value: Any) -> str:
    words = json.dumps(value, ensure_ascii=False)
    return words if len(words) <= _VALUE_LENGTH else f"{words[:_VALUE_LENGTH]}…"
