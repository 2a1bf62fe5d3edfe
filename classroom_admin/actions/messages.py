"""Commands about the chat of a class: mute it, announce something, write to one person."""

from collections.abc import Collection
from typing import Any, Final

from django.db.models import IntegerChoices
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions import agora_chat, runner
from classroom_admin.actions.effects import read_back
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Confirms, valid
from classroom_admin.actions.targets import require_in_class
from classroom_admin.agora.call import CloudCall
from classroom_admin.agora.calls import PutUserProperties
from classroom_admin.agora.chat_calls import chat_mute_all, chat_mute_person, chat_send
from classroom_admin.agora.classroom_calls import LONGEST_MESSAGE, Announce, MessagePerson, MuteRoomChat
from classroom_admin.audit.models import Entry
from classroom_admin.common.names import has_visible_character
from classroom_admin.common.problems import Problem
from classroom_admin.events import EventKind
from classroom_admin.rooms import breakout_rooms
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.agora_chat import chat_user_of, read_soon
from classroom_admin.rooms.models import Participant

MUTE: Final = "mute"
MUTE_CHAT: Final = "muteChat"


class Audience(IntegerChoices):
    """Who reads an announcement. The numbers are the cloud's."""

    CLASS = 1, _("the class")
    GROUPS = 2, _("some breakout rooms")
    ALL = 3, _("the class and all breakout rooms")


def mute_chat_of(access: ClassAccess, *, participant: Participant, muted: bool) -> Entry:
    """Mute or unmute a person in the chat. Event 22 or 21, or a read of Agora Chat, confirms the command.

    If the person is already in this state, a read confirms the command.
    """
    require_in_class(access, participant)
    action = "participant.mute_chat" if muted else "participant.unmute_chat"
    user_uuid = participant.user_uuid
    if (chat := agora_chat.chat_room(access.room)) is not None:
        chat_user = chat_user_of(participant)
        in_chat = Command(
            action=action,
            target=user_uuid,
            target_name=participant.name,
            call=valid(chat_mute_person, chat, chat_user=chat_user, muted=muted),
            read_back=agora_chat.read_person(chat, chat_user, muted=muted),
        )
        return _run_in_chat(access, in_chat)
    command = Command(
        action=action,
        target=user_uuid,
        target_name=participant.name,
        call=valid(
            PutUserProperties,
            room_uuid=access.room.room_uuid,
            user_uuid=user_uuid,
            properties={MUTE: {MUTE_CHAT: int(muted)}},
        ),
        confirmed_by=Confirms(
            event=EventKind.USER_PROPERTIES,
            match={"user_uuid": user_uuid, "property_names": [MUTE]},
            also=(Confirms(event=EventKind.USER_STATE, match={"user_uuid": user_uuid, "chat_muted": muted}),),
        ),
        read_back=read_back(access, action, target=user_uuid) if participant.chat_muted is muted else None,
    )
    return runner.run(access, command)


def mute_class_chat(access: ClassAccess, *, muted: bool) -> Entry:
    """Mute or unmute the students in the chat. Event 4, or a read of Agora Chat, confirms the command.

    If the class is already in this state, a read confirms the command.
    """
    action = "chat.mute" if muted else "chat.unmute"
    if (chat := agora_chat.chat_room(access.room)) is not None:
        in_chat = Command(
            action=action,
            target_name=access.room.name,
            call=valid(chat_mute_all, chat, muted=muted),
            read_back=agora_chat.read_everyone(chat, muted=muted),
        )
        return _run_in_chat(access, in_chat)
    command = Command(
        action=action,
        target_name=access.room.name,
        call=valid(MuteRoomChat, room_uuid=access.room.room_uuid, mute_chat=int(muted)),
        confirmed_by=Confirms(event=EventKind.ROOM_PROPERTIES, match={"property_names": [MUTE_CHAT]}),
        read_back=read_back(access, action) if access.room.chat_muted is muted else None,
    )
    return runner.run(access, command)


def announce(
    access: ClassAccess, *, text: str, to: Audience = Audience.CLASS, groups: Collection[str] = ()
) -> Entry:
    """Send a chat message to the class in the name of the school.

    Event 3 or a message in Agora Chat with the same text confirms the command. ``groups`` has the ids of
    breakout rooms, for `Audience.GROUPS` only. Raise ``ActionRefused`` if the text is empty or longer than
    1000 characters, or if a breakout room is not open.
    """
    check_text(text)
    chosen: list[str] = []
    if to == Audience.GROUPS:
        known = {group.uuid for group in breakout_rooms.read(access.room.groups)}
        chosen = sorted(set(groups))
        if not chosen:
            raise ActionRefused(Problem("groups_missing"), field="toGroupUuids")
        if not known.issuperset(chosen):
            raise ActionRefused(Problem("no_such_group"), field="toGroupUuids")
    params: dict[str, Any] = {"text": text, "to": int(to)}
    if chosen:
        params["groups"] = chosen
    chat = agora_chat.chat_room(access.room) if to == Audience.CLASS else None
    call: CloudCall[Any]
    if chat is None:
        call, match = _announcement(access, text, to, chosen), {"text": text}
    else:
        by, room_uuid = str(access.person), access.room.room_uuid
        call = valid(chat_send, chat, text=text, sender_name=by, room_uuid=room_uuid)
        match = agora_chat.confirming_message(text)
    command = Command(
        action="chat.announce",
        target_name=access.room.name,
        params=params,
        call=call,
        confirmed_by=Confirms(event=EventKind.CHAT, match=match),
    )
    return runner.run(access, command)


def _announcement(access: ClassAccess, text: str, to: Audience, groups: list[str]) -> CloudCall[Any]:
    return valid(
        Announce,
        room_uuid=access.room.room_uuid,
        text=text,
        range=int(to),
        to_group_uuids=groups or None,
    )


def _run_in_chat(access: ClassAccess, command: Command) -> Entry:
    """Run a command that mutes or unmutes people in Agora Chat, then read the chat room soon."""
    entry = runner.run(access, command)
    read_soon(access.room)
    return entry


def message_person(access: ClassAccess, *, participant: Participant, text: str) -> Entry:
    """Send a direct message to a person in the class. *Accepted* is final, because no event reports it."""
    require_in_class(access, participant)
    check_text(text)
    command = Command(
        action="participant.message",
        target=participant.user_uuid,
        target_name=participant.name,
        params={"text": text},
        call=valid(
            MessagePerson,
            room_uuid=access.room.room_uuid,
            user_uuid=participant.user_uuid,
            text=text,
            sender={"userUuid": runner.client().config.uid, "userName": str(access.person), "role": "server"},
        ),
    )
    return runner.run(access, command)


def check_text(text: str) -> None:
    """Raise ``ActionRefused`` if a message is empty, is too long or contains a NUL character."""
    if not has_visible_character(text):
        raise ActionRefused(Problem("text_empty"), field="text")
    if len(text) > LONGEST_MESSAGE or "\x00" in text:
        raise ActionRefused(Problem("text_too_long", {"most": LONGEST_MESSAGE}), field="text")
