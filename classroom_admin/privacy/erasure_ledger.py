"""Remember who was erased, without personal data: as keyed hashes in the database and in a file.

A copy of the database that was made before an erasure contains the person again. The file
`DATA_DIR/erasures/ledger.jsonl` does not belong to the database, so it still knows about the erasure. Each
line is a JSON object: `{"key": encrypted, "id": …}` or an erasure with its hashes. Lines are only added.
A file can have several keys, for example after a loss of SECRET_KEY. `with` in the line of an erasure is the
id of its key. Lines of older versions have no ids: their key is the last one before them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max

from classroom_admin.common import clock
from classroom_admin.common.encryption import Undecipherable, decrypt, encrypt, renewed
from classroom_admin.events.erasure import Finder, Replacement
from classroom_admin.privacy.person_models import ErasedIdentity, Erasure, ErasureKey

log = logging.getLogger(__name__)

Kind = ErasedIdentity.Kind
_NUMBER_BYTES: Final = 2


class NoKey(Exception):
    """The error if the key of the hashes can't be decrypted, because SECRET_KEY was replaced."""


def ledger_path() -> Path:
    """Return the path of the ledger file."""
    return Path(settings.DATA_DIR) / "erasures" / "ledger.jsonl"


def secret_of_hashes(erasure: Erasure | None = None) -> bytes:
    """Return the key of the hashes of an erasure, or the key for new ones. Create it if there is none.

    Raise ``NoKey`` if it can't be decrypted.
    """
    row = (erasure and erasure.hashed_with) or _first_key()
    try:
        return bytes.fromhex(decrypt(row.secret))
    except Undecipherable as error:
        raise NoKey(str(error)) from error


def _first_key() -> ErasureKey:
    with transaction.atomic():
        row = ErasureKey.objects.order_by("pk").first()
        if row is None:
            known = [one for one in _Keys(_lines()).secrets.values() if one]
            fresh = known[-1] if known else secrets.token_hex(32)
            # Of two processes that create the key at the same moment, both use the first one's.
            ErasureKey.objects.bulk_create([ErasureKey(pk=1, secret=encrypt(fresh))], ignore_conflicts=True)
            row = ErasureKey.objects.get(pk=1)
    return row


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
    secret = secret_of_hashes(erasure).hex()
    if not _Keys(_lines()).secrets.get(_id_of(secret)):
        lines.append(_key_line(secret))
    if erasure.key not in {entry.key for entry in entries_in_file()}:
        lines.append(
            {
                "erasure": erasure.key,
                "number": erasure.number,
                "mode": erasure.mode,
                "at": clock.iso(erasure.at),
                "with": _id_of(secret),
                "identities": [
                    [one.kind, one.digest, one.replacement] for one in erasure.identities.order_by("pk")
                ],
            }
        )
    if lines:
        _append(lines)


def encrypt_key_again() -> int:
    """Append each key of the ledger file, encrypted with the current SECRET_KEY, unless the file has it so.

    Return how many keys were encrypted. Keys that no configured key decrypts stay as they are.
    """
    keys = _Keys(_lines())
    old = [secret for key_id, secret in keys.secrets.items() if secret and key_id not in keys.current]
    if old:
        _append([_key_line(secret) for secret in old])
    return len(old)


def _key_line(secret: str) -> dict[str, Any]:
    return {"key": encrypt(secret), "id": _id_of(secret)}


def _id_of(secret: str) -> str:
    """Return the id of a key in the ledger file. The key is random, so its hash reveals nothing."""
    return hashlib.sha256(f"classroom_admin.erasure_key:{secret}".encode()).hexdigest()[:16]


class _Keys:
    """The keys in the lines of the ledger file.

    `secrets` has each key by its id, or None if it can't be decrypted. `current` has the ids of those that
    are encrypted with the current SECRET_KEY.
    """

    def __init__(self, lines: Iterable[dict[str, Any]]) -> None:
        self.secrets: dict[str, str | None] = {}
        self.current: set[str] = set()
        for line in lines:
            self.read(line)

    def read(self, line: dict[str, Any]) -> str | None:
        """Read a line with a key, and return the key's id. It is None if it is unknown."""
        token = str(line.get("key", ""))
        try:
            secret = decrypt(token)
        except Undecipherable:
            key_id = line.get("id")
            if key_id:
                self.secrets.setdefault(str(key_id), None)
            return str(key_id) if key_id else None
        key_id = _id_of(secret)
        self.secrets[key_id] = secret
        if renewed(token) == token:
            self.current.add(key_id)
        return key_id


@dataclass(frozen=True, slots=True)
class Entry:
    """An erasure in the ledger file. `identities` has tuples (kind, digest, replacement).

    `secret` is the key of the hashes in hexadecimal digits, or None if it can't be decrypted.
    """

    key: str
    number: str
    mode: str
    at: datetime
    identities: list[tuple[str, str, str]]
    secret: str | None


