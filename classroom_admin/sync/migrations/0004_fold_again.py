"""Project all rooms again: direct messages now have a read model, and rooms count quiz and poll events."""

from typing import Any

from django.db import migrations
from django.utils import timezone


def fold_again(apps: Any, schema_editor: Any) -> None:
    cursors = apps.get_model("sync", "RoomCursor").objects
    folded = cursors.filter(folded_sequence__gt=0).values("room_id")
    cursors.filter(stream="room", room_id__in=folded).update(needs_refold=True, fold_due_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [
        ("sync", "0003_budget_and_missed"),
        ("rooms", "0004_peer_messages"),
    ]

    operations = [migrations.RunPython(fold_again, migrations.RunPython.noop, elidable=True)]
