"""Export or erase people in the background. The table `PersonJob` is the queue.

A claim is a conditional UPDATE with a lease. If the worker is killed, the lease expires and another worker
continues at the step of the job.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import IO, Any, Final, cast

from celery import current_app
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from classroom_admin.accounts.models import User
from classroom_admin.actions.files.storage import storage_errors
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.broker_errors import BROKER_ERRORS
from classroom_admin.common.due_times import has_come
from classroom_admin.common.problems import Problem
from classroom_admin.common.random_text import new_key
from classroom_admin.privacy import person_erasure, person_export
from classroom_admin.privacy.person import Subject
from classroom_admin.privacy.person_data import counts_of
from classroom_admin.privacy.person_models import Erasure, PersonJob
from classroom_admin.privacy.person_rest import delete_export
from classroom_admin.rooms.access import NotYours

log = logging.getLogger(__name__)

State = PersonJob.State
OPEN: Final = (State.WAITING, State.RUNNING)
RUN: Final = "privacy.run_person_jobs"
LEASE: Final = timedelta(minutes=2)
KEPT_FOR: Final = timedelta(hours=24)
"""How long the file of an export is kept."""
AGAIN: Final = timedelta(seconds=5)
MOST_ATTEMPTS: Final = 30
"""The largest number of claims in a row in which a worker finished no part."""
WORK_S: Final = 4.0
_WAKE_UP_EXPIRES_S: Final = 30


class _LeaseLost(Exception):
    """Raised in a worker if another worker has claimed the job."""


def request_export(subject: Subject, *, by: User | None, token: str = "") -> PersonJob:
    """Add an export to the queue, and record in the audit log whose data it is. The same token is one job."""
    about = (next(iter(subject.user_uuids), ""), subject.title)
    return _request(PersonJob.Kind.EXPORT, subject, by=by, token=token, about=about)


def request_erasure(subject: Subject, *, mode: str, by: User | None, token: str = "") -> PersonJob:
    """Add an erasure to the queue. The audit log gets the counts and the new name, never the old one.

    Raise ``ActionRefused`` if the person can't be erased now. Accounts of the person are deactivated at once,
    so that the last administrators can't erase each other.
    """
    existing = PersonJob.objects.filter(token=token).first() if token else None
    if existing is not None:
        return existing
    with transaction.atomic():
        person_erasure.lock_accounts(subject)
        person_erasure.check(subject, by=by)
        person_erasure.close_accounts(subject)
        erasure = person_erasure.begin(subject, Erasure.Mode(mode))
        return _request(PersonJob.Kind.ERASE, subject, by=by, token=token, erasure=erasure)


def repeat_erasure(erasure: Erasure, subject: Subject) -> PersonJob:
    """Add an erasure again that a restored database does not have."""
    return _request(PersonJob.Kind.ERASE, subject, by=None, token="", erasure=erasure)


def _request(
    kind: PersonJob.Kind,
    subject: Subject,
    *,
    by: User | None,
    token: str,
    erasure: Erasure | None = None,
    about: tuple[str, str] = ("", ""),
) -> PersonJob:
    counts = counts_of(subject)
    values: dict[str, Any] = {"kind": kind, "by": by, "erasure": erasure, "secret": subject.as_secret()}
    if kind == PersonJob.Kind.EXPORT:
        values["counts"] = counts
    try:
        with transaction.atomic():
            job = PersonJob.objects.create(token=token or new_key(), **values)
            params: dict[str, Any] = {"counts": counts}
            if erasure is not None:
                params |= {"mode": erasure.mode, "erasure": erasure.number}
            target, title = about
            record.done(actor=by, action=f"person.{kind}", target=target, target_name=title, params=params)
    except IntegrityError:
        return PersonJob.objects.get(token=token)
    wake_up(job.pk)
    return job


def job_for(key: str) -> PersonJob:
    """Return the job with this key. Raise ``NotYours`` if there is none."""
    job = PersonJob.objects.select_related("by", "erasure").filter(key=key).first()
    if job is None:
        raise NotYours
    return job


def file_for(key: str) -> tuple[PersonJob, IO[bytes]]:
    """Open the file of a finished export. Raise ``NotYours`` if there is none, or if it has expired."""
    job = job_for(key)
    if job.state != State.DONE or not job.file or job.expires_at is None or clock.now() >= job.expires_at:
        raise NotYours
    try:
        return job, cast("IO[bytes]", default_storage.open(job.file, "rb"))
    except storage_errors() as error:
        log.warning("the file of export %s can't be read: %s", job.key, error)
        raise NotYours from error


def due() -> QuerySet[PersonJob]:
    """Return the jobs that a worker may claim now, those of killed workers included."""
    return PersonJob.objects.filter(has_come("claimable_at", now=clock.now(), longest=LEASE), state__in=OPEN)


def claim(*, first: int | None = None) -> PersonJob | None:
    """Claim and return a due job, or None. Prefer the job with the id `first` if it is due."""
    while True:
        ids = due().order_by("claimable_at", "pk").values_list("pk", flat=True)
        pk = (first and ids.filter(pk=first).first()) or ids.first()
        if pk is None:
            return None
        if (job := claim_one(pk)) is not None:
            return job


def claim_one(pk: int) -> PersonJob | None:
    """Claim and return this job if it is due, or None."""
    now = clock.now()
    claimed = {"state": State.RUNNING, "claimable_at": now + LEASE, "attempts": F("attempts") + 1}
    if not due().filter(pk=pk).update(changed_at=now, **claimed):
        return None
    return PersonJob.objects.select_related("by", "erasure").get(pk=pk)


def work(*, first: int | None = None, within_s: float = WORK_S) -> bool:
    """Do due jobs for about `within_s` seconds, first the one with the id `first`.

    Return whether more are due.
    """
    ends_at = clock.monotonic() + within_s
    while (job := claim(first=first)) is not None:
        run(job, ends_at=ends_at)
        if clock.monotonic() >= ends_at:
            return due().exists()
    return False


def run(job: PersonJob, *, ends_at: float) -> None:
    """Continue a claimed job until it is finished or the time is over, and store how far it is."""
    if job.attempts > MOST_ATTEMPTS:
        problem = Problem("person_gave_up", {"attempts": MOST_ATTEMPTS}).as_json()
        _settle(job, State.FAILED, problem=problem, secret="")
        return
    with suppress(_LeaseLost), _soon_again(job):
        try:
            if job.kind == PersonJob.Kind.EXPORT:
                _export(job)
            else:
                _erase(job, ends_at=ends_at)
        except person_erasure.Later as error:
            log.info("erasure %s waits: %s", job.key, error)
            _keep(job, claimable_at=clock.now() + AGAIN)
        except storage_errors() as error:
            log.error("job %s could not read or write a file: %s", job.key, error)
            _keep(job, claimable_at=clock.now() + AGAIN)


@contextmanager
def _soon_again(job: PersonJob) -> Iterator[None]:
    """Let a worker continue the job soon if it stops with an unexpected error. The error is raised further.

    After `MOST_ATTEMPTS`, the job fails, and its page says so.
    """
    is_done = False
    try:
        yield
        is_done = True
    finally:
        if not is_done:
            _claimed(job).update(claimable_at=clock.now() + AGAIN)


def _export(job: PersonJob) -> None:
    subject = Subject.from_secret(job.secret)
    name = f"people/{job.key}/{job.attempts}.zip"
    with tempfile.TemporaryFile() as file:
        counts = person_export.write(
            file, subject, made_at=clock.now(), progress=lambda: _keep(job, claimable_at=clock.now() + LEASE)
        )
        size = file.tell()
        file.seek(0)
        stored = default_storage.save(name, File(file))
    done = {"file": stored, "size": size, "counts": counts, "expires_at": clock.now() + KEPT_FOR}
    if not _settle(job, State.DONE, **done):
        default_storage.delete(stored)


def _erase(job: PersonJob, *, ends_at: float) -> None:
    more = True
    while more:
        more = person_erasure.next_part(job)
        _keep(job, claimable_at=clock.now() + LEASE)
        if more and clock.monotonic() >= ends_at:
            _release(job)
            return
    _settle(job, State.DONE, secret="")


def tidy() -> int:
    """Delete the files of expired exports. Return how many were deleted."""
    old = PersonJob.objects.filter(kind=PersonJob.Kind.EXPORT, state=State.DONE, expires_at__lte=clock.now())
    deleted = 0
    for job in old:
        with suppress(*storage_errors()):
            delete_export(job)
            deleted += 1
    return deleted


def wake_up(first: int | None = None) -> None:
    """Wake up a worker after the transaction commits. If the message is lost, the beat does it later."""

    def send() -> None:
        try:
            current_app.send_task(RUN, args=(first,), expires=_WAKE_UP_EXPIRES_S, retry=False)
        except BROKER_ERRORS as error:
            log.warning("no wake-up could be sent, the beat will run what is due: %s", error)

    transaction.on_commit(send)


def _keep(job: PersonJob, **changes: Any) -> None:
    """Store how far the job is. Raise ``_LeaseLost`` if another worker has it."""
    values = {"step": job.step, "cursor": job.cursor, "counts": job.counts, "changed_at": clock.now()}
    if not _claimed(job).update(**values, **changes):
        raise _LeaseLost


def _release(job: PersonJob) -> None:
    """Let the next task continue at once. A part was finished, so count the claims anew."""
    _claimed(job).update(claimable_at=clock.now(), attempts=0)


def _settle(job: PersonJob, state: State, **changes: Any) -> bool:
    """Store the outcome. If the worker no longer has the lease, return False and store nothing."""
    values = {"claimable_at": None, "changed_at": clock.now(), "state": state}
    return bool(_claimed(job).update(**values, **changes))


def _claimed(job: PersonJob) -> QuerySet[PersonJob]:
    return PersonJob.objects.filter(pk=job.pk, state=State.RUNNING, attempts=job.attempts)
