"""Delete old data every night: preview, run, and record what was deleted.

A run deletes one kind of data after the other, in transactions of a few hundred rows. It can stop after each
transaction, and the next call continues the same run. What is left to delete is always read from the data
itself, so a run that was killed neither skips nor repeats anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce

from classroom_admin.accounts.models import User
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.privacy import class_deletion, due, messages, sealing
from classroom_admin.privacy.limits import Kind, cut_off, limits
from classroom_admin.privacy.models import RetentionRun
from classroom_admin.privacy.recorder import Deletion, Preview, Recorder
from classroom_admin.privacy.rows import OF_ROWS

NIGHT: Final = timedelta(hours=3)
"""How long after `RETENTION_HOUR` a run may begin."""
LONGEST_WAIT_MS: Final = 50
OVERDUE: Final = timedelta(hours=48)
"""A run begins at any hour if the last one is older, for servers that are off at night."""


def _preview_of_classes(kind: Kind) -> Deletion:
    def preview(before: datetime, now: datetime) -> Preview:
        rooms = due.classes(kind, before, now)
        rows = due.rows_of(kind, rooms)
        counted = rows.aggregate(
            rows=Count("pk"), classes=Count(Coalesce("room__parent_id", "room_id"), distinct=True)
        )
        if kind in (Kind.EVENTS, Kind.ATTENDANCE):
            counted["classes"] = rooms.count()
        else:
            rooms = rooms.filter(Q(pk__in=rows.values(of=Coalesce("room__parent_id", "room_id"))))
        oldest = rooms.order_by().aggregate(oldest=Min(Coalesce("last_event_at", "known_since")))["oldest"]
        return Preview(rows=counted["rows"], classes=counted["classes"], oldest=oldest)

    return Deletion(kind=kind, preview=preview, delete=_DELETE[kind])


_DELETE: Final = {
    Kind.CHAT: messages.delete_chat,
    Kind.DIRECT_MESSAGES: messages.delete_direct_messages,
    Kind.RECORDINGS: class_deletion.delete_recording_addresses,
    Kind.EVENTS: sealing.seal_and_delete_events,
    Kind.ATTENDANCE: class_deletion.delete_classes,
}
DELETIONS: Final[tuple[Deletion, ...]] = (*map(_preview_of_classes, _DELETE), *OF_ROWS)
"""The deletion of each kind, in the order in which a run deletes them."""


def preview(now: datetime | None = None) -> dict[Kind, Preview]:
    """Return what a run would delete at `now`, by kind. Omit kinds that are kept for good."""
    now = now or clock.now()
    found: dict[Kind, Preview] = {}
    for deletion in DELETIONS:
        before = cut_off(deletion.kind, now)
        if before is not None:
            found[deletion.kind] = deletion.preview(before, now)
    return found


def next_run(now: datetime | None = None) -> datetime:
    """Return when the next nightly run begins."""
    local = (now or clock.now()).astimezone(ZoneInfo(settings.TIME_ZONE))
    at = local.replace(hour=settings.RETENTION_HOUR, minute=0, second=0, microsecond=0)
    if at <= local:
        at = (at + timedelta(days=1)).replace(hour=settings.RETENTION_HOUR)
    return at


def is_due(now: datetime | None = None) -> bool:
    """Return whether the nightly run should begin or continue now, in the school's time zone."""
    now = now or clock.now()
    last = RetentionRun.objects.first()
    if last is not None and last.finished_at is None:
        return True
    zone = ZoneInfo(settings.TIME_ZONE)
    local = now.astimezone(zone)
    begins = local.replace(hour=settings.RETENTION_HOUR, minute=0, second=0, microsecond=0)
    if begins > local:
        begins -= timedelta(days=1)
    is_night = local < begins + NIGHT
    if last is None:
        return is_night
    return now - last.started_at > OVERDUE or (is_night and last.started_at < begins)


def begin(*, by: User | None = None) -> RetentionRun:
    """Return the unfinished run. If there is none, begin one."""
    for _attempt in range(2):
        found = RetentionRun.objects.filter(finished_at=None).first()
        if found is not None:
            return found
        try:
            with transaction.atomic():
                return RetentionRun.objects.create(started_at=clock.now(), by=by, limits=limits())
        except IntegrityError:
            continue  # another process has begun one
    return RetentionRun.objects.get(finished_at=None)


def work(run: RetentionRun, *, within_s: float | None = None) -> bool:
    """Delete for about `within_s` seconds, or until all is deleted. Return whether the run is finished.

    The age of data counts from the beginning of the run.
    """
    ends_at = None if within_s is None else clock.monotonic() + within_s
    for _part in _parts(run):
        if ends_at is not None and clock.monotonic() >= ends_at:
            return False
    _finish(run)
    _empty_log()
    return True


def _parts(run: RetentionRun) -> Iterator[None]:
    for deletion in DELETIONS:
        before = cut_off(deletion.kind, run.started_at)
        if before is not None:
            yield from deletion.delete(Recorder(run.pk, deletion.kind, before, run.started_at))


def _finish(run: RetentionRun) -> None:
    """Record the run, and each kind of which it deleted something, in the audit log."""
    with transaction.atomic():
        stored = RetentionRun.objects.select_for_update().get(pk=run.pk)
        if stored.finished_at is not None:
            return
        stored.finished_at = clock.now()
        stored.save(update_fields=["finished_at"])
        run.finished_at, run.counts = stored.finished_at, stored.counts
        for kind, count in stored.counts.items():
            before = cut_off(Kind(kind), stored.started_at)
            params = {"kind": kind, **count, "older_than": before.isoformat() if before else ""}
            record.done(actor=stored.by, action="retention.delete", params=params)
        total = {kind: count["rows"] for kind, count in stored.counts.items()}
        record.done(actor=stored.by, action="retention.run", params=total)


def _empty_log() -> None:
    """Empty SQLite's write-ahead log, which may contain copies of deleted rows.

    Give up after some milliseconds of waiting for other connections, because new writers would wait, too.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            usual_ms = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout={LONGEST_WAIT_MS}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            cursor.execute(f"PRAGMA busy_timeout={int(usual_ms)}")
