"""Decode and project properties of rooms (cmd 4, 5) and people (cmd 22, 23).

Apps may set any properties. Other modules declare which properties of a room have a meaning. The property
`record` does not change the recording, because only cmd 1001 does.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events import breakout_rooms, chat, widgets
from classroom_admin.events.event import Event, EventKind, EventType, Match, data_of
from classroom_admin.events.people import Person, introduce, read_subject, touch
from classroom_admin.events.property_changes import (
    Change,
    PropertyTopic,
    apply_change,
    names_changed,
    read_batch,
    read_changes,
)
from classroom_admin.events.rows import Rows
from classroom_admin.events.sentences import Names, Sentence, isolated
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import Json, Path, Raw, Undecodable

TOPICS: Final = {
    topic.root: topic for topic in (*breakout_rooms.PROPERTIES, *chat.PROPERTIES, *widgets.PROPERTIES)
}
LABELS: Final[dict[str, str | Promise]] = {
    "processes": gettext_lazy("rules for raised hands and the stage"),
    "record": gettext_lazy("recording"),
    "roleConfig": gettext_lazy("who may join"),
    "roleConfigs": gettext_lazy("who may join"),
    "schedule": gettext_lazy("class times"),
    "stage": gettext_lazy("stage"),
    "carousel": gettext_lazy("stage rotation"),
}
NAMED: Final = 4
"""The maximum number of properties that a sentence names."""
_OTHER: Final = PropertyTopic(root="")


@dataclass(slots=True)
class RoomProperties:
    changes: list[Change]


@dataclass(slots=True)
class UserProperties:
    changes: list[tuple[Person, list[Change]]]


def decode_room(data: Raw, odd: list[str]) -> RoomProperties:
    """Decode the changes in an event, which has `changeProperties` or a list of objects that each have it."""
    changes: list[Change] = []
    for one in read_batch(data):
        changes += read_changes(one, odd)
    return RoomProperties(changes)


def decode_user(data: Raw, odd: list[str]) -> UserProperties:
    """Decode the property changes of one or more people. Raise Undecodable if the event names no person."""
    found: list[tuple[Person, list[Change]]] = []
    for one in read_batch(data):
        who = read_subject(one)
        if who is None:
            odd.append("a user's property without the user")
        else:
            found.append((who, read_changes(one, odd)))
    if not found:
        raise Undecodable("a user's property without the user")
    return UserProperties(found)


def apply_room(event: Event[RoomProperties], time: EventTime, rows: Rows) -> None:
    """Set and delete properties in the room's columns. The topic of a property names its column."""
    room = rows.room
    for change in event.data.changes:
        topic = TOPICS.get(change.path[0], _OTHER)
        levels = topic.open_levels
        column = getattr(room, topic.column)
        if column is room.properties:
            apply_change(column, change, levels)
        elif len(change.path) > 1:
            apply_change(column, Change(change.path[1:], change.value, change.deleted), levels - 1)
        elif isinstance(change.value, dict) and not change.deleted:
            for key, value in change.value.items():
                apply_change(column, Change((key,), value), levels - 1)
        else:
            column.clear()
        topic.follow(room, event.sequence)


def apply_user(event: Event[UserProperties], time: EventTime, rows: Rows) -> None:
    """Set and delete properties of people. If an event changes `muteChat`, also update `chat_muted`."""
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
    if len({(topic.root, root, name) for topic, root, name, _value in parts}) == 1:
        topic, _root, name, value = parts[0]
        if words := topic.sentence(name, value):
            return "settings", words
    named = _named(parts)
    words = _("Class settings changed: %(names)s") if named else _("A class setting changed")
    return "settings", words % {"names": named} if named else words


def user_sentence(data: UserProperties, names: Names) -> Sentence:
    named = _named(_parts(change for _person, changes in data.changes for change in changes))
    places = {"who": names.whom([person for person, _changes in data.changes]), "names": named}
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
    """Return the labels of the first `NAMED` changed properties. Use the key if there is no label."""
    found = dict.fromkeys(_name(topic, root, name) for topic, root, name, _value in parts)
    return ", ".join(list(found)[:NAMED])


def _name(topic: PropertyTopic, root: str, name: str) -> str:
    if topic.members is not None and name:
        return str(topic.members.get(name.casefold()) or isolated(f"{root}.{name}"))
    return str(topic.label or LABELS.get(root) or isolated(root))


def confirms_room(data: RoomProperties, match: Match) -> bool:
    """Return whether the event changed what `match` names: all of some properties, or the breakout rooms.

    `match` is {"property_names": [..]} or {"groups": true}. For properties of an extension, it also has
    "ext_app".
    """
    if match.get("groups"):
        return breakout_rooms.changed(data.changes)
    under: Path = (widgets.EXT_APPS, str(match["ext_app"])) if "ext_app" in match else ()
    return names_changed(data.changes, match.get("property_names", ()), under=under)


def confirms_user(data: UserProperties, match: Match) -> bool:
    """Return whether the event changed all properties in `match` of the person in `match`.

    `match` is {"user_uuid": id, "property_names": [..]}.
    """
    return any(
        person.user_uuid == match.get("user_uuid") and names_changed(changes, match.get("property_names", ()))
        for person, changes in data.changes
    )


TYPES = (
    EventType(
        kinds=(EventKind.ROOM_PROPERTIES, EventKind.ROOM_PROPERTIES_BATCH),
        fields=partial(data_of, batch=EventKind.ROOM_PROPERTIES_BATCH, list_as="changes"),
        decode=decode_room,
        apply=apply_room,
        sentence=room_sentence,
        name="settings",
        label=gettext_lazy("Class settings"),
        confirms=confirms_room,
    ),
    EventType(
        kinds=(EventKind.USER_PROPERTIES, EventKind.USER_PROPERTIES_BATCH),
        fields=partial(data_of, batch=EventKind.USER_PROPERTIES_BATCH, list_as="changes"),
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
