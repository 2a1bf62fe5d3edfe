"""Delete in small transactions, and count what was deleted in the same transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Min, QuerySet

from classroom_admin.privacy.limits import Kind
from classroom_admin.privacy.models import RetentionRun

AT_ONCE = 150
"""The maximum number of rows in one transaction, so that it holds SQLite's write lock for at most 100 ms."""


@dataclass(slots=True)
class Deleted:
    """What one transaction deleted: rows, and classes of which it deleted the last row."""

    rows: int = 0
    classes: int = 0


@dataclass(frozen=True, slots=True)
class Recorder:
    """The deletion of one kind of data in a run."""

    run_id: int
    kind: Kind
    before: datetime
    now: datetime

    @contextmanager
    def part(self) -> Iterator[Deleted]:
        """Open a transaction, and add what it deletes to the counts of the run.

        The lock on the run makes parts of two processes wait for each other.
        """
        with transaction.atomic():
            run = RetentionRun.objects.select_for_update().get(pk=self.run_id)
            deleted = Deleted()
            yield deleted
            if deleted.rows or deleted.classes:
                count = run.count_of(self.kind)
                run.counts[self.kind.value] = {
                    "rows": count["rows"] + deleted.rows,
                    "classes": count["classes"] + deleted.classes,
                }
                run.save(update_fields=["counts"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a run would delete of a kind now. `oldest` is the end of the oldest class, or a row's own time."""

    rows: int
    classes: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """How data of one kind is found and deleted.

    `delete` yields after each transaction that deleted or marked something, so that a run can stop there. A
    later run continues with what is left.
    """

    kind: Kind
    preview: Callable[[datetime, datetime], Preview]
    delete: Callable[[Recorder], Iterator[None]]


def delete_rows(
    recorder: Recorder,
    rows: QuerySet[Any],
    *,
    counted: bool = True,
    still_due: Callable[[], bool] = lambda: True,
) -> Iterator[None]:
    """Delete the rows of a query in parts. Rows that refer to them are deleted or changed as Django does it.

    Stop as soon as `still_due` returns False. Each transaction calls it. Read the ids outside of the
    transaction, because a search may take longer than the deletion.
    """
    while ids := list(rows.order_by().values_list("pk", flat=True)[:AT_ONCE]):
        with recorder.part() as deleted:
            if not still_due():
                return
            number, _by_model = rows.model._default_manager.filter(pk__in=ids).delete()
            deleted.rows += len(ids) if counted and number else 0
        yield


def preview_rows(rows: QuerySet[Any], moment: str) -> Preview:
    """Return the preview for rows that are deleted one by one. `moment` is the column with their time."""
    found = rows.order_by().aggregate(oldest=Min(moment))
    return Preview(rows=rows.count(), oldest=found["oldest"])
