"""Decode and project the messages of Agora Chat (stream `chat`).

They arrive by webhook and in hourly files, in any order, and have an id but no sequence number. A stored
message has the fields that both sources share: `msg_id timestamp chat_type from to payload`. Its sender is
named by an id in Agora Chat. Classroom clients add the name and the role in `payload.ext`.
"""

import json
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from classroom_admin.events.deletion import DELETED
from classroom_admin.events.event import Event, EventKind, EventType, Match
from classroom_admin.events.people import Person
from classroom_admin.events.rows import MessageRow, Rows
from classroom_admin.events.sentences import Names, Sentence, isolated, quoted
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import (
    Raw,
    Undecodable,
    identifier,
    mapping,
    moment,
    name_text,
    plain,
    role,
    text,
)

FIRST_NUMBER: Final = 1 << 40
"""The smallest number of a message; its order of arrival is added. Sequence numbers of rooms are lower."""
SENDER: Final = "chatUserUuid"
"""The field of a stored message with the sender's id in Agora Chat, in lower case."""
ORDERS: Final = ("setAllMute", "removeAllMute", "mute", "unmute", "DEL")
"""The commands that classroom clients send to each other through the chat."""


@dataclass(slots=True)
class ChatMessage:
    """A message. `kind` is `chat`, `custom` or `order`. An order is a command of a classroom client.

    `text` is the message, or the name of a file in the message. `order` is the name of the command, and
    `about` is the name of the person to whom it applies. `deleted` is True if retention deleted the text.
    """

    kind: str
    text: str
    sender: Person
    order: str = ""
    about: str = ""
    file_kind: str = ""
    sent_ms: int | None = None
    deleted: bool = False


def decode(raw: Raw, odd: list[str]) -> ChatMessage:
    """Decode a message. Raise Undecodable if it has no sender or no content."""
    sender = _sender(raw)
    if kept_kind := text(raw.get(DELETED)):
        return ChatMessage(kept_kind, "", sender, sent_ms=moment(raw.get("timestamp")), deleted=True)
    payload = mapping(raw.get("payload"))
    bodies = payload.get("bodies")
    body = mapping(bodies[0]) if isinstance(bodies, list) and bodies else {}
    kind = text(body.get("type")) or ("txt" if "msg" in body else "")
    if kind == "txt":
        written = text(body.get("msg"))
        if written is None:
            raise Undecodable("a chat message without text")
        return ChatMessage("chat", written, sender, sent_ms=moment(raw.get("timestamp")))
    if kind == "cmd":
        about = mapping(payload.get("ext")).get("muteNickName")
        return ChatMessage(
            "order", "", sender, order=text(body.get("action")) or "", about=name_text(about) or ""
        )
    if kind == "custom":
        content = {name: body[name] for name in ("customEvent", "customExts") if name in body}
        return ChatMessage("custom", json.dumps(plain(content), ensure_ascii=False), sender)
    if not kind:
        raise Undecodable("a chat message without content")
    named = text(body.get("filename")) or text(body.get("file_name")) or text(body.get("addr")) or ""
    return ChatMessage("chat", named, sender, file_kind=kind)


def is_order(raw: Raw) -> bool:
    """Return whether a stored message is a command of a classroom client, for example to mute someone."""
    bodies = mapping(raw.get("payload")).get("bodies")
    return isinstance(bodies, list) and any(mapping(body).get("type") == "cmd" for body in bodies)


def _sender(raw: Raw) -> Person:
    chat_user = identifier(raw.get(SENDER)) or identifier(raw.get("from"))
    if chat_user is None:
        raise Undecodable("a chat message without sender")
    shown = mapping(mapping(raw.get("payload")).get("ext"))
    given = shown.get("role")
    return Person(chat_user.lower(), name_text(shown.get("nickName")), None if given is None else role(given))


def apply(event: Event[ChatMessage], time: EventTime, rows: Rows) -> None:
    """Store the message once. Ignore a message without a digest, because it can't be identified.

    No other row is read, because people's names may be projected later. Pages look names up.
    """
    data = event.data
    if not event.digest or data.kind == "order":
        return
    sequence = FIRST_NUMBER + event.sequence
    row = MessageRow(sequence, time.at, data.kind, text=data.text, approximate=time.approximate)
    row.deleted = data.deleted
    row.user_uuid, row.name, row.role = (
        data.sender.user_uuid,
        data.sender.name or "",
        data.sender.role or "unknown",
    )
    rows.messages[sequence] = row
    rows.dirty.add(("message", sequence))
    if data.kind == "chat":
        rows.room.chat_count += 1


def sentence(data: ChatMessage, names: Names) -> Sentence:
    who = names.who(data.sender)
    if data.kind == "custom":
        return "send", _("%(who)s sent a message to the class's apps") % {"who": who}
    if data.kind == "order":
        return _order_sentence(data, who)
    if data.deleted:
        return "message-square", _("%(who)s wrote a message. Its text was deleted.") % {"who": who}
    if data.file_kind and data.text:
        return "message-square", _("%(who)s shared in the chat: %(what)s") % {
            "who": who,
            "what": quoted(data.text),
        }
    if data.text:
        return "message-square", _("%(who)s wrote: %(what)s") % {"who": who, "what": quoted(data.text)}
    return "message-square", _("%(who)s wrote in the chat") % {"who": who}


def _order_sentence(data: ChatMessage, who: str) -> Sentence:
    places = {"who": who, "whom": isolated(data.about) if data.about else "?"}
    words = {
        "setAllMute": _("%(who)s muted the chat for everyone"),
        "removeAllMute": _("%(who)s unmuted the chat for everyone"),
        "mute": _("%(who)s muted %(whom)s in the chat"),
        "unmute": _("%(who)s unmuted %(whom)s in the chat"),
        "DEL": _("%(who)s deleted a chat message"),
    }.get(data.order, _("%(who)s sent a message to the class's apps"))
    return ("send" if data.order not in ORDERS else "message-square-off"), words % places


def confirms(data: ChatMessage, match: Match) -> bool:
    """Return whether the message has the text in `match` and was sent at or after its `since_ms`."""
    since_ms = match.get("since_ms")
    return (
        data.kind == "chat"
        and data.text == match.get("text")
        and since_ms is not None
        and data.sent_ms is not None
        and data.sent_ms >= since_ms
    )


TYPES = (
    EventType(
        kinds=(EventKind.AGORA_CHAT,),
        fields=lambda raw: raw,
        decode=decode,
        apply=apply,
        sentence=sentence,
        name="chat",
        confirms=confirms,
        own_time=lambda data, fields: moment(fields.get("timestamp")),
    ),
)
