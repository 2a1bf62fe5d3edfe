"""Remember who was erased, without personal data: as keyed hashes in the database and in a file.

A copy of the database that was made before an erasure contains the person again. The file
`DATA_DIR/erasures/ledger.jsonl` does not belong to the database, so it still knows about the erasure. Each
line is a JSON object: `{"key": encrypted}` or an erasure with its hashes. Lines are only added.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from classroom_admin.common import clock
from classroom_admin.common.encryption import Undecipherable, decrypt, encrypt
from classroom_admin.events.erasure import Finder, Replacement
from classroom_admin.privacy.person_models import ErasedIdentity, Erasure, ErasureKey

log = logging.getLogger(__name__)

Kind = ErasedIdentity.Kind
FORGET_AFTER_S: Final = 5.0
"""How long a process uses the erasures that it read, before it looks whether there are more."""
_NUMBER_BYTES: Final = 2


class NoKey(Exception):
    """The error if the key of the hashes can't be decrypted, because SECRET_KEY was replaced."""


def ledger_path() -> Path:
    """Return the path of the ledger file."""
    return Path(settings.DATA_DIR) / "erasures" / "ledger.jsonl"


def secret_of_hashes() -> bytes:
    """Return the key of the hashes. Create it if there is none. Raise ``NoKey`` if it can't be decrypted."""
    with transaction.atomic():
        row = ErasureKey.objects.order_by("pk").first()
        if row is None:
            fresh = _key_in_file() or secrets.token_hex(32)
            # Of two processes that create the key at the same moment, both use the first one's.
            ErasureKey.objects.bulk_create([ErasureKey(pk=1, secret=encrypt(fresh))], ignore_conflicts=True)
            row = ErasureKey.objects.get(pk=1)
    try:
        return bytes.fromhex(decrypt(row.secret))
    except Undecipherable as error:
        raise NoKey(str(error)) from error


