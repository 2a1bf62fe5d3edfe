"""Copy held deletions, planned removals, items of bulk actions and planned classes into the one queue."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.core.management.color import no_style
from django.db import migrations

LEASE = timedelta(seconds=90)
ROWS_AT_ONCE = 500
STATES = {
    "waiting": "waiting",
    "held": "waiting",
    "taken": "claimed",
    "sending": "claimed",
    "running": "claimed",
    "making": "claimed",
    "done": "done",
    "sent": "done",
    "made": "done",
    "failed": "failed",
    "not_done": "failed",
    "cancelled": "cancelled",
    "called_off": "cancelled",
    "undone": "cancelled",
    "skipped": "cancelled",
}


def copy_queues(apps: Any, schema_editor: Any) -> None:
    """Copy every row. Removals keep their ids: the audit log names them, and ids given later are higher."""
    database = schema_editor.connection
    command = apps.get_model("actions", "ScheduledCommand")
    for rows in (removals(apps), deletions(apps), items(apps), classes(apps)):
        made = (command(**row) for row in rows)
        while part := list(islice(made, ROWS_AT_ONCE)):
            command.objects.using(database.alias).bulk_create(part)
        with database.cursor() as cursor:
            for statement in database.ops.sequence_reset_sql(no_style(), [command]):
                cursor.execute(statement)


def refuse_with_rows(apps: Any, schema_editor: Any) -> None:
    """The way back: only for an empty queue, because the four tables of before are not filled again."""
    if apps.get_model("actions", "ScheduledCommand").objects.exists():
        raise RuntimeError("Scheduled commands can't be copied back. Restore the backup instead.")


def removals(apps: Any) -> Iterator[dict[str, Any]]:
    for row in apps.get_model("actions", "PlannedRemoval").objects.order_by("pk").iterator():
        state = STATES[row.state]
        yield {
            "id": row.pk,
            "kind": "removal",
            "state": state,
            "by_id": row.by_id,
            "room_id": row.room_id,
            "key": row.user_uuid,
            "payload": {"name": row.name, "span": row.span, "reason": row.reason},
            "created_at": row.planned_at,
            "changed_at": row.taken_at or row.planned_at,
            "due_at": row.due_at,
            "claimable_at": claimable(state, row.due_at, taken_at=row.taken_at),
            "attempts": 0 if row.taken_at is None else 1,
            "entry_id": row.entry_id,
        }


def deletions(apps: Any) -> Iterator[dict[str, Any]]:
    rows = apps.get_model("actions", "HeldDeletion").objects.select_related("hold")
    for row in rows.order_by("pk").iterator():
        state = STATES[row.state]
        yield {
            "kind": "deletion",
            "state": state,
            "by_id": row.by_id,
            "room_id": row.room_id,
            "key": str(row.hold_id),
            "payload": {"resource_uuids": row.resource_uuids, "names": row.names},
            "created_at": row.hold.at,
            "changed_at": row.taken_at or row.hold.at,
            "due_at": row.due_at,
            "claimable_at": claimable(state, row.due_at, taken_at=row.taken_at),
            "attempts": 0 if row.taken_at is None else 1,
            "entry_id": row.hold_id,
        }


def items(apps: Any) -> Iterator[dict[str, Any]]:
    rows = apps.get_model("actions", "BulkItem").objects.select_related("run")
    run_id, position = None, 0
    for row in rows.order_by("run_id", "pk").iterator():
        run_id, position = row.run_id, position + 1 if row.run_id == run_id else 0
        state = STATES[row.state]
        yield {
            "kind": "bulk",
            "state": state,
            "by_id": row.run.by_id,
            "room_id": row.room_id,
            "run_id": row.run_id,
            "key": str(row.run_id),
            "payload": {"skip": row.skip} if row.skip else {},
            "position": position,
            "created_at": row.run.made_at,
            "changed_at": row.changed_at,
            "due_at": row.run.made_at,
            "claimable_at": claimable(state, row.run.made_at, taken_at=row.claimed_at),
            "attempts": row.tries,
            "entry_id": row.entry_id,
            "problem": problem(row),
        }


def classes(apps: Any) -> Iterator[dict[str, Any]]:
    rows = apps.get_model("actions", "PlannedClass").objects.select_related("series")
    series_id, position = None, 0
    for row in rows.order_by("series_id", "starts_at", "pk").iterator():
        series_id, position = row.series_id, position + 1 if row.series_id == series_id else 0
        state = STATES[row.state]
        claimable_at = row.claimed_until if state == "claimed" else row.due_at
        yield {
            "kind": "class",
            "state": state,
            "by_id": row.series.created_by_id,
            "series_id": row.series_id,
            "key": row.room_uuid,
            "position": position,
            "starts_at": row.starts_at,
            "created_at": row.series.created_at,
            "changed_at": row.made_at or row.series.created_at,
            "due_at": row.due_at or row.made_at or row.starts_at,
            "claimable_at": None if state in ("done", "cancelled") else claimable_at,
            "attempts": row.tries,
            "problem": problem(row),
        }


def problem(row: Any) -> dict[str, Any] | None:
    """Keep why a row failed as it was stored: the English sentence, and how it was made."""
    return {"sentence": row.reason, "says": row.says} if row.reason else None


def claimable(state: str, due_at: datetime, *, taken_at: datetime | None) -> datetime | None:
    """When a worker may claim the row: due, or after the lease of a worker that has it."""
    if state == "claimed":
        return (taken_at or due_at) + LEASE
    return due_at if state == "waiting" else None


class Migration(migrations.Migration):

    dependencies = [
        ("actions", "0006_scheduled_commands"),
        ("audit", "0001_initial"),
    ]

    operations = [migrations.RunPython(copy_queues, refuse_with_rows)]
