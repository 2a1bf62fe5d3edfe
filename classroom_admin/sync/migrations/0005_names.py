"""Rename models and fields. The database does not change: tables and columns keep their names."""

import django.db.models.deletion
from django.db import migrations, models

MODELS = (
    ("Hole", "SequenceGap", "sync_hole"),
    ("Errand", "RoomRefresh", "sync_errand"),
    ("Missed", "MissedEvent", "sync_missed"),
)
FIELDS = (
    ("folded_sequence", "projected_sequence", models.BigIntegerField(db_column="folded_sequence", default=0)),
    (
        "folded_at",
        "projected_at",
        models.DateTimeField(db_column="folded_at", null=True, help_text="the time of the last projected event"),
    ),
    (
        "needs_refold",
        "needs_full_projection",
        models.BooleanField(
            db_column="needs_refold",
            default=False,
            help_text="an event came after a later one was projected",
        ),
    ),
    (
        "fold_due_at",
        "project_due_at",
        models.DateTimeField(
            db_column="fold_due_at",
            null=True,
            help_text="there is something to project, from this moment on",
        ),
    ),
    (
        "sweep_due_at",
        "reconcile_due_at",
        models.DateTimeField(
            db_column="sweep_due_at", null=True, help_text="null: no more reconciliation"
        ),
    ),
    ("swept_at", "reconciled_at", models.DateTimeField(db_column="swept_at", null=True)),
)
TEXTS = (
    ("Lease", "drained_at", models.DateTimeField(help_text="when the stream last had no more events", null=True)),
    (
        "Lease",
        "suspect_answer",
        models.BigIntegerField(
            default=0, help_text="the highest id of an InboxAnswer when an answer was last suspected lost"
        ),
    ),
    (
        "Lease",
        "wanted_by",
        models.CharField(blank=True, help_text="the process that waits for the lease", max_length=200),
    ),
    (
        "Quarantine",
        "event",
        models.OneToOneField(
            help_text="stored, not projected",
            null=True,
            on_delete=django.db.models.deletion.CASCADE,
            related_name="quarantined",
            to="sync.storedevent",
        ),
    ),
    (
        "RoomCursor",
        "failures",
        models.IntegerField(default=0, help_text="reconciliations that failed in a row"),
    ),
    (
        "RoomRefresh",
        "room",
        models.OneToOneField(
            on_delete=django.db.models.deletion.CASCADE, related_name="refresh", to="rooms.room"
        ),
    ),
    (
        "SequenceGap",
        "asks",
        models.IntegerField(default=0, help_text="answers that had later numbers but not these"),
    ),
    (
        "SequenceGap",
        "room",
        models.ForeignKey(
            on_delete=django.db.models.deletion.CASCADE, related_name="sequence_gaps", to="rooms.room"
        ),
    ),
    (
        "StoredEvent",
        "unreadable",
        models.CharField(blank=True, help_text="why it is not projected", max_length=300),
    ),
)
INDEXES = (("sync_cursor_fold", "project_due_at"), ("sync_cursor_sweep", "reconcile_due_at"))


class Migration(migrations.Migration):
    dependencies = [("sync", "0004_fold_again")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                *(migrations.RenameModel(old, new) for old, new, _table in MODELS),
                *(migrations.AlterModelTable(new, table) for _old, new, table in MODELS),
                *(migrations.RemoveIndex("RoomCursor", name) for name, _field in INDEXES),
                *(migrations.RenameField("RoomCursor", old, new) for old, new, _field in FIELDS),
                *(migrations.AlterField("RoomCursor", new, field) for _old, new, field in FIELDS),
                *(migrations.AlterField(*alteration) for alteration in TEXTS),
                *(
                    migrations.AddIndex(
                        "RoomCursor",
                        models.Index(
                            fields=[field], name=name, condition=models.Q((f"{field}__isnull", False))
                        ),
                    )
                    for name, field in INDEXES
                ),
            ]
        )
    ]
