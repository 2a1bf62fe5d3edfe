"""Verify the chain of the audit log, and name the first record that was changed, removed or inserted."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Max, Min

from classroom_admin.audit import chain, signing, triggers
from classroom_admin.audit.erasures import ACTION, Erasures
from classroom_admin.audit.models import Checkpoint, Entry, Link, Permission, Step

_READ_AT_ONCE: Final = 2000
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
    for links in _blocks(number):
        rows: dict[str, dict[int, Any]] = {
            kind: model.objects.in_bulk([pk for pk in (getattr(link, f"{kind}_id") for link in links) if pk])
            for kind, model in (("entry", Entry), ("step", Step))
        }
        for link in links:
            number += 1
            if link.number != number:
                raise _Broken(Problem(MISSING, "link", number, number))
            previous = _verify_link(link, previous, rows, erasures)
            report.records += 1
            report.last, report.last_hash = number, previous
        progress(number)


def _blocks(after: int) -> Iterator[list[Link]]:
    """Yield all links in the order of their numbers, in blocks."""
    if stray := Link.objects.filter(number__lte=after).aggregate(first=Min("number"))["first"]:
        raise _Broken(Problem(INSERTED, "link", stray, stray))
    while links := list(Link.objects.filter(number__gt=after).order_by("number")[:_READ_AT_ONCE]):
        yield links
        after = links[-1].number


def _verify_link(link: Link, previous: str, rows: dict[str, dict[int, Any]], erasures: Erasures) -> str:
    kind, pk = ("entry", link.entry_id) if link.entry_id else ("step", link.step_id)
    if pk is None:
        raise _Broken(Problem(CHANGED, "link", link.number, link.number))
    row = rows[kind].get(pk)
    if row is None:
        raise _Broken(Problem(MISSING, kind, pk, link.number))
    original = erasures.original if erasures else None
    if not signing.is_signature(row.tag, row.signed_values(original)):
        raise _Broken(Problem(CHANGED, kind, pk, link.number))
    if not signing.is_signature(link.hash, signing.link_values(link.number, previous, kind, pk, row.tag)):
        raise _Broken(Problem(MOVED, kind, pk, link.number))
    return link.hash


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
        problem="" if report.problem is None else str(report.problem),
    )