def digest(secret: bytes, kind: str, text: str) -> str:
    """Return the keyed hash of an id, an email address, or a name on a list."""
    return hmac.new(secret, f"{kind}:{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def listed_text(list_key: str, exact_name: str) -> str:
    """Return the text that identifies a name on a class list."""
    return f"{list_key}:{exact_name}"


def new_number() -> str:
    """Return a random number for the name of an erased person. No other erasure has it."""
    size = _NUMBER_BYTES
    while Erasure.objects.filter(number=(number := secrets.token_hex(size))).exists():
        size = min(size + 1, 6)
    return number


def record(erasure: Erasure, found: Iterable[tuple[str, str, str]]) -> None:
    """Store the hashes of an erasure. `found` has tuples (kind, text, replacement)."""
    secret = secret_of_hashes()
    ErasedIdentity.objects.bulk_create(
        [
            ErasedIdentity(erasure=erasure, kind=kind, digest=digest(secret, kind, text), replacement=new)
            for kind, text, new in found
        ],
        ignore_conflicts=True,
    )


def write_to_file(erasure: Erasure) -> None:
    """Append the erasure to the ledger file, unless the file has it. Only the file's owner may read it."""
    lines: list[dict[str, Any]] = []
    secret = secret_of_hashes().hex()
    if _key_in_file() != secret:
        lines.append({"key": encrypt(secret)})
    if erasure.key not in {entry.key for entry in entries_in_file()}:
        lines.append(
            {
                "erasure": erasure.key,
                "number": erasure.number,
                "mode": erasure.mode,
                "at": clock.iso(erasure.at),
                "identities": [
                    [one.kind, one.digest, one.replacement] for one in erasure.identities.order_by("pk")
                ],
            }
        )
    if lines:
        _append(lines)


def encrypt_key_again() -> int:
    """Append the key of the hashes to the ledger file, encrypted with the current SECRET_KEY.

    Return how many keys were encrypted. It is 0 if there is no file, or if its key can't be decrypted.
    """
    kept = _key_in_file()
    if kept is None:
        return 0
    _append([{"key": encrypt(kept)}])
    return 1


@dataclass(frozen=True, slots=True)
class Entry:
    """An erasure in the ledger file. `identities` has tuples (kind, digest, replacement)."""

    key: str
    number: str
    mode: str
    at: datetime
    identities: list[tuple[str, str, str]]


def entries_in_file() -> list[Entry]:
    """Return the erasures in the ledger file, the oldest first. Skip damaged lines."""
    found: dict[str, Entry] = {}
    for line in _lines():
        try:
            if "erasure" in line:
                identities = [(str(kind), str(value), str(new)) for kind, value, new in line["identities"]]
                at = datetime.fromisoformat(line["at"])
                entry = Entry(line["erasure"], line["number"], line["mode"], at, identities)
                found.setdefault(entry.key, entry)
        except (KeyError, TypeError, ValueError):
            log.warning("a line of %s is damaged", ledger_path())
    return list(found.values())


def adopt(entry: Entry) -> Erasure | None:
    """Store an erasure of the file in the database. Return None if the database has it."""
    if Erasure.objects.filter(key=entry.key).exists():
        return None
    with transaction.atomic():
        _adopt_key()
        erasure = Erasure.objects.create(key=entry.key, number=entry.number, mode=entry.mode, at=entry.at)
        ErasedIdentity.objects.bulk_create(
            [
                ErasedIdentity(erasure=erasure, kind=kind, digest=value, replacement=new)
                for kind, value, new in entry.identities
            ],
            ignore_conflicts=True,
        )
    return erasure


def _adopt_key() -> None:
    """Use the key of the file if the database has none, or one with which nothing was hashed."""
    kept = _key_in_file()
    if kept is None:
        raise NoKey("The ledger file has no key that SECRET_KEY or SECRET_KEY_FALLBACKS decrypts.")
    if not Erasure.objects.exists():
        ErasureKey.objects.all().delete()
        ErasureKey.objects.create(secret=encrypt(kept))
    elif secret_of_hashes().hex() != kept:
        raise NoKey("The ledger file has another key than the database.")


def _key_in_file() -> str | None:
    kept = None
    for line in _lines():
        if isinstance(line.get("key"), str):
            try:
                kept = decrypt(line["key"])
            except Undecipherable:
                continue
    return kept


def _lines() -> list[dict[str, Any]]:
    try:
        text = ledger_path().read_text()
    except FileNotFoundError:
        return []
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:  # the process was killed while it wrote
            log.warning("a line of %s is damaged", ledger_path())
    return [line for line in found if isinstance(line, dict)]


def _append(lines: list[dict[str, Any]]) -> None:
    path = ledger_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
        os.write(descriptor, f"\n{text}".encode() if _is_cut_off(path) else text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_cut_off(path: Path) -> bool:
    """Return whether the last line has no end, because a process was killed while it wrote."""
    content = path.read_bytes()
    return bool(content) and not content.endswith(b"\n")


@dataclass(slots=True)
class Remembered:
    """The erasures since a moment, found by hashes. It implements `events.erasure.Finder`."""

    secret: bytes
    people: dict[str, Replacement]
    emails: frozenset[str]
    _known: dict[str, Replacement | None] = field(default_factory=dict)

    def by_id(self, text: str) -> Replacement | None:
        if text not in self._known:
            if len(self._known) > 50_000:
                self._known.clear()
            self._known[text] = self.people.get(digest(self.secret, Kind.USER_ID, text))
        return self._known[text]

    def by_name(self, text: str) -> Replacement | None:
        return None

    def of_contact(self, text: str) -> bool:
        return digest(self.secret, Kind.EMAIL, text.strip().lower()) in self.emails


class _Erasures:
    """The erasures in the database, as this process last read them."""

    def __init__(self) -> None:
        self.read_at = clock.monotonic()

    @cached_property
    def rows(self) -> list[tuple[int, str, str, str, str, str]]:
        columns = ("erasure__at", "kind", "digest", "replacement", "erasure__number", "erasure__mode")
        return [(clock.to_ms(at), *rest) for at, *rest in ErasedIdentity.objects.values_list(*columns)]

    @cached_property
    def latest_ms(self) -> int:
        return max((row[0] for row in self.rows), default=0)

    @cached_property
    def finders(self) -> dict[int, Finder]:
        return {}

    def finder(self, ts_ms: int | None) -> Finder | None:
        """Return the people who were erased at or after a time."""
        if not self.rows or (ts_ms is not None and ts_ms > self.latest_ms):
            return None
        first = min(row[0] for row in self.rows if ts_ms is None or row[0] >= ts_ms)
        if first not in self.finders:
            self.finders[first] = self._made(first)
        return self.finders[first]

    def _made(self, first: int) -> Finder:
        people, emails = {}, set()
        for at_ms, kind, value, new, number, mode in self.rows:
            if at_ms < first:
                continue
            if kind == Kind.USER_ID:
                name = Erasure(number=number).name
                people[value] = Replacement(new, name, remove=mode == Erasure.Mode.ERASE)
            elif kind == Kind.EMAIL:
                emails.add(value)
        return Remembered(secret_of_hashes(), people, frozenset(emails))


_remembered: _Erasures | None = None


def forget() -> None:
    """Read the erasures again before the next event."""
    global _remembered
    _remembered = None


def finder_for(ts_ms: int | None) -> Finder | None:
    """Return the people who were erased after a time (ms since 1970 UTC), or at any time if it is None."""
    global _remembered
    if _remembered is None or clock.monotonic() - _remembered.read_at > FORGET_AFTER_S:
        _remembered = _Erasures()
    return _remembered.finder(ts_ms)
