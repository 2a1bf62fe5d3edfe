"""Accept webhook requests. They come from the relay, a client of the cloud's messaging channel.

Direct messages arrive only by webhook. Room events may arrive by webhook and by polling; each is stored once.
The relay signs its requests with a shared secret, so nobody else can add messages to a class.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from classroom_admin.agora.answers import RawAnswer
from classroom_admin.common import clock
from classroom_admin.common.numbers import parsed
from classroom_admin.common.problem_texts import in_english
from classroom_admin.sync import inbox, projector
from classroom_admin.sync.models import InboxAnswer
from classroom_admin.sync.webhook_items import Refused as Refused

TIMESTAMP_HEADER: Final = "X-Relay-Timestamp"
SIGNATURE_HEADER: Final = "X-Relay-Signature"
CLOCKS_APART_S: Final = 300
"""The maximum difference (s) between the time in a request and our clock. Other requests are refused."""
LARGEST_BODY: Final = 1024 * 1024
"""The maximum size of a request (bytes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The number of new items in a request, and the number of items that were already stored."""

    stored: int
    duplicates: int


def signature(*, secret: str, timestamp: str, body: bytes) -> str:
    """Return the expected value of the header `X-Relay-Signature`.

    It is `sha256=` and the HMAC of "timestamp.body" in hexadecimal.
    """
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def why_not_signed(*, secret: str, timestamp: str, given: str, body: bytes, now_s: float) -> str:
    """Return the reason why a request can't be trusted, or "" if its signature is valid.

    The log and the relay get this text.
    """
    if not secret:
        return (
            "RELAY_SECRET is not set here, so no relay can be trusted: set it, and give the relay the same."
        )
    sent_s = parsed(timestamp, most_digits=12)
    if sent_s is None:
        return f"{TIMESTAMP_HEADER} must be the time in whole seconds since 1970."
    expected = signature(secret=secret, timestamp=timestamp, body=body)
    if not hmac.compare_digest(expected.encode(), given.strip().lower().encode()):
        return f"{SIGNATURE_HEADER} does not fit: other secret, other body, or not signed at all."
    apart = sent_s - now_s
    if abs(apart) > CLOCKS_APART_S:
        side = "behind" if apart < 0 else "ahead of"
        return f"{TIMESTAMP_HEADER} is {abs(apart):.0f} s {side} our clock; {CLOCKS_APART_S} s are allowed."
    return ""


def accept(body: bytes, *, timestamp: str) -> Accepted:
    """Store and project the items of a request. The caller has verified the signature.

    ``timestamp`` is the time in the request. It distinguishes a repeated request from a new request with the
    same items. If an item is invalid, store nothing and raise Refused.
    """
    raw = RawAnswer(body=body, http_status=0, received_at_ms=clock.now_ms(), request_id=timestamp, path="")
    found = inbox.read(inbox.keep(raw, source=InboxAnswer.Source.RELAY).pk)
    if found.problem:
        raise Refused(in_english(found.problem))
    projector.project_rooms(sorted(found.rooms))
    stored = found.stored + found.set_aside
    return Accepted(stored=stored, duplicates=found.items - stored)


def accept_notification(body: bytes) -> inbox.Found:
    """Store a notification of the cloud's Notifications service. The caller has verified its signatures."""
    raw = RawAnswer(body=body, http_status=0, received_at_ms=clock.now_ms(), request_id=None, path="")
    return inbox.read(inbox.keep(raw, source=InboxAnswer.Source.NOTICE).pk)
