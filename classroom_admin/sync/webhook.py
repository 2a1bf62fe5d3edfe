"""The relay: notifications that only the cloud's messaging channel carries, sent on to us over HTTP.

Peer messages come no other way; room events may come this way as well as by the poll, and are stored once.
A relay signs its requests with a secret that both know, so that nobody else can put words into a class.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from classroom_admin.agora.answers import RawAnswer
from classroom_admin.common import clock
from classroom_admin.common.problem_texts import in_english
from classroom_admin.sync import inbox, projector
from classroom_admin.sync.models import InboxAnswer
from classroom_admin.sync.webhook_items import Refused

TIMESTAMP_HEADER: Final = "X-Relay-Timestamp"
SIGNATURE_HEADER: Final = "X-Relay-Signature"
CLOCKS_APART_S: Final = 300
"""How far the relay's clock may be from ours; a captured request is worth nothing after it."""
LARGEST_BODY: Final = 1024 * 1024
"""Bytes of one request."""

__all__ = ["CLOCKS_APART_S", "LARGEST_BODY", "Accepted", "Refused", "accept", "signature", "why_not_signed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of the items of a request: together as many as it had."""

    stored: int
    duplicates: int


def signature(*, secret: str, timestamp: str, body: bytes) -> str:
    """What `X-Relay-Signature` must say: `sha256=` and the hex HMAC of "timestamp.body"."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def why_not_signed(*, secret: str, timestamp: str, given: str, body: bytes, now_s: float) -> str:
    """Why a request is not to be trusted, in words for the log and the relay; "" where it is. Pure."""
    if not secret:
        return (
            "RELAY_SECRET is not set here, so no relay can be trusted: set it, and give the relay the same."
        )
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return f"{TIMESTAMP_HEADER} must be the time in whole seconds since 1970."
    expected = signature(secret=secret, timestamp=timestamp, body=body)
    if not hmac.compare_digest(expected.encode(), given.strip().lower().encode()):
        return f"{SIGNATURE_HEADER} does not fit: other secret, other body, or not signed at all."
    apart = int(timestamp) - now_s
    if abs(apart) > CLOCKS_APART_S:
        side = "behind" if apart < 0 else "ahead of"
        return f"{TIMESTAMP_HEADER} is {abs(apart):.0f} s {side} our clock; {CLOCKS_APART_S} s are allowed."
    return ""


def accept(body: bytes) -> Accepted:
    """Take a request that is known to come from the relay: keep its bytes, read them, project what is new.

    Raises Refused where an item is wrong; nothing of the request stays then. Asks the cloud nothing.
    """
    raw = RawAnswer(body=body, http_status=0, received_at_ms=clock.now_ms(), request_id=None, path="")
    found = inbox.read(inbox.keep(raw, source=InboxAnswer.Source.RELAY).pk)
    if found.problem:
        raise Refused(in_english(found.problem))
    projector.project_rooms(sorted(found.rooms))
    stored = found.stored + found.set_aside
    return Accepted(stored=stored, duplicates=found.items - stored)
