"""Decode and project properties of rooms (cmd 4, 5), of widgets (cmd 1110) and of people (cmd 22, 23).

Apps may set any properties. Other modules declare which properties of a room have a meaning. Some of these
properties report the same change as a separate event: for example, `record` and cmd 1001. Whichever comes
first changes the rows, and the other only repeats the change.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events import breakout_rooms, chat, hands_and_stage, recording, streams, widgets
from classroom_admin.events.event import Event, EventKind, EventType, Match, data_of
from classroom_admin.events.people import Person, introduce, read_person, read_subject, touch
from classroom_admin.events.property_changes import (
    Applied,
    Change,
    PropertyTopic,
    apply_change,
    batch_fields,
    copied,
    names_changed,
    read_batch,
    read_changes,
    tells,
)
from classroom_admin.events.rows import Needs, Rows
from classroom_admin.events.sentences import Names, Sentence, isolated
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import Json, Path, Raw, Undecodable, identifier

TOPICS: Final = {
    topic.root: topic
    for module in (breakout_rooms, chat, hands_and_stage, recording, streams, widgets)
    for topic in module.PROPERTIES
}
LABELS: Final[dict[str, str | Promise]] = {
    "roleConfig": gettext_lazy("who may join"),
    "roleConfigs": gettext_lazy("who may join"),
    "schedule": gettext_lazy("class times"),
    "stage": gettext_lazy("stage"),
}
NAMED: Final = 4
"""The maximum number of properties that a sentence names."""
_OTHER: Final = PropertyTopic(root="")


@dataclass(slots=True)
class RoomProperties:
    """Changes of a room's properties. If `person` is set, these are the person's properties of a widget."""

    changes: list[Change]
    person: Person | None = None


@dataclass(slots=True)
class UserProperties:
    changes: list[tuple[Person, list[Change]]]


def _fields(raw: Raw, *, batch: EventKind) -> Raw:
    """Return the event's data, including the list of a batch and `fromUser`. Both may be outside the data."""
    beside = isinstance(raw.get("list"), list) and raw.get("data") is None
    fields = batch_fields(raw, {} if beside else data_of(raw, batch=batch, list_as="changes"))
    if raw.get("fromUser") is not None and "fromUser" not in fields:
        fields = {**fields, "fromUser": raw["fromUser"]}
    return fields


def decode_room(data: Raw, odd: list[str]) -> RoomProperties:
    """Decode the property changes in the event, or in each object of its list."""
    if data.get("cmd") is not None and str(data["cmd"]) == str(EventKind.WIDGET_PROPERTIES.cmd):
        return _decode_widget(data, odd)
    changes: list[Change] = []
    batch = read_batch(data)
    for one in batch:
        changes += _changes_of(one, odd, one_of=len(batch))
    return RoomProperties(changes)


def _changes_of(data: Raw, odd: list[str], *, one_of: int) -> list[Change]:
    """Return the changes in one item of a batch. If an item of several is unreadable, add this to `odd`."""
    try:
        return read_changes(data, odd)
    except Undecodable as problem:
        if one_of == 1:
            raise
        odd.append(problem.reason)
        return []


def _decode_widget(data: Raw, odd: list[str]) -> RoomProperties:
    """Decode the changes of a widget's properties. Raise Undecodable if the event names no widget.

    The changes concern the person in `fromUser`, unless they contain `state`, which only the room has.
    """
    widget = identifier(data.get("widgetUuid")) or identifier(data.get("widgetId"))
    under: Path = ("widgets",) if widget is None else ("widgets", widget)
    changes = read_changes(data, odd, under=under)
    if widget is None and not all(len(change.path) > 1 for change in changes):
        raise Undecodable("a widget's property without the widget")
    of_room = any(change.path[2:3] == ("state",) for change in changes)
    return RoomProperties(changes, None if of_room else read_person(data.get("fromUser")))


