from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "classroom_admin.audit"
    label = "audit"

    def ready(self) -> None:
        post_migrate.connect(_create_triggers, sender=self, dispatch_uid="create the triggers of audit")


def _create_triggers(*, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Create missing triggers, because SQLite drops the triggers of a table that a migration changes."""
    from classroom_admin.audit import triggers

    triggers.create(connections[using])
