"""Delete rows that belong to no class or are deleted one by one, such as expired sessions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from classroom_admin.actions.models import BulkRun, ScheduledCommand, Upload
from classroom_admin.audit import retention as audit_retention
from classroom_admin.privacy.limits import Kind
from classroom_admin.privacy.recorder import Deletion, Preview, Recorder, delete_rows, preview_rows
from classroom_admin.reports.models import ExportJob
from classroom_admin.rooms.models import ClassList, Room
from classroom_admin.sync import inbox
from classroom_admin.sync.models import InboxAnswer, Quarantine

FINISHED: Final = (
    ScheduledCommand.State.DONE,
    ScheduledCommand.State.FAILED,
    ScheduledCommand.State.CANCELLED,
)


def quarantine(before: datetime) -> QuerySet[Quarantine]:
    """Return the old content of the quarantine. Leave out events of classes that an administrator keeps."""
    kept = Q(event__room__retention__kept_at__isnull=False) | Q(
        event__room__parent__retention__kept_at__isnull=False
    )
    return Quarantine.objects.filter(found_at__lt=before).exclude(kept)


def answers(now: datetime) -> QuerySet[InboxAnswer]:
    """Return the answers of the cloud that are old and that the quarantine does not name."""
    aside = Quarantine.objects.filter(answer=OuterRef("pk"))
    old = InboxAnswer.objects.filter(received_at__lt=now - inbox.KEPT_FOR, read_at__isnull=False)
    return old.filter(~Exists(aside))


def commands(before: datetime) -> QuerySet[ScheduledCommand]:
    """Return finished commands. Scheduled classes are deleted with their class."""
    old = ScheduledCommand.objects.filter(state__in=FINISHED, changed_at__lt=before)
    kept = Q(room__retention__kept_at__isnull=False)
    return old.exclude(kind=ScheduledCommand.Kind.CLASS).exclude(kept)


def bulk_actions(before: datetime) -> QuerySet[BulkRun]:
    return BulkRun.objects.filter(
        ~Exists(ScheduledCommand.objects.filter(run=OuterRef("pk"))), made_at__lt=before
    )


def uploads(before: datetime) -> QuerySet[Upload]:
    """Return uploads whose content was deleted long ago."""
    return Upload.objects.filter(forgotten_at__lt=before, room__retention__kept_at=None)


def exports(before: datetime) -> QuerySet[ExportJob]:
    """Return old exports that have no file any more."""
    finished = (
        ExportJob.State.DONE,
        ExportJob.State.FAILED,
        ExportJob.State.CANCELLED,
        ExportJob.State.EXPIRED,
    )
    return ExportJob.objects.filter(state__in=finished, file="", made_at__lt=before)


def class_lists(before: datetime) -> QuerySet[ClassList]:
    """Return class lists that were neither changed nor used for long.

    A class uses its list until it is sealed. A series uses its list as long as classes are scheduled.
    """
    moment = Greatest(
        Coalesce("last_event_at", "known_since"),
        Coalesce("planned_start_at", "known_since"),
    )
    rooms = Room.objects.annotate(at=moment).filter(class_list=OuterRef("pk"))
    in_use = rooms.filter(Q(sealed_at=None) | Q(at__gte=before) | Q(retention__kept_at__isnull=False))
    planned = ScheduledCommand.objects.filter(series__class_list=OuterRef("pk")).exclude(state__in=FINISHED)
    return ClassList.objects.filter(~Exists(in_use), ~Exists(planned), changed_at__lt=before)


def sessions(now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lt=now)


def _rows(kind: Kind, rows: Any, moment: str, *others: Any) -> Deletion:
    """Return the deletion of a kind that has one main table. `others` follow uncounted."""

    def preview(before: datetime, now: datetime) -> Preview:
        return preview_rows(rows(before), moment)

    def delete(recorder: Recorder) -> Iterator[None]:
        yield from delete_rows(recorder, rows(recorder.before))
        for more in others:
            yield from delete_rows(recorder, more(recorder.before), counted=False)

    return Deletion(kind=kind, preview=preview, delete=delete)


def _delete_quarantine(recorder: Recorder) -> Iterator[None]:
    yield from delete_rows(recorder, quarantine(recorder.before))
    yield from delete_rows(recorder, answers(recorder.now), counted=False)


def _delete_audit(recorder: Recorder) -> Iterator[None]:
    """Delete the oldest entries of the audit log, which keeps a signed checkpoint."""
    entries = audit_retention.delete_before(recorder.before)
    if entries:
        with recorder.part() as deleted:
            deleted.rows += entries
        yield


def _delete_sessions(recorder: Recorder) -> Iterator[None]:
    yield from delete_rows(recorder, sessions(recorder.now))


OF_ROWS: Final = (
    _rows(Kind.CLASS_LISTS, class_lists, "changed_at"),
    Deletion(
        kind=Kind.QUARANTINE,
        preview=lambda before, now: preview_rows(quarantine(before), "found_at"),
        delete=_delete_quarantine,
    ),
    _rows(Kind.COMMANDS, commands, "changed_at", bulk_actions),
    _rows(Kind.FILES, uploads, "forgotten_at"),
    _rows(Kind.EXPORTS, exports, "made_at"),
    Deletion(
        kind=Kind.SESSIONS,
        preview=lambda before, now: preview_rows(sessions(now), "expire_date"),
        delete=_delete_sessions,
    ),
    Deletion(
        kind=Kind.AUDIT,
        preview=lambda before, now: Preview(rows=audit_retention.count_before(before)),
        delete=_delete_audit,
    ),
)
"""The deletions of rows that do not belong to a class as a whole."""
