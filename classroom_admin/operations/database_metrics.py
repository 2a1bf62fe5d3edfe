"""Metrics that are computed from the database when Prometheus asks. They are the same on every machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Sum
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric

from classroom_admin.accounts.models import User
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.common.metrics import PREFIX
from classroom_admin.common.version import version
from classroom_admin.operations import progress
from classroom_admin.operations.readiness import DATABASE_ERRORS
from classroom_admin.rooms import selectors
from classroom_admin.rooms.alert_kinds import KINDS
from classroom_admin.sync import health
from classroom_admin.sync.models import Lease, SequenceGap
from classroom_admin.web.class_list.live_classes import alert_counts

_ROLES: Final = ("teacher", "student", "other")


class DatabaseMetrics:
    """A collector of prometheus-client. If the database does not answer, only `database_up` is 0."""

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily(PREFIX[:-1], "The release", {"version": version()})
        yield from _disk()
        try:
            found = [*_sync(), *_commands(), *_classes()]
        except DATABASE_ERRORS:
            found = []
        yield _gauge("database_up", "1 if the database answered", 1 if found else 0)
        yield from found


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, help_text, value)


def _labelled(name: str, help_text: str, label: str, rows: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, help_text, labels=[label])
    for value, number in rows:
        family.add_metric([value], number)
    return family


def _disk() -> Iterator[Metric]:
    found = os.statvfs(settings.DATA_DIR)
    yield _gauge("disk_free_bytes", "Free space of the data folder", found.f_bavail * found.f_frsize)
    yield _gauge("disk_size_bytes", "Size of the data folder's disk", found.f_blocks * found.f_frsize)


def _sync() -> Iterator[Metric]:
    now, ages = health.health(), progress.read()
    failures = Lease.objects.filter(app_id=settings.AGORA.app_id).values_list("failures", flat=True).first()
    if now.age_s is not None:
        yield _gauge("poll_age_seconds", "Time since the cloud last answered a poll", now.age_s)
    yield _gauge("poll_failures", "Polls that failed in a row", failures or 0)
    yield _gauge("backlog", "Responses to read and streams to project", now.backlog)
    yield _gauge(
        "backlog_age_seconds", "Time that the oldest event has waited", ages.oldest_event.age_s or 0.0
    )
    gaps = {"open": now.open_gaps, "gap": now.gaps, "void": now.voids}
    assert gaps.keys() == set(SequenceGap.State.values)
    yield _labelled("sequence_gaps", "Ranges of missing events", "state", gaps.items())
    yield _gauge("quarantine", "Unreadable responses and events", now.quarantined)
    yield _gauge("presence_corrections", "Corrections of who is present", now.corrections)
    yield _gauge("competing_reader", "1 if another client reads our events", int(bool(now.competing_reader)))


def _commands() -> Iterator[Metric]:
    states = (ScheduledCommand.State.WAITING, ScheduledCommand.State.CLAIMED, ScheduledCommand.State.FAILED)
    is_open = ScheduledCommand.objects.filter(claimable_at__isnull=False)
    counted: dict[tuple[str, str], int] = {
        (kind, state): number
        for kind, state, number in is_open.values_list("kind", "state").annotate(number=Count("pk"))
    }
    family = GaugeMetricFamily(
        f"{PREFIX}scheduled_commands", "Scheduled commands to run", labels=["kind", "state"]
    )
    for kind in ScheduledCommand.Kind.values:
        for state in states:
            family.add_metric([kind, state], counted.get((kind, state.value), 0))
    yield family
    ages = progress.overdue_s()
    rows = [(str(kind), ages.get(kind, 0.0)) for kind in ScheduledCommand.Kind.values]
    yield _labelled(
        "overdue_command_seconds", "How long the oldest due command has been overdue", "kind", rows
    )


def _classes() -> Iterator[Metric]:
    live = selectors.live_rooms(User(role=User.Role.ADMINISTRATOR))
    found: dict[str, Any] = live.aggregate(
        classes=Count("pk"),
        teachers=Sum("teachers_online"),
        students=Sum("students_online"),
        people=Sum("people_online"),
    )
    teachers, students = found["teachers"] or 0, found["students"] or 0
    numbers = (teachers, students, (found["people"] or 0) - teachers - students)
    yield _gauge("live_classes", "Classes that are live", found["classes"])
    yield _labelled("people_present", "People in live classes", "role", zip(_ROLES, numbers, strict=True))
    alerts = alert_counts()
    yield _labelled("alerts", "Active alerts of classes", "kind", [(kind, alerts[kind]) for kind in KINDS])
