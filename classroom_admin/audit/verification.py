"""Verify the chain of the audit log, and name the first record that was changed, removed or inserted."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Max, Min, TextField
from django.db.models.functions import Cast

from classroom_admin.audit import chain, signing, triggers
from classroom_admin.audit.erasures import ACTION, Erasures
from classroom_admin.audit.models import Checkpoint, Entry, Link, Permission, Step

_READ_AT_ONCE: Final = 2000
Row = tuple[Any, ...]
"""The values of a stored row."""
Stored = tuple[str, bytes]
"""The tag of a record, and what the tag must cover."""
CHANGED, MISSING, INSERTED, MOVED = "changed", "missing", "inserted", "moved"


@dataclass(frozen=True, slots=True)
class Problem:
    """The first broken record. `record` is `entry`, `step`, `link` or `checkpoint`; `id` is its id.

    `number` is its place in the chain, or None if it has none.
    """

    kind: str
    record: str
    id: int
    number: int | None = None

    @property
    def code(self) -> str:
        """Return the kind and the row as text, for example `changed:audit_entry 5`."""
        return f"{self.kind}:audit_{self.record} {self.id}"

    def __str__(self) -> str:
        place = "" if self.number is None or self.record == "link" else f" (link {self.number})"
        says = {
            CHANGED: "was changed",
            MISSING: "is missing",
            INSERTED: "was inserted; the dashboard did not write it",
            MOVED: "is not at its place",
        }
        return f"{self.record} {self.id}{place} {says[self.kind]}"


@dataclass(slots=True)
class Report:
    """The result. `first` and `last` are numbers of links. `records` are the verified entries and steps.

    `unlinked` records are valid, but too new to be in the chain. `warnings` are codes.
    """

    problem: Problem | None = None
    records: int = 0
    first: int = 0
    last: int = 0
    last_hash: str = signing.NO_HASH
    unlinked: int = 0
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_valid(self) -> bool:
        return self.problem is None


class _Broken(Exception):
    """Raised at the first broken record."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def verify(progress: Callable[[int], object] | None = None) -> Report:
    """Verify all records from the start of the chain, or from where retention left it.

    `progress` is called with the number of each link at which a block of records ends.
    """
    begun = time.monotonic()
    while True:
        changes = _permitted_changes()
        report = _verify(progress or (lambda number: None))
        # An erasure or retention that runs at the same time would look like a broken record.
        if report.is_valid or changes == _permitted_changes():
            break
    if triggers.missing(connection):
        report.warnings.append("triggers_missing")
    if Permission.objects.exists():
        report.warnings.append("permission_left")
    report.seconds = time.monotonic() - begun
    return report


def _verify(progress: Callable[[int], object]) -> Report:
    report = Report()
    # Links may be added at the same time, so read first what the chain must contain.
    outside = chain.kept_outside()
    checkpoints = list(Checkpoint.objects.order_by("id"))
    erasures = Erasures.load()
    try:
        _chain(report, erasures, progress)
        _checkpoints(report, checkpoints)
        if outside is not None and outside[0] >= report.first:
            _require(report, *outside)
        _loose(report, erasures)
    except _Broken as broken:
        report.problem = broken.problem
    return report


def _permitted_changes() -> tuple[int | None, ...]:
    """Return the ids of the last erasure and of the last deletion by retention."""
    erased = Entry.objects.filter(action=ACTION).aggregate(last=Max("id"))["last"]
    start = Checkpoint.objects.filter(kind=Checkpoint.Kind.START).aggregate(last=Max("id"))["last"]
    return erased, start


def _chain(report: Report, erasures: Erasures, progress: Callable[[int], object]) -> None:
    start = Checkpoint.newest(Checkpoint.Kind.START)
    number, previous = (start.number, start.hash) if start else (0, signing.NO_HASH)
    report.first, report.last, report.last_hash = number + 1, number, previous
    if stray := Link.objects.filter(number__lte=number).aggregate(first=Min("number"))["first"]:
        raise _Broken(Problem(INSERTED, "link", stray, stray))
    while links := _next_links(number):
        records = {kind: dict(read(links, erasures)) for kind, read in _READERS.items()}
        for link in links:
            number += 1
            if link[0] != number:
                raise _Broken(Problem(MISSING, "link", number, number))
            previous = _verify_link(link, previous, records)
            report.records += 1
            report.last, report.last_hash = number, previous
        progress(number)


def _next_links(after: int) -> list[Row]:
    """Return the next links in the order of their numbers: number, hash, id of the entry, id of the step."""
    links = Link.objects.filter(number__gt=after).order_by("number")
    return list(links.values_list("number", "hash", "entry_id", "step_id")[:_READ_AT_ONCE])


