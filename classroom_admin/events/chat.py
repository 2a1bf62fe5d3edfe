"""Decode and project chat messages (cmd 3) and chat permissions (cmd 21; properties `mute`, `muteChat`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType
from classroom_admin.events.messages import (
    Message,
    apply_message,
    custom_sentence,
    decode_message,
    needs_sender,
)
from classroom_admin.events.people import Person, describe, read_person, touch
from classroom_admin.events.property_changes import PropertyTopic, below
from classroom_admin.events.rows import Needs, RoomRow, Rows
from classroom_admin.events.sentences import Names, Sentence, quoted
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import Json, Raw, Undecodable, flag

SPEAKERS: Final = ("broadcaster", "audience", "student")
MUTES: Final = ("mute", "muteChat")
"""The properties that set chat permissions."""


@dataclass(slots=True)
class UserState:
    person: Person
    chat_muted: bool | None = None


def decode_user_state(data: Raw, odd: list[str]) -> UserState | Message:
    """Decode a person's state or, if the data has `message`, a custom message.

    In the cloud's documentation, custom messages also have cmd 21. Raise Undecodable if the state of a person
    names no person.
    """
    if data.get("message") is not None:
        return decode_message(data, odd, kind="custom")
    who = read_person(data) or read_person(data.get("fromUser"))
    if who is None:
        raise Undecodable("a user's state without the user")
    return UserState(who, flag(data.get("muteChat")))


def needs_user(event: Event[Any], needed: Needs) -> None:
    if isinstance(event.data, Message):
        needs_sender(event, needed)
    else:
        needed.participants.add(event.data.person.user_uuid)


def apply_user_state(event: Event[Any], time: EventTime, rows: Rows) -> None:
    data = event.data
    if isinstance(data, Message):
        apply_message(event, time, rows)
        return
    row = describe(rows, data.person)
    if data.chat_muted is not None and data.chat_muted != row.chat_muted:
        row.chat_muted = data.chat_muted
        touch(rows, row)


def is_muted(properties: Mapping[str, Any]) -> bool:
    """Return whether `muteChat` or `mute.muteChat` forbids chat. Each may be a flag or have flags by role."""
    value = properties.get("muteChat", below(properties, "mute", "muteChat"))
    if isinstance(value, dict):
        return any(flag(value.get(role)) for role in SPEAKERS)
    return bool(flag(value))


def _mute_room(room: RoomRow, sequence: int) -> None:
    room.chat_muted = is_muted(room.properties)


def _rule_sentence(value: Json) -> str:
    if value is None:
        return ""
    muted = any(flag(each) for each in (value.values() if isinstance(value, Mapping) else (value,)))
    return _("Students can no longer chat") if muted else _("Students can chat again")


def chat_sentence(data: Message, names: Names) -> Sentence:
    who = names.who(data.sender)
    if data.text:
        return "message-square", _("%(who)s wrote: %(what)s") % {"who": who, "what": quoted(data.text)}
    return "message-square", _("%(who)s wrote in the chat") % {"who": who}


def user_sentence(data: UserState | Message, names: Names) -> Sentence:
    if isinstance(data, Message):
        return custom_sentence(data, names)
    words = {
        True: _("%(who)s was muted in the chat"),
        False: _("%(who)s was unmuted in the chat"),
        None: _("The details of %(who)s changed"),
    }[data.chat_muted]
    return "message-square-off" if data.chat_muted else "user-round", words % {"who": names.who(data.person)}


_LABEL = gettext_lazy("chat permissions")
PROPERTIES = (
    PropertyTopic(
        root="mute",
        label=_LABEL,
        sentence=lambda name, value: _rule_sentence(below(value, "muteChat")),
        follow=_mute_room,
    ),
    PropertyTopic(
        root="muteChat",
        label=_LABEL,
        sentence=lambda name, value: _rule_sentence(value),
        follow=_mute_room,
    ),
)
TYPES = (
    EventType(
        kinds=(EventKind.CHAT,),
        decode=partial(decode_message, kind="chat"),
        needs=needs_sender,
        apply=apply_message,
        sentence=chat_sentence,
        name="chat",
        label=gettext_lazy("Chat"),
    ),
    EventType(
        kinds=(EventKind.USER_STATE,),
        decode=decode_user_state,
        needs=needs_user,
        apply=apply_user_state,
        sentence=user_sentence,
        name="mute",
        label=gettext_lazy("Chat permissions"),
    ),
)
