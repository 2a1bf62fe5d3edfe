"""Chat, announcements, custom messages, direct messages, and the questions of students to the teacher."""

from typing import Any

from classroom_admin.simulator import json_bytes
from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import as_integer, identifier
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import messages

MESSAGE_TYPES = ("txt", "img", "loc", "audio", "video", "file")


@router.add("POST", "/v2/rooms/{room}/from/{user}/chat", "chat", region="optional")
def chat(call: Call) -> dict[str, Any]:
    """Send a chat message (event 3). Raise CloudError 403 30403200 if the chat is muted."""
    message = call.fields.required_text("message")
    call.fields.integer("type", low=1, high=1)
    room = call.room()
    return messages.chat(call.world, room, call.user(room), message)


@router.add("POST", "/v1/rooms/{room}/chat/channel", "chat_of_caller", region="optional", scene=True)
def chat_of_caller(call: Call) -> dict[str, Any]:
    """Send a chat message from the caller (event 3)."""
    message = call.fields.required_text("message")
    room = call.room()
    return messages.chat(call.world, room, call.world.user(room, call.uid), message)


@router.add("GET", "/v2/rooms/{room}/chat/messages", "chat_history", region="optional")
def chat_history(call: Call) -> dict[str, Any]:
    """Return the chat history. ``sort`` is 0 for newest first, or 1 for oldest first."""
    sort = call.query_integer("sort", low=0, high=1)
    rows = call.room().chat
    return call.page(rows if sort else rows[::-1])


@router.add("PUT", "/v2/rooms/{room}/mute", "mute_room", region="optional")
def mute_room(call: Call) -> None:
    """Mute the room's chat if ``muteChat`` is 1. If it is 0, unmute the chat."""
    mute = call.fields.integer("muteChat", low=0, high=1, required=True) or 0
    messages.mute_room(call.world, call.room(), mute, operator=call.uid)


def _announce(call: Call, *, event: bool) -> dict[str, Any]:
    fields = call.fields
    where = fields.integer("range", low=1, high=3, required=True) or 1
    kind = fields.choice("type", MESSAGE_TYPES, default="txt")
    text = fields.required_text("msg")
    groups = [identifier("toGroupUuids", uuid) for uuid in fields.strings("toGroupUuids")]
    return messages.announce(
        call.world, call.room(), text, where=where, groups=groups, kind=kind, by=call.uid, event=event
    )


@router.add("POST", "/v2/rooms/{room}/chat/messages", "announce", region="optional")
def announce(call: Call) -> dict[str, Any]:
    """Announce a text (event 3). ``range`` is 1 for the main room, 2 for breakout rooms, or 3 for both."""
    return _announce(call, event=True)


@router.add("POST", "/v2/rooms/{room}/widgets/easemobIM/messages", "announce_in_chat", region="optional")
def announce_in_chat(call: Call) -> dict[str, Any]:
    """Announce a text in chat rooms of Agora Chat. There is no event for it."""
    return _announce(call, event=False)


@router.add("PATCH", "/v2/rooms/{room}/widgets/easemobIM/messages", "announce_again", region="optional")
def announce_again(call: Call) -> dict[str, Any]:
    return _announce(call, event=False)


def _payload(call: Call) -> str:
    """Return ``payload`` as text. In the request, it is text or an object with ``cmd`` and ``data``."""
    value = call.fields.raw("payload")
    if isinstance(value, str) and value:
        return value
    if not isinstance(value, dict) or not value:
        raise bad_parameter("payload", "must be an object or a text that is not empty")
    return json_bytes.dump(value).decode()


@router.add("POST", "/v1/rooms/{room}/message/channel", "message_room", region="optional")
def message_room(call: Call) -> None:
    """Send a custom message to all apps in the room (event 99)."""
    payload = _payload(call)
    sync = call.fields.raw("sync")
    if sync not in (None, True, False, 0, 1):
        raise bad_parameter("sync", "must be true or false")
    messages.to_room(call.world, call.room(), payload, by=call.uid)


@router.add("POST", "/v2/rooms/{room}/users/{user}/messages/peer", "message_user", region="optional")
def message_user(call: Call) -> None:
    """Send a direct message to a user in the room. The app gets ``cmd`` and ``data`` unchanged."""
    payload = _payload(call)
    room = call.room()
    user = call.world.present(call.user(room))
    given = call.fields.raw("payload")
    if isinstance(given, dict) and isinstance(given.get("data"), dict) and as_integer(given.get("cmd")):
        messages.deliver(call.world, to=user.uuid, cmd=int(given["cmd"]), data=given["data"])
    else:
        messages.peer(call.world, room, call.uid, to=user.uuid, message=payload, cmd=99)


@router.add(
    "POST", "/v2/rooms/{room}/conversation/students/{user}/messages", "ask_teacher", region="optional"
)
def ask_teacher(call: Call) -> dict[str, Any]:
    """Send a student's question or the teacher's answer. Each student has a separate conversation."""
    message = call.fields.required_text("message")
    room = call.room()
    student = call.user(room)
    row = {
        "messageId": sum(map(len, room.conversations.values())) + 1,
        "fromUser": call.world.operator(room, call.uid),
        "message": message,
        "type": call.fields.integer("type", low=1, default=1),
        "sendTime": call.world.now,
    }
    room.conversations.setdefault(student.uuid, []).append(row)
    return row


@router.add(
    "GET", "/v2/rooms/{room}/conversation/students/{user}/messages", "read_conversation", region="optional"
)
def read_conversation(call: Call) -> dict[str, Any]:
    """Return the conversation of a student. ``sort`` is 0 for newest first, or 1 for oldest first."""
    sort = call.query_integer("sort", low=0, high=1)
    rows = call.room().conversations.get(call.params["user"], [])
    return call.page(rows if sort else rows[::-1])


@router.add("GET", "/v2/rooms/{room}/conversation/students", "list_conversations", region="optional")
def list_conversations(call: Call) -> dict[str, Any]:
    """List the students who have a conversation, and the last message of each."""
    room = call.room()
    rows = [{"studentUuid": uuid, "message": said[-1]} for uuid, said in room.conversations.items()]
    return call.page(rows)
