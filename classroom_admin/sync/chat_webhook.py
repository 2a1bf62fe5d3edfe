"""Accept the callbacks of Agora Chat, which deliver each message as soon as it is sent.

The service signs a callback inside its body: `security` is the MD5 of `callId`, the secret of the callback
rule and `timestamp`. The signature does not cover the message. Use `https`, so nobody can copy a signature. A
callback with a valid signature is stored unchanged. If the answer is not 200, the service repeats the
callback once.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final

from classroom_admin.agora.answers import RawAnswer, read_json
from classroom_admin.agora.errors import UnreadableAnswer
from classroom_admin.common import clock
from classroom_admin.events.agora_chat import is_order
from classroom_admin.sync import chat_items, chat_rooms, inbox, projector
from classroom_admin.sync.models import InboxAnswer
from classroom_admin.sync.webhook import Accepted

LARGEST_BODY: Final = 256 * 1024
"""The maximum size of a callback (bytes). A message has at most 5 kB."""


def signature(*, secret: str, call_id: str, timestamp: str) -> str:
    """Return the expected value of the callback's `security` field, as the vendor documents it."""
    return hashlib.md5(f"{call_id}{secret}{timestamp}".encode(), usedforsecurity=False).hexdigest()


def why_not_signed(*, secret: str, body: bytes) -> str:
    """Return the reason why a callback can't be trusted, or "" if its signature is valid.

    The log and the sender get this text.
    """
    content = _content(body)
    if content is None:
        return "The body is not a JSON object, so it has no signature."
    call_id, timestamp, given = (content.get(name) for name in ("callId", "timestamp", "security"))
    if not isinstance(call_id, str) or isinstance(timestamp, bool) or not isinstance(timestamp, int | str):
        return "callId or timestamp is missing."
    expected = signature(secret=secret, call_id=call_id, timestamp=str(timestamp))
    if not isinstance(given, str) or not hmac.compare_digest(
        expected.encode(), given.strip().lower().encode()
    ):
        return "security does not fit: another secret, or not signed at all."
    return ""


def accept(body: bytes) -> Accepted:
    """Store and project the message in a callback. The caller has verified the signature.

    A damaged message is quarantined. If the chat room is unknown, the message is kept for a day, because its
    class may become known.
    """
    content = _content(body) or {}
    items = chat_items.read_items(body)
    if items.others and not items.messages and not items.unreadable:
        return Accepted(stored=0, duplicates=0)
    raw = RawAnswer(
        body=body,
        http_status=0,
        received_at_ms=clock.now_ms(),
        request_id=chat_items.app_key_of(content),
        path="",
    )
    chat_room_id = next((message["chatRoomId"] for message in items.messages), "")
    answer = inbox.keep(raw, source=InboxAnswer.Source.CHAT_CALL, room_uuid=chat_room_id)
    found = inbox.read(answer.pk)
    projector.project_rooms(sorted(found.rooms))
    if any(is_order(message) for message in items.messages):
        chat_rooms.changed([chat_room_id])
    return Accepted(stored=found.stored, duplicates=found.items - found.stored - found.quarantined)


def _content(body: bytes) -> Mapping[str, Any] | None:
    try:
        content = read_json(body)
    except UnreadableAnswer:
        return None
    return content if isinstance(content, Mapping) else None
