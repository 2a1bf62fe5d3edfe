"""Decode and project custom messages (cmd 99, or 21 with a message) and direct messages (stream `peer`).

Direct messages have no sequence number and change no other rows. They can therefore be projected before or
after other streams. If a message does not contain a name, pages look up the name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.deletion import DELETED
from classroom_admin.events.event import Event, EventKind, EventType, data_of
from classroom_admin.events.people import Person, read_person
from classroom_admin.events.rows import MessageRow, Needs, PeerRow, Rows
from classroom_admin.events.sentences import Names, Sentence
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import Raw, Undecodable, identifier, plain, text

RECEIVER = "toUserUuid"


@dataclass(slots=True)
class Message:
    """A message of the kind `chat` or `custom`.

    If it is a direct message, `to` is the recipient's user id. `deleted` says whether retention deleted the
    text.
    """

    kind: str
    text: str
    sender: Person | None = None
    to: str | None = None
    deleted: bool = False

    @property
    def sender_is_known(self) -> bool:
        """Return whether the message has its sender's name and role. Also return True if it has no sender."""
        sender = self.sender
        return sender is None or (bool(sender.name) and sender.role not in (None, "unknown"))


def decode_message(data: Raw, odd: list[str], *, kind: str) -> Message:
    """Decode a message. An object or list becomes JSON text. Raise Undecodable if the text is missing."""
    raw = data.get("message")
    written = text(raw)
    if written is None:
        if not isinstance(raw, Mapping | list):
            raise Undecodable("a message without text")
        written = json.dumps(plain(raw), ensure_ascii=False)
    sender = read_person(data.get("fromUser"))
    return Message(kind, written, sender, deleted=data.get(DELETED) is True)


def needs_sender(event: Event[Message], needed: Needs) -> None:
    sender = event.data.sender
    if sender is not None and not event.data.sender_is_known:
        needed.participants.add(sender.user_uuid)


def apply_message(event: Event[Message], time: EventTime, rows: Rows) -> None:
    """Store the message. If the sender's name or role is missing, take it from the sender's row.

    Only chat messages are counted.
    """
    data, sequence = event.data, event.sequence
    row = MessageRow(sequence, time.at, data.kind, text=data.text, approximate=time.approximate)
    row.deleted = data.deleted
    sender = data.sender
    if sender is not None:
        row.user_uuid = sender.user_uuid
        row.name = sender.name or ""
        row.role = sender.role or "unknown"
        known = None if data.sender_is_known else rows.participants.get(sender.user_uuid)
        if known is not None:
            row.name = row.name or known.name
            row.role = known.role if row.role == "unknown" else row.role
    rows.messages[sequence] = row
    rows.dirty.add(("message", sequence))
    if data.kind == "chat":
        rows.room.chat_count += 1


def custom_sentence(data: Message, names: Names) -> Sentence:
    return "send", _("%(who)s sent a message to the class's apps") % {"who": names.who(data.sender)}


def _peer_fields(raw: Raw) -> Raw:
    """Return the event's data and its recipient."""
    data = data_of(raw)
    return {**data, RECEIVER: raw[RECEIVER]} if raw.get(RECEIVER) else data


def _decode_peer(data: Raw, odd: list[str], *, kind: str) -> Message:
    found = decode_message(data, odd, kind=kind)
    found.to = identifier(data.get(RECEIVER))
    return found


def _apply_peer(event: Event[Message], time: EventTime, rows: Rows) -> None:
    """Store the message once. Ignore a message without a digest, because it can't be identified."""
    if not event.digest:
        return
    data = event.data
    row = PeerRow(event.digest, event.sequence, time.at, data.kind, text=data.text)
    row.approximate = time.approximate
    row.to_user_uuid = data.to or ""
    if data.sender is not None:
        row.user_uuid = data.sender.user_uuid
        row.name = data.sender.name or ""
        row.role = data.sender.role or "unknown"
    rows.peers[event.digest] = row
    rows.dirty.add(("peer", event.digest))


TYPES = (
    EventType(
        kinds=(EventKind.CUSTOM_MESSAGE,),
        decode=partial(decode_message, kind="custom"),
        needs=needs_sender,
        apply=apply_message,
        sentence=custom_sentence,
        name="custom",
        label=gettext_lazy("Messages to apps"),
    ),
    *(
        EventType(
            kinds=(peer_kind,),
            fields=_peer_fields,
            decode=partial(_decode_peer, kind=kind),
            apply=_apply_peer,
            sentence=custom_sentence,
        )
        for peer_kind, kind in ((EventKind.PEER_CHAT, "chat"), (EventKind.PEER_CUSTOM_MESSAGE, "custom"))
    ),
)
