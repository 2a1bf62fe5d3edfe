"""Commands about the chat of a class with Agora Chat. The cloud's own chat calls have no effect there.

No event of the class reports muting, so a read confirms it. The sent message confirms an announcement.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings

from classroom_admin.actions.runner import READ_S, Detail
from classroom_admin.agora.chat_calls import ChatRoom, ReadChatMutes, ReadChatRoom
from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.rooms.agora_chat import chat_of
from classroom_admin.rooms.models import Room

CLOCKS_APART: Final = timedelta(seconds=10)
"""The maximum time by which a message may be dated before the command that sent it."""


def chat_room(room: Room) -> ChatRoom | None:
    """Return the Agora Chat room of a class. Return None if it has none or Agora Chat is not set up."""
    return chat_of(room) if settings.AGORA.chat_url else None


def place(chat: ChatRoom) -> dict[str, str]:
    return {"org_name": chat.org_name, "app_name": chat.app_name, "chat_room_id": chat.chat_room_id}


def everyone_is(client: Client, chat: ChatRoom, *, muted: bool) -> bool | None:
    """Return whether everyone is muted, or unmuted if ``muted`` is False. Return None if this is unknown."""
    state = client.send(ReadChatRoom(**place(chat)), deadline_s=READ_S)
    return None if state is None else state is muted


def person_is(client: Client, chat: ChatRoom, chat_user: str, *, muted: bool) -> bool:
    """Return whether the person is muted, or unmuted if ``muted`` is False."""
    return (chat_user in client.send(ReadChatMutes(**place(chat)), deadline_s=READ_S)) is muted


def read_everyone(chat: ChatRoom, *, muted: bool) -> Callable[[Client], Detail | None]:
    """Return the ``read_back`` of a command that mutes or unmutes everyone."""
    return lambda client: {} if everyone_is(client, chat, muted=muted) else None


def read_person(chat: ChatRoom, chat_user: str, *, muted: bool) -> Callable[[Client], Detail | None]:
    """Return the ``read_back`` of a command that mutes or unmutes a person."""
    return lambda client: {} if person_is(client, chat, chat_user, muted=muted) else None


def confirming_message(text: str) -> dict[str, Any]:
    """Return the values that a chat message needs to confirm a command that sends ``text`` now."""
    return {"text": text, "since_ms": clock.to_ms(clock.cloud_now() - CLOCKS_APART)}