def _stored_entries(links: list[Row], erasures: Erasures) -> Iterator[tuple[int, Stored]]:
    """Yield the entries of these links by id. Model instances would take several times as long."""
    rows = Entry.objects.filter(link__number__range=(links[0][0], links[-1][0])).order_by()
    for row in rows.annotate(stored=Cast("params", TextField())).values_list(
        *("id", "tag", "actor_id", "action", "room_uuid", "at", "request_id", "actor_salt", "actor_name"),
        *("address", "agent", "subject_salt", "target", "target_name", "stored"),
    ):
        pk, tag, actor_id, action, room_uuid, at, request_id, actor_salt, actor_name, address, agent = row[
            :11
        ]
        subject_salt, target, target_name, params = row[11:]
        actor = signing.commitment(actor_salt, (actor_name, address, agent))
        subject = signing.commitment_of_stored(subject_salt, [target, target_name], params)
        if erasures:
            actor = erasures.before("entry", pk, signing.ACTOR, actor)
            subject = erasures.before("entry", pk, signing.SUBJECT, subject)
        yield (
            pk,
            (
                tag,
                signing.entry_values(
                    actor_id, action, room_uuid, at, request_id, actor=actor, subject=subject
                ),
            ),
        )


def _stored_steps(links: list[Row], erasures: Erasures) -> Iterator[tuple[int, Stored]]:
    """Yield the steps of these links by id."""
    rows = Step.objects.filter(link__number__range=(links[0][0], links[-1][0])).order_by()
    for pk, tag, entry_id, kind, room_uuid, at, salt, text in rows.annotate(
        stored=Cast("detail", TextField())
    ).values_list("id", "tag", "entry_id", "kind", "room_uuid", "at", "salt", "stored"):
        detail = signing.commitment_of_stored(salt, [], text)
        if erasures:
            detail = erasures.before("step", pk, signing.DETAIL, detail)
        yield pk, (tag, signing.step_values(entry_id, kind, room_uuid, at, detail=detail))


_READERS: Final = {"entry": _stored_entries, "step": _stored_steps}


def _verify_link(link: Row, previous: str, records: dict[str, dict[int, Stored]]) -> str:
    """Verify a link and its record. Return the hash of the link."""
    number, hash_, entry_id, step_id = link
    kind, pk = ("entry", entry_id) if entry_id else ("step", step_id)
    if pk is None:
        raise _Broken(Problem(CHANGED, "link", number, number))
    stored = records[kind].get(pk)
    if stored is None:
        raise _Broken(Problem(MISSING, kind, pk, number))
    tag, values = stored
    if not signing.is_signature(tag, values):
        raise _Broken(Problem(CHANGED, kind, pk, number))
    if not signing.is_signature(hash_, signing.link_values(number, previous, kind, pk, tag)):
        raise _Broken(Problem(MOVED, kind, pk, number))
    return str(hash_)


def _checkpoints(report: Report, checkpoints: Iterable[Checkpoint]) -> None:
    """The chain must contain the links that earlier checkpoints name."""
    for one in checkpoints:
        if not signing.is_signature(one.tag, one.signed_values()):
            raise _Broken(Problem(CHANGED, "checkpoint", one.pk, one.number))
        if one.kind == Checkpoint.Kind.VERIFIED and one.number >= report.first:
            _require(report, one.number, one.hash)


def _require(report: Report, number: int, hash_: str) -> None:
    if number > report.last:
        raise _Broken(Problem(MISSING, "link", report.last + 1, report.last + 1))
    if not Link.objects.filter(number=number, hash=hash_).exists():
        raise _Broken(Problem(CHANGED, "link", number, number))


def _loose(report: Report, erasures: Erasures) -> None:
    """Records outside the chain must be valid, and no two records may have the same tag."""
    original = erasures.original if erasures else None
    for kind, model in (("entry", Entry), ("step", Step)):
        for row in chain.unlinked(model).iterator(chunk_size=_READ_AT_ONCE):
            if not signing.is_signature(row.tag, row.signed_values(original)):
                raise _Broken(Problem(INSERTED, kind, row.pk))
            report.unlinked += 1
        twins: Any = model.objects.order_by().values("tag").annotate(count=Count("id")).filter(count__gt=1)
        for twin in twins[:1]:
            copy = model.objects.filter(tag=twin["tag"]).aggregate(last=Max("id"))["last"]
            raise _Broken(Problem(INSERTED, kind, copy))


def keep(report: Report) -> Checkpoint:
    """Store the result of a verification as a signed checkpoint."""
    kind = Checkpoint.Kind.VERIFIED if report.is_valid else Checkpoint.Kind.BROKEN
    return Checkpoint.objects.create(
        kind=kind,
        number=report.last,
        hash=report.last_hash,
        problem="" if report.problem is None else report.problem.code,
    )
