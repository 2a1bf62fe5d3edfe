"""The page that says how long data is kept, what the next run deletes, and what earlier runs deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.privacy import retention
from classroom_admin.privacy.limits import OF_CLASSES, Kind, days_of
from classroom_admin.privacy.models import RetentionRun
from classroom_admin.privacy.recorder import Preview
from classroom_admin.rooms.models import ClassRetention
from classroom_admin.web.access import AuthenticatedHttpRequest, requires

MOST_RUNS: Final = 30
MOST_KEPT: Final = 200
_COUNTS_FROM: Final = {
    Kind.CLASS_LISTS: _("after the last change and the last class"),
    Kind.QUARANTINE: _("after the receipt"),
    Kind.COMMANDS: _("after the execution"),
    Kind.FILES: _("after the deletion of the content"),
    Kind.EXPORTS: _("after the export"),
    Kind.SESSIONS: "",
    Kind.AUDIT: _("after the entry"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A kind of data on the page. `days` is 0 without a limit, and None if each row has an end of its own."""

    kind: Kind
    days: int | None
    counts_from: Any
    variable: str
    preview: Preview | None


def rows() -> list[Row]:
    """Return a row for each kind, with what the next run would delete if it began now."""
    found = retention.preview()
    return [
        Row(
            kind=kind,
            days=None if kind == Kind.SESSIONS else days_of(kind),
            counts_from=_("after the end of the class") if kind in OF_CLASSES else _COUNTS_FROM[kind],
            variable="" if kind == Kind.SESSIONS else f"RETENTION_{kind.value.upper()}_DAYS",
            preview=found.get(kind),
        )
        for kind in Kind
    ]


def deleted(run: RetentionRun) -> Iterator[tuple[str, int, int, int]]:
    """Yield the label, rows, classes and limit (days) of each kind of which a run deleted something.

    The limit is that of the time when the run began. It is 0 if each row has an end of its own.
    """
    for kind in Kind:
        if kind.value in run.counts:
            count = run.count_of(kind)
            days = 0 if kind == Kind.SESSIONS else run.limits.get(kind.value, 0)
            yield str(kind.label), count["rows"], count["classes"], days


@require_safe
@requires(Permission.SETTINGS)
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the limits, the preview, the last runs, and the classes that administrators keep."""
    runs = RetentionRun.objects.select_related("by")[:MOST_RUNS]
    kept = ClassRetention.objects.filter(kept_at__isnull=False).select_related("room", "kept_by")
    context = {
        "rows": rows(),
        "next_run": retention.next_run(),
        "runs": [(run, list(deleted(run))) for run in runs],
        "kept": kept.order_by("-kept_at")[:MOST_KEPT],
    }
    return render(request, "settings/retention.html", context)
