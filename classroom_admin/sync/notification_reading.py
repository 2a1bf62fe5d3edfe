"""Read a request of the cloud's Notifications service, and check its signatures. All functions are pure.

The service sends one event of a channel in each request: `{noticeId, productId, eventType, notifyMs,
payload}`. It repeats the request until the response has status 200. Its channels have the ids of our rooms.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from classroom_admin.agora.answers import read_json
from classroom_admin.agora.errors import UnreadableAnswer
from classroom_admin.common.json_reading import DEEPEST, as_json
from classroom_admin.events.registry import ROOM_ID_LENGTH
from classroom_admin.events.values import SMALL, Undecodable, identifier, mapping, moment, whole

SHA1_HEADER: Final = "Agora-Signature"
SHA256_HEADER: Final = "Agora-Signature-V2"
LARGEST_BODY: Final = 64 * 1024
"""The maximum size of a request (bytes)."""
CHANNEL_DESTROYED: Final = 102
JOINED: Final = (103, 105, 107)
LEFT: Final = (104, 106, 108)
"""The event types of people who join and leave: as hosts, as audience, and in channels without roles."""
KNOWN: Final = range(101, 113)
"""All event types of channels. Types 101, 111 and 112 (created, role changed) do not affect presence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notification. `at_ms` is the event's time, which the service sends in whole seconds.

    `at_ms` may be None if the event does not affect presence. `stream_uuid` is the stream that connected or
    left. It is "" if the event is about the channel.
    """

    notice_id: str
    event_type: int
    room_uuid: str
    stream_uuid: str
    at_ms: int | None
    client_seq: int | None
    reason: int | None
    duration_s: int | None
    raw: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The HTTP status for a request that can't be trusted, and a message for the log and the sender."""

    status: int
    words: str


def why_refused(*, secret: str, sha1: str, sha256: str, body: bytes) -> Refusal | None:
    """Return the reason why a request can't be trusted, or None if its signatures are valid.

    A request needs at least one signature, and all its signatures must be valid.
    """
    given = {
        name: value.strip().lower()
        for name, value in ((SHA256_HEADER, sha256), (SHA1_HEADER, sha1))
        if value.strip()
    }
    if not given:
        return Refusal(401, f"The request is not signed: {SHA256_HEADER} and {SHA1_HEADER} are missing.")
    for name, value in given.items():
        expected = signature(secret=secret, body=body, header=name)
        if not hmac.compare_digest(expected.encode(), value.encode()):
            return Refusal(403, f"{name} does not fit: another secret, or another body.")
    return None


def signature(*, secret: str, body: bytes, header: str) -> str:
    """Return the value of a signature header: the HMAC of the body in hexadecimal."""
    digest = hashlib.sha256 if header == SHA256_HEADER else hashlib.sha1
    return hmac.new(secret.encode(), body, digest).hexdigest()


def read(body: bytes) -> Notice:
    """Return the notification in a request. Raise Undecodable if it can't be read or stored."""
    try:
        content = read_json(body)
    except UnreadableAnswer:
        raise Undecodable(
            f"A notification that is not JSON, or is nested deeper than {DEEPEST} levels."
        ) from None
    if not isinstance(content, dict):
        raise Undecodable("A notification that is not an object.")
    notice_id = identifier(content.get("noticeId"))
    if notice_id is None:
        raise Undecodable("A notification without noticeId.")
    event_type = whole(content.get("eventType"), SMALL)
    if event_type is None:
        raise Undecodable("A notification without eventType.")
    payload = mapping(content.get("payload"))
    person = event_type in JOINED or event_type in LEFT
    stream_uuid = identifier(payload.get("account")) or identifier(payload.get("uid")) or ""
    room_uuid = identifier(payload.get("channelName"), ROOM_ID_LENGTH) or ""
    seconds = whole(payload.get("ts"))
    at_ms = moment(payload.get("ts") if seconds is None else seconds * 1000)
    if event_type in KNOWN and not room_uuid:
        raise Undecodable("A notification about a channel that it does not name.")
    if person and not stream_uuid:
        raise Undecodable("A notification about a person whom it does not name.")
    if person and at_ms is None:
        raise Undecodable("A notification without a usable time.")
    return Notice(
        notice_id=notice_id,
        event_type=event_type,
        room_uuid=room_uuid,
        stream_uuid=stream_uuid if event_type in KNOWN else "",
        at_ms=at_ms,
        client_seq=whole(payload.get("clientSeq")),
        reason=whole(payload.get("reason"), SMALL),
        duration_s=whole(payload.get("duration")),
        raw=as_json(content),
    )
