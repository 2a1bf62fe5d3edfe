"""Delete old data now, or show what would be deleted: `manage.py retention [--dry-run] [--json]`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from classroom_admin.common.clock import iso
from classroom_admin.privacy import retention
from classroom_admin.privacy.limits import Kind, days_of


class Command(BaseCommand):
    help = "Delete the data that is older than the limits in the environment (RETENTION_…_DAYS)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only print what would be deleted")
        parser.add_argument("--json", action="store_true", help="print JSON instead of sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        found = _preview() if options["dry_run"] else _deleted()
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
            return
        for kind, count in found.items():
            self.stdout.write(_sentence(kind, count, dry_run=options["dry_run"]))
        if not found:
            self.stdout.write("Nothing is old enough.")


def _preview() -> dict[str, dict[str, Any]]:
    """Return what a run would delete now, by kind. Omit kinds without old data."""
    return {
        kind.value: {
            "rows": one.rows,
            "classes": one.classes,
            "oldest": iso(one.oldest),
            "days": days_of(kind),
        }
        for kind, one in retention.preview().items()
        if one.rows or one.classes
    }


def _deleted() -> dict[str, dict[str, Any]]:
    """Continue an interrupted run or begin one, finish it, and return what it deleted."""
    run = retention.begin()
    retention.work(run)
    run.refresh_from_db()
    return dict(run.counts)


def _sentence(kind: str, count: dict[str, Any], *, dry_run: bool) -> str:
    of_classes = f" of {count['classes']} classes" if count["classes"] else ""
    oldest = f", oldest {count['oldest']}" if count.get("oldest") else ""
    verb = "would be deleted" if dry_run else "deleted"
    return f"{Kind(kind).label}: {count['rows']} rows{of_classes} {verb}{oldest}"