def decode_user(data: Raw, odd: list[str]) -> UserProperties:
    """Decode the property changes of one or more people. Raise Undecodable if the event names no person."""
    found: list[tuple[Person, list[Change]]] = []
    batch = read_batch(data)
    for one in batch:
        who = read_subject(one)
        if who is None:
            odd.append("a user's property without the user")
        else:
            found.append((who, _changes_of(one, odd, one_of=len(batch))))
    if not found:
        raise Undecodable("a user's property without the user")
    return UserProperties(found)


def needs_room(event: Event[RoomProperties], needed: Needs) -> None:
    if event.data.person is not None:
        needed.participants.add(event.data.person.user_uuid)
        return
    for topic, changes in _by_topic(event.data.changes):
        if topic.needs is not None:
            topic.needs(changes, event.sequence, needed)


def _by_topic(changes: Iterable[Change]) -> list[tuple[PropertyTopic, list[Change]]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(TOPICS.get(change.path[0], _OTHER).root, []).append(change)
    return [(TOPICS.get(root, _OTHER), of_topic) for root, of_topic in found.items()]


def apply_room(event: Event[RoomProperties], time: EventTime, rows: Rows) -> None:
    """Set and delete properties in the room's columns."""
    data = event.data
    if data.person is not None:
        row = introduce(rows, data.person)
        changed = [apply_change(row.properties, change, levels=3) for change in data.changes]
        event.repeats = not any(changed)
        touch(rows, row)
        return
    news = [
        _apply_topic(topic, changes, event.sequence, time, rows) for topic, changes in _by_topic(data.changes)
    ]
    event.repeats = bool(news) and not any(news)


def _apply_topic(
    topic: PropertyTopic, changes: list[Change], sequence: int, time: EventTime, rows: Rows
) -> bool:
    """Apply the changes of one topic. Return whether they contained anything new."""
    column = getattr(rows.room, topic.column)
    rows.properties_changed = True
    whole = column is not rows.room.properties
    before = copied(column.get(topic.root)) if topic.needs is not None else None
    changed = False
    for change in changes:
        if not whole:
            changed |= apply_change(column, change, topic.open_levels)
        elif len(change.path) > 1:
            inner = Change(change.path[1:], change.value, change.deleted)
            changed |= apply_change(column, inner, topic.open_levels - 1)
        elif isinstance(change.value, dict) and not change.deleted:
            for key, value in change.value.items():
                changed |= apply_change(column, Change((key,), value), topic.open_levels - 1)
        else:
            changed |= bool(column)
            column.clear()
    news = topic.follow(Applied(changes, before, rows, sequence, time))
    return changed if news is None else news


def apply_user(event: Event[UserProperties], time: EventTime, rows: Rows) -> None:
    """Set and delete properties of people. If `mute` or `muteChat` changes, also update `chat_muted`."""
    for person, changes in event.data.changes:
        row = introduce(rows, person)
        for change in changes:
            apply_change(row.properties, change)
        if any(change.path[0] in chat.MUTES for change in changes):
            row.chat_muted = chat.is_muted(row.properties)
        if changes:
            touch(rows, row)


def room_sentence(data: RoomProperties, names: Names) -> Sentence:
    parts = list(_parts(data.changes))
    if data.person is not None:
        return user_sentence(UserProperties([(data.person, data.changes)]), names)
    if len({(topic.root, root, name) for topic, root, name, _value in parts}) == 1:
        topic, _root, name, value = parts[0]
        for _topic, _root, _name, further in parts[1:]:
            if isinstance(value, dict) and isinstance(further, dict):
                value = {**value, **further}
        if words := topic.sentence(name, value, names):
            return topic.icon, words
    return quiet_sentence(data, names)


def quiet_sentence(data: RoomProperties, names: Names) -> Sentence:
    """Return a sentence with the names of the changed properties, without their values."""
    named = _named(_parts(data.changes))
    words = _("Class settings changed: %(names)s") if named else _("A class setting changed")
    return "settings", words % {"names": named} if named else words


def user_sentence(data: UserProperties, names: Names) -> Sentence:
    named = _named(_parts(change for _person, changes in data.changes for change in changes))
    people = {person.user_uuid: person for person, _changes in data.changes}
    places = {"who": names.whom(list(people.values())), "names": named}
    words = _("A setting of %(who)s changed: %(names)s") if named else _("A setting of %(who)s changed")
    return "user-round", words % places


Part = tuple[PropertyTopic, str, str, Json]
"""A tuple (topic, first name, second name, value). The second name is "" if the topic has no members."""


def _parts(changes: Iterable[Change]) -> Iterator[Part]:
    for change in changes:
        root, *rest = change.path
        topic = TOPICS.get(root, _OTHER)
        if topic.members is None:
            yield topic, root, "", _nested(rest, change.value)
        elif rest:
            yield topic, root, rest[0], _nested(rest[1:], change.value)
        elif isinstance(change.value, Mapping) and change.value:
            for key, value in change.value.items():
                name, *inner = str(key).split(".")
                yield topic, root, name, _nested(inner, value)
        else:
            yield topic, root, "", change.value


def _nested(path: Iterable[str], value: Json) -> Json:
    for name in reversed(tuple(path)):
        value = {name: value}
    return value


def _named(parts: Iterable[Part]) -> str:
    """Return the labels of the first `NAMED` changed properties. A property without a label has its key."""
    found = dict.fromkeys(_name(topic, root, name) for topic, root, name, _value in parts)
    return ", ".join(list(found)[:NAMED])


def _name(topic: PropertyTopic, root: str, name: str) -> str:
    if topic.members is not None and name:
        return str(topic.members.get(name.casefold()) or isolated(f"{root}.{name}"))
    return str(topic.label or LABELS.get(root) or isolated(root))


def confirms_room(data: RoomProperties, match: Match) -> bool:
    """Return whether the event changed all the properties in `match`, or the breakout rooms.

    `match` is {"property_names": [..]}, {"groups": true} or {"path": [..]}. With "path", `match` may also
    contain one key of `property_changes.tells`. For properties of an extApp, `match` also has "ext_app".
    """
    if data.person is not None:
        return False
    if match.get("groups"):
        return breakout_rooms.changed(data.changes)
    if "path" in match:
        wanted = {name: match[name] for name in ("value", "has", "lacks") if name in match}
        return tells(data.changes, tuple(match["path"]), wanted)
    under: Path = (widgets.EXT_APPS, str(match["ext_app"])) if "ext_app" in match else ()
    return names_changed(data.changes, match.get("property_names", ()), under=under)


def confirms_user(data: UserProperties, match: Match) -> bool:
    """Return whether the event changed all the properties in `match` for the person in `match`.

    `match` is {"user_uuid": id, "property_names": [..]}.
    """
    return any(
        person.user_uuid == match.get("user_uuid") and names_changed(changes, match.get("property_names", ()))
        for person, changes in data.changes
    )


TYPES = (
    EventType(
        kinds=(EventKind.ROOM_PROPERTIES, EventKind.ROOM_PROPERTIES_BATCH, EventKind.WIDGET_PROPERTIES),
        fields=partial(_fields, batch=EventKind.ROOM_PROPERTIES_BATCH),
        decode=decode_room,
        needs=needs_room,
        apply=apply_room,
        sentence=room_sentence,
        quiet=quiet_sentence,
        name="settings",
        label=gettext_lazy("Class settings"),
        confirms=confirms_room,
    ),
    EventType(
        kinds=(EventKind.USER_PROPERTIES, EventKind.USER_PROPERTIES_BATCH),
        fields=partial(_fields, batch=EventKind.USER_PROPERTIES_BATCH),
        decode=decode_user,
        needs=lambda event, needed: needed.participants.update(
            person.user_uuid for person, _changes in event.data.changes
        ),
        apply=apply_user,
        sentence=user_sentence,
        name="person",
        label=gettext_lazy("Participant settings"),
        confirms=confirms_user,
    ),
)
