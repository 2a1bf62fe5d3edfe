"""Make large exports in the background. The table `ExportJob` is the queue.

A claim is a conditional UPDATE with a lease, which the worker renews while it writes. If the worker is
killed, the lease expires and another worker starts the export again. A worker without its lease stores
nothing.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import IO, Any, Final, cast

from celery import current_app
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404
from django.utils import translation

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.files.storage import storage_errors
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.broker_errors import BROKER_ERRORS
from classroom_admin.common.chunks import chunks
from classroom_admin.common.due_times import has_come
from classroom_admin.common.problems import Problem
from classroom_admin.reports.export_models import KEPT_FOR, ExportJob
from classroom_admin.reports.exports.files import pieces_of, school_zone
from classroom_admin.reports.exports.kinds import EXPORTS
from classroom_admin.reports.exports.tables import Table
from classroom_admin.reports.exports.workbook import written_workbook
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.rooms.access import NotYours, visible_rooms
from classroom_admin.rooms.models import ClassList, Room

log = logging.getLogger(__name__)

State = ExportJob.State
RUN_EXPORTS: Final = "reports.run_exports"
OPEN: Final = (State.WAITING, State.RUNNING)
LEASE: Final = timedelta(minutes=2)
FINISHING: Final = timedelta(minutes=10)
"""The lease while the file is packed and stored, during which no rows are counted."""
MOST_ATTEMPTS: Final = 5
MOST_OPEN: Final = 5
"""The largest number of unfinished exports per person."""
WORK_S: Final = 4.0
_RENEW_EVERY_S: Final = 1.0
_WAKE_UP_EXPIRES_S: Final = 30
_TIDY_AT_ONCE: Final = 500


class TooManyExports(Exception):
    """The error if a person already has `MOST_OPEN` unfinished exports."""


class _LeaseLost(Exception):
    """Raised in a worker if the export was cancelled or another worker has claimed it."""


def request_export(
    *, owner: User, what: str, file_format: str, chosen: ReportFilter, options: Mapping[str, str], total: int
) -> ExportJob:
    """Add an export to the queue and record it in the audit log. Raise `TooManyExports` at the limit."""
    with transaction.atomic():
        if ExportJob.objects.filter(owner=owner, state__in=OPEN).count() >= MOST_OPEN:
            raise TooManyExports
        job = ExportJob.objects.create(
            owner=owner,
            what=what,
            format=ExportJob.Format(file_format),
            params={
                "filter": chosen.as_json(),
                "options": dict(options),
                "language": translation.get_language(),
                "role": owner.role,
            },
            total=total,
        )
        record_export(
            actor=owner, what=what, file_format=file_format, chosen=chosen, options=options, rows=total
        )
        wake_up(job.pk)
    return job


def record_export(
    *,
    actor: User,
    what: str,
    file_format: str,
    chosen: ReportFilter,
    options: Mapping[str, str],
    rows: int,
    room_uuid: str = "",
) -> None:
    """Record in the audit log who exported what."""
    used = {name: value for name, value in {**chosen.as_json(), **options}.items() if value}
    params = {"report": what, "format": file_format, "rows": rows, **used}
    record.done(actor=actor, action="report.export", room_uuid=room_uuid, params=params)


def job_for(person: User, key: str) -> ExportJob:
    """Return the export with this key. Raise `NotYours` unless `person` owns it or is an administrator."""
    job = ExportJob.objects.select_related("owner").filter(key=key).first()
    may_have_all = permissions.may(person, Permission.ALL_EXPORTS)
    if job is None or not person.is_active or not (may_have_all or job.owner_id == person.pk):
        raise NotYours
    return job


def file_for(person: User, key: str) -> tuple[ExportJob, IO[bytes]]:
    """Open the file of a finished export. Raise `NotYours` if it expired or `person` may not read it.

    A teacher must still have access to every class in the file.
    """
    job = job_for(person, key)
    is_ready = job.state == State.DONE and job.expires_at is not None and clock.now() < job.expires_at
    if not is_ready or not _may_read(person, job):
        raise NotYours
    try:
        return job, cast("IO[bytes]", default_storage.open(job.file, "rb"))
    except storage_errors() as error:
        log.warning("the file of export %s can't be read: %s", job.key, error)
        raise NotYours from error


def cancel(job: ExportJob) -> bool:
    """Cancel an unfinished export. Return False if it was finished before."""
    return bool(
        ExportJob.objects.filter(pk=job.pk, state__in=OPEN).update(
            state=State.CANCELLED, claimable_at=None, changed_at=clock.now()
        )
    )


def due() -> QuerySet[ExportJob]:
    """Return the exports that a worker may claim now, those of killed workers included."""
    is_due = has_come("claimable_at", now=clock.now(), longest=FINISHING)
    return ExportJob.objects.filter(is_due, state__in=OPEN)


def claim(*, first: int | None = None) -> ExportJob | None:
    """Claim and return a due export, or None. Prefer the export with the id `first` if it is due."""
    while True:
        ids = due().order_by("claimable_at", "pk").values_list("pk", flat=True)
        pk = (first and ids.filter(pk=first).first()) or ids.first()
        if pk is None:
            return None
        now = clock.now()
        claimed = {"state": State.RUNNING, "claimable_at": now + LEASE, "attempts": F("attempts") + 1}
        if due().filter(pk=pk).update(changed_at=now, done=0, **claimed):
            return ExportJob.objects.select_related("owner").get(pk=pk)


def work(*, first: int | None = None, within_s: float = WORK_S) -> bool:
    """Make due exports, first the one with the id `first` if it is due. Return whether more are due.

    No export is started after `within_s` seconds.
    """
    ends_at = clock.monotonic() + within_s
    while (job := claim(first=first)) is not None:
        run(job)
        if clock.monotonic() >= ends_at:
            return due().exists()
    return False


def run(job: ExportJob) -> None:
    """Make the file of a claimed export, and store the outcome."""
    if job.attempts > MOST_ATTEMPTS:
        _settle(job, state=State.FAILED, problem=Problem("export_gave_up", {"attempts": MOST_ATTEMPTS}))
        return
    try:
        table = _table_of(job)
    except (Http404, ClassList.DoesNotExist, User.DoesNotExist, KeyError):
        _settle(job, state=State.FAILED, problem=Problem("export_not_allowed"))
        return
    _delete_files(job, before=job.attempts)
    try:
        with tempfile.TemporaryFile() as file, translation.override(job.params.get("language") or "en"):
            _write(job, table, file)
            size = file.tell()
            file.seek(0)
            name = default_storage.save(_name_of(job, job.attempts), File(file))
    except _LeaseLost:
        return
    except storage_errors() as error:
        log.error("export %s can't be stored: %s", job.key, error)
        _settle(job, state=State.FAILED, problem=Problem("export_not_stored"))
        return
    done: dict[str, Any] = {
        "file": name,
        "size": size,
        "done": table.total,
        "expires_at": clock.now() + KEPT_FOR,
    }
    if not _settle(job, state=State.DONE, **done):
        default_storage.delete(name)


def tidy() -> int:
    """Delete the files of expired exports, and the rows of old ones. Return how many files were deleted."""
    now, deleted = clock.now(), 0
    for job in ExportJob.objects.filter(state=State.DONE, expires_at__lte=now)[:_TIDY_AT_ONCE]:
        with suppress(*storage_errors()):
            default_storage.delete(job.file)
            ExportJob.objects.filter(pk=job.pk).update(state=State.EXPIRED, file="", changed_at=now)
            deleted += 1
    old = ExportJob.objects.exclude(state__in=(*OPEN, State.DONE)).filter(changed_at__lte=now - KEPT_FOR)
    for job in old[:_TIDY_AT_ONCE]:
        _delete_files(job, before=job.attempts + 1)
        job.delete()
    return deleted


def wake_up(first: int | None = None) -> None:
    """Wake up a worker after the transaction commits. If the message is lost, the beat does it later."""

    def send() -> None:
        try:
            current_app.send_task(RUN_EXPORTS, args=(first,), expires=_WAKE_UP_EXPIRES_S, retry=False)
        except BROKER_ERRORS as error:
            log.warning("no wake-up could be sent, the beat will run what is due: %s", error)

    transaction.on_commit(send)


def _table_of(job: ExportJob) -> Table:
    """Return the table that the owner may see now. Raise an error if the owner has lost rights meanwhile."""
    owner, params = job.owner, job.params
    if not owner.is_active or owner.role != params["role"]:
        raise NotYours
    chosen = ReportFilter.from_json(owner, params["filter"])
    table = EXPORTS[job.what].make(chosen, params["options"])
    rooms = chosen.summaries().order_by().values_list("room_id", flat=True)
    params["rooms"] = None if permissions.sees_all_classes(owner) else list(rooms)
    ExportJob.objects.filter(pk=job.pk).update(params=params)
    return table


def _may_read(person: User, job: ExportJob) -> bool:
    if permissions.sees_all_classes(person):
        return True
    if person.role != job.params.get("role"):
        return False
    rooms = job.params.get("rooms")
    if rooms is None:  # the file has classes of the whole school, all of which the owner saw then
        return False
    visible = 0
    for some in chunks(rooms):
        visible += visible_rooms(person, Room.objects.filter(pk__in=some)).count()
    return visible == len(rooms)


def _write(job: ExportJob, table: Table, file: IO[bytes]) -> None:
    renewed, first = clock.monotonic(), True  # the page shows the first rows at once
    for done in _progress(job, table, file):
        now = clock.monotonic()
        if (first and done) or done >= table.total or now - renewed >= _RENEW_EVERY_S:
            _renew(job, done=done, total=table.total)
            renewed, first = now, not done


def _progress(job: ExportJob, table: Table, file: IO[bytes]) -> Iterator[int]:
    """Write the table to the file, and yield the number of rows so far."""
    if job.format == ExportJob.Format.XLSX:
        bidi = translation.get_language_bidi()
        yield from written_workbook(table, file, zone=school_zone(), right_to_left=bidi)
        return
    counted = _Counted(table)
    for piece in pieces_of(counted.table, job.format):
        file.write(piece)
        yield counted.done


class _Counted:
    """A table that counts the rows that were read from it."""

    def __init__(self, table: Table) -> None:
        self.done = 0
        self.table = Table(
            name=table.name,
            columns=table.columns,
            rows=self._counted(table.rows),
            total=table.total,
            about=table.about,
        )

    def _counted(self, rows: Any) -> Iterator[Any]:
        for row in rows:
            self.done += 1
            yield row


def _renew(job: ExportJob, *, done: int, total: int) -> None:
    now = clock.now()
    lease = FINISHING if done >= total else LEASE
    changes = {"done": min(done, total), "total": total, "claimable_at": now + lease, "changed_at": now}
    if not _claimed(job).update(**changes):
        raise _LeaseLost


def _settle(job: ExportJob, *, state: State, problem: Problem | None = None, **changes: Any) -> bool:
    """Store the outcome. If the worker no longer has the lease, return False and store nothing."""
    values = {"claimable_at": None, "changed_at": clock.now(), "problem": problem and problem.as_json()}
    return bool(_claimed(job).update(state=state, **values, **changes))


def _claimed(job: ExportJob) -> QuerySet[ExportJob]:
    return ExportJob.objects.filter(pk=job.pk, state=State.RUNNING, attempts=job.attempts)


def _name_of(job: ExportJob, attempt: int) -> str:
    return f"exports/{job.key}/{attempt}.{job.format}"


def _delete_files(job: ExportJob, *, before: int) -> None:
    """Delete the files that killed workers may have left."""
    for attempt in range(1, before):
        with suppress(*storage_errors()):
            default_storage.delete(_name_of(job, attempt))
