"""Decode and project chat messages (cmd 3) and chat permissions (cmd 21, 25; properties `mute`, `muteChat`).

Cmd 21 contains one person, and cmd 25 several.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType, Match, data_of, latest_update_time
from classroom_admin.events.messages import (
    Message,
    apply_message,
    custom_sentence,
    decode_message,
    needs_sender,
)
from classroom_admin.events.people import Person, describe, read_person, touch
from classroom_admin.events.property_changes import (
    Applied,
    Change,
    PropertyTopic,
    apply_change,
    below,
    read_changes,
)
from classroom_admin.events.rows import Needs, Rows
from classroom_admin.events.sentences import Names, Sentence, quoted
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import Json, Raw, Undecodable, each, flag

SPEAKERS: Final = ("broadcaster", "audience", "student")
MUTES: Final = ("mute", "muteChat")
"""The properties that set chat permissions."""


@dataclass(slots=True)
class UserState:
    person: Person
    chat_muted: bool | None = None
    changes: list[Change] = field(default_factory=list)


def decode_user_state(data: Raw, odd: list[str]) -> list[UserState] | Message:
    """Return the states of people. If the data has `message`, return a custom message instead.

    The cloud's documentation also uses cmd 21 for custom messages. Raise Undecodable if a state names no
    person.
    """
    if data.get("message") is not None:
        return decode_message(data, odd, kind="custom")
    if data.get("users") is not None:
        return each(data["users"], lambda raw: _state(raw, odd), odd, "users")
    state = _state(data, odd)
    if state is None:
        raise Undecodable("a user's state without the user")
    return [state]


def _state(raw: Raw, odd: list[str]) -> UserState | None:
    who = read_person(raw) or read_person(raw.get("fromUser"))
    if who is None:
        return None
    changed = raw.get("changeProperties")
    return UserState(who, flag(raw.get("muteChat")), [] if changed is None else read_changes(raw, odd))


def needs_user(event: Event[Any], needed: Needs) -> None:
    if isinstance(event.data, Message):
        needs_sender(event, needed)
    else:
        needed.participants.update(state.person.user_uuid for state in event.data)


def apply_user_state(event: Event[Any], time: EventTime, rows: Rows) -> None:
    data = event.data
    if isinstance(data, Message):
        apply_message(event, time, rows)
        return
    for state in data:
        _apply_state(state, rows)


def _apply_state(state: UserState, rows: Rows) -> None:
    row = describe(rows, state.person)
    muted = state.chat_muted
    for change in state.changes:
        apply_change(row.properties, change)
        touch(rows, row)
    if muted is None and any(change.path[0] in MUTES for change in state.changes):
        muted = is_muted(row.properties)
    if muted is not None and muted != row.chat_muted:
        row.chat_muted = muted
        touch(rows, row)


def is_muted(properties: Mapping[str, Any]) -> bool:
    """Return whether the properties `muteChat` or `mute.muteChat` forbid chat.

    Each is a flag, or an object with a flag for each role.
    """
    value = properties.get("muteChat", below(properties, "mute", "muteChat"))
    if isinstance(value, dict):
        return any(flag(value.get(role)) for role in SPEAKERS)
    return bool(flag(value))


def _mute_room(applied: Applied) -> None:
    applied.room.chat_muted = is_muted(applied.room.properties)


def _rule_sentence(value: Json) -> str:
    if value is None:
        return ""
    muted = any(flag(each) for each in (value.values() if isinstance(value, Mapping) else (value,)))
    return _("Students can no longer chat") if muted else _("Students can chat again")


def chat_sentence(data: Message, names: Names) -> Sentence:
    who = names.who(data.sender)
    if data.deleted:
        return "message-square", _("%(who)s wrote a message. Its text was deleted.") % {"who": who}
    if data.text:
        return "message-square", _("%(who)s wrote: %(what)s") % {"who": who, "what": quoted(data.text)}
    return "message-square", _("%(who)s wrote in the chat") % {"who": who}


def user_sentence(data: list[UserState] | Message, names: Names) -> Sentence:
    if isinstance(data, Message):
        return custom_sentence(data, names)
    if not data:
        return "user-round", _("Some people's details changed")
    muted = {state.chat_muted for state in data}
    same = muted.pop() if len(muted) == 1 else None
    words = {
        True: _("%(who)s was muted in the chat"),
        False: _("%(who)s was unmuted in the chat"),
        None: _("The details of %(who)s changed"),
    }[same]
    people = list({state.person.user_uuid: state.person for state in data}.values())
    return "message-square-off" if same else "user-round", words % {"who": names.whom(people)}


def confirms_message(data: Message, match: Match) -> bool:
    """Return whether the message has the text in `match`. `match` is {"text": ..}."""
    return bool(data.text) and data.text.strip() == str(match.get("text") or "").strip()


def confirms_user_state(data: list[UserState] | Message, match: Match) -> bool:
    """Return whether the event mutes or unmutes the person as in `match`.

    `match` is {"user_uuid": id, "chat_muted": bool}.
    """
    return not isinstance(data, Message) and any(
        state.person.user_uuid == match.get("user_uuid") and state.chat_muted is match.get("chat_muted")
        for state in data
    )


_LABEL = gettext_lazy("chat permissions")
PROPERTIES = (
    PropertyTopic(
        root="mute",
        label=_LABEL,
        sentence=lambda name, value, names: _rule_sentence(below(value, "muteChat")),
        follow=_mute_room,
    ),
    PropertyTopic(
        root="muteChat",
        label=_LABEL,
        sentence=lambda name, value, names: _rule_sentence(value),
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
        confirms=confirms_message,
    ),
    EventType(
        kinds=(EventKind.USER_STATE, EventKind.USERS),
        fields=partial(data_of, batch=EventKind.USERS, list_as="users"),
        decode=decode_user_state,
        own_time=lambda data, fields: latest_update_time(fields, "users"),
        needs=needs_user,
        apply=apply_user_state,
        sentence=user_sentence,
        name="mute",
        label=gettext_lazy("Chat permissions"),
        confirms=confirms_user_state,
    ),
)
