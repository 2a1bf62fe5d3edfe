"""Compute the signatures of audit records and the hashes of their chain. No database, no clock.

Each record has a *tag*, a keyed hash (HMAC-SHA256) of its values. Personal values enter the tag only by a
*commitment*, a hash with a random salt. If the values and their salt are erased, the commitment no longer
tells anything about them, but the tag can still be verified. `docs/decisions/audit-chain.md` says why.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from django.conf import settings

ACTOR, SUBJECT, DETAIL = "actor", "subject", "detail"
"""The personal parts of records: who acted (entry), on whom (entry), and the detail of a step."""
PARTS: Final = {
    ACTOR: ("actor_name", "address", "agent"),
    SUBJECT: ("target", "target_name", "params"),
    DETAIL: ("detail",),
}
"""The columns of each personal part."""
SALTS: Final = {ACTOR: "actor_salt", SUBJECT: "subject_salt", DETAIL: "salt"}
NO_HASH: Final = "0" * 64
"""The hash before the first link."""
_PURPOSE: Final = b"classroom_admin.audit"


def new_salt() -> str:
    """Return 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def commitment(salt: str, values: Iterable[Any]) -> str:
    """Return the hash of personal values with their salt."""
    return hmac.digest(salt.encode(), _canonical(list(values)), "sha256").hex()


def entry_values(
    actor_id: int | None,
    action: str,
    room_uuid: str,
    at: datetime,
    request_id: str,
    *,
    actor: str,
    subject: str,
) -> bytes:
    """Return what the tag of an entry covers. `actor` and `subject` are the commitments of its parts."""
    return _plain(["entry", actor_id, action, room_uuid, _moment(at), request_id, actor, subject])


def step_values(entry_id: int, kind: str, room_uuid: str, at: datetime, *, detail: str) -> bytes:
    """Return what the tag of a step covers. `detail` is the commitment of its detail."""
    return _plain(["step", entry_id, kind, room_uuid, _moment(at), detail])


def link_values(number: int, previous: str, kind: str, record_id: int, tag: str) -> bytes:
    """Return what the hash of a link covers. `previous` is the hash of the link before it."""
    return f"link {number} {previous} {kind} {record_id} {tag}".encode()


def checkpoint_values(kind: str, number: int, hash_: str, at: datetime, problem: str = "") -> bytes:
    """Return what the tag of a checkpoint covers."""
    return _plain(["checkpoint", kind, number, hash_, _moment(at), problem])


def sign(values: bytes) -> str:
    """Return the signature of `values` with the newest key, in hexadecimal."""
    return hmac.digest(_keys()[0], values, "sha256").hex()


def is_signature(signature: str, values: bytes) -> bool:
    """Return whether `signature` is valid for `values` with any configured key."""
    return any(hmac.compare_digest(hmac.digest(key, values, "sha256").hex(), signature) for key in _keys())


def _keys() -> tuple[bytes, ...]:
    return _derived(tuple(settings.AUDIT_KEYS))


@lru_cache(maxsize=8)
def _derived(keys: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(hmac.digest(_PURPOSE, key.encode(), hashlib.sha256) for key in keys)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(values: list[Any]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode()


def _canonical(values: list[Any]) -> bytes:
    """Return JSON that is the same before and after any database stored the values.

    PostgreSQL sorts the keys of objects and stores 1e22 as a whole number.
    """
    text = json.dumps(values, separators=(",", ":"))
    if "{}" in text[-3:] or "{" not in text:  # most records: nothing to sort
        return text.encode()
    stored = json.loads(text, parse_float=_number)
    return json.dumps(stored, separators=(",", ":"), sort_keys=True).encode()


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() else value