def entries_in_file() -> list[Entry]:
    """Return the erasures in the ledger file, the oldest first. Skip damaged lines."""
    found: dict[str, Entry] = {}
    lines = _lines()
    keys, key_before = _Keys(lines), None
    known = [secret for secret in keys.secrets.values() if secret]
    for line in lines:
        try:
            if "key" in line:
                key_before = keys.read(line)
            if "erasure" in line:
                identities = [(str(kind), str(value), str(new)) for kind, value, new in line["identities"]]
                at = datetime.fromisoformat(line["at"])
                secret = keys.secrets.get(line.get("with") or key_before or "")
                if secret is None and "with" not in line and len(known) == 1:
                    secret = known[0]  # an older version encrypted the key again further down
                entry = Entry(line["erasure"], line["number"], line["mode"], at, identities, secret)
                found.setdefault(entry.key, entry)
        except (KeyError, TypeError, ValueError):
            log.warning("a line of %s is damaged", ledger_path())
    return list(found.values())


def adopt(entry: Entry) -> Erasure | None:
    """Store an erasure of the file in the database. Return None if the database has it.

    Raise ``NoKey`` if the key of its hashes can't be decrypted.
    """
    if Erasure.objects.filter(key=entry.key).exists():
        return None
    if entry.secret is None:
        raise NoKey("Neither SECRET_KEY nor SECRET_KEY_FALLBACKS decrypts the key of an erasure in the file.")
    with transaction.atomic():
        erasure = Erasure.objects.create(
            key=entry.key,
            number=entry.number,
            mode=entry.mode,
            at=entry.at,
            hashed_with=_stored_key(entry.secret),
        )
        ErasedIdentity.objects.bulk_create(
            [
                ErasedIdentity(erasure=erasure, kind=kind, digest=value, replacement=new)
                for kind, value, new in entry.identities
            ],
            ignore_conflicts=True,
        )
    return erasure


def _stored_key(secret: str) -> ErasureKey:
    """Return the row with this key. Add it if the database does not have it."""
    rows = list(ErasureKey.objects.select_for_update().order_by("pk"))
    for row in rows:
        with suppress(Undecipherable):
            if decrypt(row.secret) == secret:
                return row
    return ErasureKey.objects.create(pk=rows[-1].pk + 1 if rows else 1, secret=encrypt(secret))


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
    """The erasures since a moment, found by hashes. It implements `events.erasure.Finder`.

    `people` has the replacements by hash, and `emails` the hashes, both by the key of the hashes.
    """

    people: dict[bytes, dict[str, Replacement]] = field(default_factory=dict)
    emails: dict[bytes, set[str]] = field(default_factory=dict)
    _known: dict[str, Replacement | None] = field(default_factory=dict)

    def by_id(self, text: str) -> Replacement | None:
        if text not in self._known:
            if len(self._known) > 50_000:
                self._known.clear()
            found = (people.get(digest(key, Kind.USER_ID, text)) for key, people in self.people.items())
            self._known[text] = next((one for one in found if one is not None), None)
        return self._known[text]

    def by_name(self, text: str) -> Replacement | None:
        return None

    def of_contact(self, text: str) -> bool:
        plain = text.strip().lower()
        return any(digest(key, Kind.EMAIL, plain) in emails for key, emails in self.emails.items())


class _Erasures:
    """The erasures in the database, as this process last read them. `state` changes with each new one."""

    def __init__(self, state: tuple[int, int]) -> None:
        self.state = state
        columns = ("erasure__at", "kind", "digest", "replacement", "erasure__number", "erasure__mode")
        rows = ErasedIdentity.objects.values_list(*columns, "erasure__hashed_with")
        self._rows = [(clock.to_ms(at), *rest) for at, *rest in rows]
        self._latest_ms = max((row[0] for row in self._rows), default=0)
        self._finders: dict[int, Finder] = {}

    def finder(self, ts_ms: int | None) -> Finder | None:
        """Return the people who were erased at or after a time (ms since 1970 UTC), or at any time."""
        if not self._rows or (ts_ms is not None and ts_ms > self._latest_ms):
            return None
        first = min(row[0] for row in self._rows if ts_ms is None or row[0] >= ts_ms)
        if first not in self._finders:
            self._finders[first] = self._made(first)
        return self._finders[first]

    def _made(self, first: int) -> Finder:
        found = Remembered()
        rows = ErasureKey.objects.in_bulk()
        secrets_of: dict[int | None, bytes] = {}
        for at_ms, kind, value, new, number, mode, key in self._rows:
            if at_ms < first:
                continue
            if key not in secrets_of:
                secrets_of[key] = secret_of_hashes(Erasure(hashed_with=rows.get(key)))
            secret = secrets_of[key]
            if kind == Kind.USER_ID:
                name = Erasure(number=number).name
                one = Replacement(new, name, remove=mode == Erasure.Mode.ERASE)
                found.people.setdefault(secret, {})[value] = one
            elif kind == Kind.EMAIL:
                found.emails.setdefault(secret, set()).add(value)
        return found


_remembered: _Erasures | None = None


def forget() -> None:
    """Read the erasures again before the next event."""
    global _remembered
    _remembered = None


def finders() -> Callable[[int | None], Finder | None]:
    """Return a function that finds the people who were erased after a time, as the database has them now.

    The time is in ms since 1970 UTC; None means at any time. The function returns None for nobody. One query
    finds out whether this process must read the erasures again.
    """
    global _remembered
    # An erasure can become visible after one with a higher id, so the number of rows counts, too.
    state = tuple(Erasure.objects.aggregate(Count("pk"), Max("pk")).values())
    if _remembered is None or _remembered.state != state:
        _remembered = _Erasures(state)
    return _remembered.finder
