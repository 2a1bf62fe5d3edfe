"""Add new records to the chain. A background task does this, so that people do not wait for each other."""

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from classroom_admin.audit import signing
from classroom_admin.audit.erasures import Erasures
from classroom_admin.audit.models import Checkpoint, Entry, Link, Record, Step

log = logging.getLogger(__name__)

MOST: Final = 5000
"""How many entries, and how many steps, one call links."""
LATE: Final = 2000
"""How many records before the newest linked one are searched for records that were committed late."""
Head = tuple[int, str]
"""The number and the hash of the last link."""


def link_new(*, everything: bool = False) -> int:
    """Add the records that are not in the chain yet, in the order of their times. Return how many.

    `everything` also searches for records that were committed very late. Records without a valid tag are not
    added, because the dashboard did not write them. If another process adds links at the same moment, leave
    the rest to it.
    """
    try:
        with transaction.atomic():
            linked = _link(everything=everything)
    except IntegrityError:
        return 0
    return linked


def head() -> Head:
    """Return the last link, or what retention left of it."""
    last: Link | None = Link.objects.order_by("-number").first()
    if last is not None:
        return last.number, last.hash
    start = Checkpoint.newest(Checkpoint.Kind.START)
    return (start.number, start.hash) if start else (0, signing.NO_HASH)


def unlinked(model: type[Entry] | type[Step], *, everything: bool = True) -> Any:
    """Return the query set of records that are not in the chain."""
    rows = model.objects.filter(link__isnull=True).order_by("id")
    if everything:
        return rows
    name = "entry_id" if model is Entry else "step_id"
    newest = Link.objects.aggregate(newest=Max(name))["newest"] or 0
    return rows.filter(id__gt=newest - LATE)


def _link(*, everything: bool) -> int:
    found: list[tuple[datetime, str, Any]] = []
    for kind, model in (("entry", Entry), ("step", Step)):
        rows = list(unlinked(model, everything=everything)[:MOST])
        found += [(row.at, kind, row) for row in rows if is_valid(row)]
    if not found:
        return 0
    number, previous = head()
    links = []
    for _at, kind, row in sorted(found, key=lambda one: (one[0], one[1], one[2].pk)):
        number += 1
        previous = signing.sign(signing.link_values(number, previous, kind, row.pk, row.tag))
        links.append(Link(number=number, hash=previous, **{f"{kind}_id": row.pk}))
    Link.objects.bulk_create(links, batch_size=500)
    newest = (number, previous)
    transaction.on_commit(lambda: keep_outside(newest))
    return len(links)


def is_valid(row: Record) -> bool:
    """Return whether the tag of an entry or a step fits its values, or those before an erasure."""
    if signing.is_signature(row.tag, row.signed_values()):
        return True
    erasures = Erasures.load()
    return bool(erasures) and signing.is_signature(row.tag, row.signed_values(erasures.original))


# --- the last link, outside the database -----------------------------------------------------------------


def keep_outside(last: Head) -> None:
    """Write the last link to a file in DATA_DIR. It shows if someone removes the newest part of the chain.

    Do nothing if the chain does not contain the link in the file, which otherwise would lose the proof.
    """
    if lost_end() is not None:
        return
    path = _file()
    number, hash_ = last
    tag = signing.sign(_kept_values(number, hash_))
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(json.dumps({"number": number, "hash": hash_, "tag": tag}))
        fresh.replace(path)
    except OSError as error:
        log.warning("the end of the audit chain could not be written to %s: %s", path, error)


def kept_outside() -> Head | None:
    """Return what `keep_outside` wrote, or None if there is nothing valid."""
    try:
        kept = json.loads(_file().read_text())
        number, hash_, tag = kept["number"], kept["hash"], kept["tag"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (number, hash_) if signing.is_signature(tag, _kept_values(number, hash_)) else None


def lost_end() -> Head | None:
    """Return the link in the file if it is missing in the chain, or None. Retention may delete it."""
    kept = kept_outside()
    if kept is None or Link.objects.filter(number=kept[0], hash=kept[1]).exists():
        return None
    start = Checkpoint.newest(Checkpoint.Kind.START)
    return None if start is not None and kept[0] <= start.number else kept


def forget_outside() -> None:
    """Delete the file."""
    _file().unlink(missing_ok=True)


def _file() -> Path:
    return Path(settings.DATA_DIR) / "audit_chain_end.json"


def _kept_values(number: int, hash_: str) -> bytes:
    database = connection.settings_dict
    return json.dumps(["end", number, hash_, str(database["NAME"]), database["HOST"]]).encode()
