"""Read and change the properties of a class, person or extension, and read the history of the properties."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from classroom_admin.actions import properties, verification
from classroom_admin.actions.verification import KEPT_BY_THE_CLOUD, Present
from classroom_admin.agora import fields
from classroom_admin.agora.errors import InvalidArgument
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common.names import visible_name
from classroom_admin.common.numbers import is_number
from classroom_admin.common.problem_texts import capitalised
from classroom_admin.common.redaction import HIDDEN, is_secret, without_secrets
from classroom_admin.events import EventKind, Stream, Undecodable, decode
from classroom_admin.events.properties import RoomProperties, UserProperties
from classroom_admin.events.property_changes import Change, below
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.classroom.events import names_any_of, time_of
from classroom_admin.web.classroom.properties.diff import CHANGED, REMOVED, place
from classroom_admin.web.wording import CommandStatus, command_state

ROOM, PERSON, APP = "room", "person", "app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A room, person or extension that has properties. `kind` is ROOM, PERSON or APP.

    `error` says what is wrong with the extension's name `app`.
    """

    access: ClassAccess
    kind: str = ROOM
    person: Participant | None = None
    app: str = ""
    error: str = ""

    @property
    def room(self) -> Room:
        return self.access.room

    @property
    def words(self) -> str:
        if self.person is not None:
            return str(self.person)
        return self.app or _("The class")

    @property
    def is_chosen(self) -> bool:
        """Whether the person or extension has been chosen. A room need not be chosen."""
        return not self.error and (
            self.kind == ROOM or self.person is not None or (self.kind == APP and bool(self.app))
        )

    @property
    def query(self) -> str:
        """The query string that selects this subject."""
        query = QueryDict(mutable=True)
        query["of"] = self.kind
        if self.person is not None:
            query["person"] = str(self.person.pk)
        if self.app in known_apps(self.room):
            query["app"] = app_key(self.room, self.app)
        return query.urlencode()

    # --- the commands in the audit log ---
    @property
    def actions(self) -> tuple[str, str]:
        return _actions(self.kind)

    @property
    def target(self) -> str:
        return self.person.user_uuid if self.person is not None else self.app

    # --- the properties in the cloud ---
    def read(self) -> Present:
        """Read the properties from the cloud."""
        if self.person is not None:
            return verification.properties_of_participant(self.access, participant=self.person)
        if self.kind == APP:
            return verification.properties_of_ext_app(self.access, ext_app_uuid=self.app)
        return verification.properties_of_room(self.access)

    def put(self, values: Mapping[str, Any], *, cause: Mapping[str, Any] | None, state: int | None) -> Entry:
        """Send a command that sets properties and, for an extension, its `state`."""
        return properties.set_properties(
            self.access, **self._owner, properties=values, cause=cause, state=state
        )

    def delete(self, names: Sequence[str], *, cause: Mapping[str, Any] | None) -> Entry:
        """Send a command that deletes these properties."""
        return properties.delete_properties(self.access, **self._owner, names=names, cause=cause)

    @property
    def _owner(self) -> dict[str, Any]:
        return {"participant": self.person, "ext_app_uuid": self.app or None}


def _actions(kind: str) -> tuple[str, str]:
    name = {ROOM: "room", PERSON: "participant", APP: "ext_app"}[kind]
    return f"{name}.set_properties", f"{name}.delete_properties"


def known_apps(room: Room) -> list[str]:
    """Return the names of a class's extensions in its events and our commands."""
    entries = Entry.objects.filter(room_uuid=room.room_uuid, action__in=_actions(APP))
    return sorted(set(room.ext_apps) | set(entries.values_list("target", flat=True)) - {""})


def app_key(room: Room, app: str) -> str:
    """Return a key for an extension in URLs. A URL must not contain its name, because this is a cloud id."""
    return salted_hmac("an extension in an address", f"{room.pk} {app}").hexdigest()[:16]


