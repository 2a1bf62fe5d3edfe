"""The calls of Agora Chat's REST API. Each returns the ``data`` of its response."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from classroom_admin.simulator import json_bytes
from classroom_admin.simulator.checks import Fields
from classroom_admin.simulator.errors import CloudError
from classroom_admin.simulator.world import World, agora_chat
from classroom_admin.simulator.world.agora_chat import ADMIN, APP, FOREVER, ORG, AgoraChat, ChatRoom

MOST_MUTED = 60
FILE_LIFE_S = 1800
TYPES = ("txt", "img", "audio", "video", "file", "loc", "cmd", "custom")
_USER = re.compile(r"[A-Za-z0-9_.\-]{1,64}\Z")


@dataclass(slots=True, kw_only=True)
class ChatRequest:
    """A request to the chat service. ``base_url`` is the start of the URLs of files."""

    world: World
    params: dict[str, str]
    fields: Fields
    base_url: str
    secret: str

    @property
    def chat(self) -> AgoraChat:
        return self.world.agora_chat

    def room(self) -> ChatRoom:
        return self.chat.room(self.params["chatroom"])


Handler = Callable[[ChatRequest], Any]


@dataclass(frozen=True, slots=True)
class ChatRoute:
    name: str
    method: str
    template: str
    handler: Handler

    @property
    def full_path(self) -> str:
        return f"/chat/{{org}}/{{app}}{self.template}"


ROUTES: list[ChatRoute] = []


def route(method: str, template: str, name: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        ROUTES.append(ChatRoute(name, method, template, handler))
        return handler

    return register


def find(method: str, raw_path: bytes) -> tuple[ChatRoute, dict[str, str]]:
    """Return the call for a path below ``/chat``. Raise CloudError 404 if the path or the app is unknown."""
    parts = [unquote(part.decode("latin-1")) for part in raw_path.split(b"/")[2:]]
    if parts[:2] != [ORG, APP]:
        raise CloudError(404, 404, "organization_application_not_found: Could not find application")
    rest = parts[2:]
    for known in ROUTES:
        wanted = known.template.strip("/").split("/")
        if known.method != method or len(wanted) != len(rest):
            continue
        pairs = list(zip(wanted, rest, strict=True))
        if all(name[0] == "{" or name == given for name, given in pairs):
            return known, {name[1:-1]: given for name, given in pairs if name[0] == "{"}
    raise CloudError(404, 404, "service_resource_not_found: Service resource not found.")


def _names(values: list[str]) -> list[str]:
    if not values or len(values) > MOST_MUTED:
        raise CloudError(400, 400, f"illegal_argument: usernames must be 1 to {MOST_MUTED}")
    for value in values:
        if not _USER.match(value):
            raise CloudError(400, 400, f"illegal_argument: {value} is not legal.")
    return [value.lower() for value in values]


@route("POST", "/chatrooms/{chatroom}/ban", "chat_ban")
def ban(request: ChatRequest) -> dict[str, Any]:
    """Mute everyone in the chat room."""
    request.room().muted = True
    return {"mute": True}


@route("DELETE", "/chatrooms/{chatroom}/ban", "chat_unban")
def unban(request: ChatRequest) -> dict[str, Any]:
    request.room().muted = False
    return {"mute": False}


@route("POST", "/chatrooms/{chatroom}/mute", "chat_mute")
def mute(request: ChatRequest) -> list[dict[str, Any]]:
    """Mute up to 60 people for ``mute_duration`` milliseconds. The value -1 means permanently."""
    room, fields = request.room(), request.fields
    names = _names(fields.strings("usernames", required=True))
    duration = fields.integer("mute_duration", low=-1, required=True) or 0
    until = FOREVER if duration == FOREVER else request.world.now + duration
    room.muted_people |= dict.fromkeys(names, until)
    return [{"result": True, "expire": until, "user": name} for name in names]


@route("DELETE", "/chatrooms/{chatroom}/mute/{people}", "chat_unmute")
def unmute(request: ChatRequest) -> list[dict[str, Any]]:
    room = request.room()
    names = _names(request.params["people"].split(","))
    for name in names:
        room.muted_people.pop(name, None)
    return [{"result": True, "user": name} for name in names]


@route("GET", "/chatrooms/{chatroom}/mute", "chat_mutes")
def mutes(request: ChatRequest) -> list[dict[str, Any]]:
    now = request.world.now
    muted = request.room().muted_people.items()
    return [{"expire": until, "user": name} for name, until in muted if until == FOREVER or until > now]


@route("GET", "/chatrooms/{chatroom}", "chat_room")
def read_room(request: ChatRequest) -> list[dict[str, Any]]:
    room = request.room()
    return [{"id": room.id, "name": room.room_uuid, "mute": room.muted, "owner": ADMIN, "maxusers": 10_000}]


@route("POST", "/messages/chatrooms", "chat_send")
def send(request: ChatRequest) -> dict[str, str]:
    """Send a message to up to ten chat rooms. The sender is ``from`` or the administrator."""
    fields = request.fields
    to = fields.strings("to", required=True)
    if len(to) > 10:
        raise CloudError(400, 400, "illegal_argument: to must be at most 10 chat rooms")
    kind = fields.choice("type", TYPES, required=True)
    body = {"type": kind, **(fields.object("body", required=True) or {})}
    if kind == "txt":
        fields.fields("body").required_text("msg")
    sender = (fields.text("from") or ADMIN).lower()
    rooms = [request.chat.room(chat_room_id) for chat_room_id in to]
    return {
        room.id: agora_chat.deliver(request.world, room, sender, body, ext=fields.object("ext"))["msg_id"]
        for room in rooms
    }


@route("GET", "/chatmessages/{hour}", "chat_history_hour")
def history(request: ChatRequest) -> list[dict[str, str]]:
    """Return the URL of a file with the messages of an hour. Raise CloudError 404 if there are none."""
    hour, world = request.params["hour"], request.world
    first_ms = _hour_ms(hour)
    expired = first_ms + 3_600_000 <= world.now - request.chat.kept_ms
    if first_ms > world.now or expired:
        raise CloudError(400, 400, "illegal_argument: maybe chat message history is expired or unstored.")
    request.chat.note_history_call(world.now)
    if not request.chat.in_hour(first_ms, world.now):
        raise CloudError(404, 404, "storage_object_not_found: Failed to find chat message history")
    expires = world.now // 1000 + FILE_LIFE_S
    query = (
        f"Expires={expires}&OSSAccessKeyId=simulator&Signature={_signature(hour, expires, request.secret)}"
    )
    return [{"url": f"{request.base_url}/chat/files/{hour}.gz?{query}"}]


def file_of_hour(world: World, hour: str, query: dict[str, str], *, secret: str) -> bytes:
    """Return the compressed file of an hour.

    Raise CloudError 403 if the URL is not signed or has expired.
    """
    expires = int(query["Expires"]) if query.get("Expires", "").isdecimal() else 0
    if query.get("Signature") != _signature(hour, expires, secret):
        raise CloudError(403, 403, "SignatureDoesNotMatch")
    if expires * 1000 <= world.now:
        raise CloudError(403, 403, "AccessDenied: Request has expired.")
    rows = world.agora_chat.in_hour(_hour_ms(hour), world.now)
    return gzip.compress(b"\n".join(json_bytes.dump(row) for row in rows), mtime=0)


def _hour_ms(hour: str) -> int:
    try:
        moment = datetime.strptime(hour, "%Y%m%d%H").replace(tzinfo=UTC)
    except ValueError:
        raise CloudError(400, 400, "illegal_argument: This 'chatmessage' request is not supported.") from None
    if len(hour) != 10:
        raise CloudError(400, 400, "illegal_argument: This 'chatmessage' request is not supported.")
    return int(moment.timestamp() * 1000)


def _signature(hour: str, expires: int, secret: str) -> str:
    return hashlib.sha256(f"{hour}:{expires}:{secret}".encode()).hexdigest()[:28]