def subject_of(access: ClassAccess, query: Mapping[str, str], sent: Mapping[str, str]) -> Subject:
    """Return the subject that the `query` of a URL selects. The form data `sent` may name an extension.

    Raise Http404 if the person is not in this class or the extension is unknown.
    """
    kind = query.get("of", ROOM)
    if kind == PERSON:
        pk = query.get("person", "")
        if not pk:
            return Subject(access=access, kind=PERSON)
        if not is_number(pk):
            raise Http404("There is no such person.")
        return Subject(
            access=access, kind=PERSON, person=get_object_or_404(Participant, room=access.room, pk=pk)
        )
    if kind == APP:
        return _app(access, query.get("app", ""), sent.get("app", ""))
    return Subject(access=access)


def _app(access: ClassAccess, key: str, name: str) -> Subject:
    if key and not name:
        name = next((app for app in known_apps(access.room) if app_key(access.room, app) == key), "")
        if not name:
            raise Http404("There is no such extension.")
    try:
        fields.checked(fields.identifier, name, field="extAppUuid")
    except InvalidArgument as error:
        words = capitalised(error.problem)
        return Subject(access=access, kind=APP, app=name, error=words if name else "")
    return Subject(access=access, kind=APP, app=name)


MOST_SEARCHED: Final = 3000
"""The maximum number of events to search for one page. If there are more events, the page says so."""
BATCH: Final = 200
SHOWN: Final = 40
_VALUE_LENGTH: Final = 160
ROOM_KINDS: Final = (EventKind.ROOM_PROPERTIES.cmd, EventKind.ROOM_PROPERTIES_BATCH.cmd)
USER_KINDS: Final = (EventKind.USER_PROPERTIES.cmd, EventKind.USER_PROPERTIES_BATCH.cmd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One property in a change, for display."""

    place: str
    kind: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyChange:
    """A change of properties. `command` is our command that caused it, or None."""

    at: datetime
    by: str
    lines: list[Line] = field(default_factory=list)
    command: CommandStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The changes, the newest first.

    If the search stopped early, `searched` is `MOST_SEARCHED`, otherwise 0.
    """

    changes: list[PropertyChange]
    searched: int = 0


def history(subject: Subject) -> History:
    """Return the newest changes of a subject's properties, from events and from our commands."""
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
    """Return a query for all events about the subject. Its result may also contain other events."""
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
    """Yield the events, the newest first. They are read in batches, because the first is usually enough."""
    batch = list(events.order_by("-sequence")[:BATCH])
    while batch:
        yield from batch
        older = events.filter(sequence__lt=batch[-1].sequence) if len(batch) == BATCH else events.none()
        batch = list(older.order_by("-sequence")[:BATCH])


def _from_event(event: StoredEvent, lines: list[Line], entry: Entry | None, raw: Any) -> PropertyChange:
    at = time_of(event)
    if entry is not None:
        return PropertyChange(at=at, by=entry.actor_name, lines=lines, command=command_state(entry))
    by = visible_name(str(below(raw, "data", "operator", "userName") or ""))
    return PropertyChange(at=at, by=by, lines=lines)


def _raw(event: StoredEvent) -> Any:
    """Return the parsed JSON of an event, or None if it is not valid."""
    try:
        return json.loads(event.raw)
    except (ValueError, RecursionError):
        return None


def _from_command(entry: Entry) -> PropertyChange:
    """Return the change that a command requests but no event has reported."""
    lines = [
        Line(place=place((str(sent.get("name")),)), kind=CHANGED, value=_short(sent.get("value")))
        for sent in entry.params.get("properties", [])
    ]
    lines += [Line(place=place((str(name),)), kind=REMOVED) for name in entry.params.get("names", [])]
    return PropertyChange(at=entry.at, by=entry.actor_name, lines=lines, command=command_state(entry))


def _confirmed_by(entry: Entry) -> int | None:
    """Return the sequence number of the event that confirmed a command, or None."""
    for step in entry.steps.all():
        sequence = step.detail.get("sequence")
        if step.kind == Step.Kind.CONFIRMED and isinstance(sequence, int):
            return sequence
    return None


def _about(subject: Subject, raw: Any) -> Iterator[Change]:
    """Yield an event's changes of the subject's properties. Each path begins with the name of a property."""
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
