"""Checks of `manage.py doctor` about administrators, database connections, workers and beat."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import connection
from django.shortcuts import resolve_url

from classroom_admin.accounts.models import User
from classroom_admin.celery import app
from classroom_admin.common import clock
from classroom_admin.common.broker_errors import BROKER_ERRORS
from classroom_admin.common.public_address import absolute
from classroom_admin.integrations.webhooks import selectors
from classroom_admin.operations.doctor_result import Result, failed, ok, skipped, warning
from classroom_admin.sync.models import Lease

ANSWER_S: Final = 3
"""How long workers have to answer."""
ALIVE_S: Final = 60.0
"""Beat starts tasks every few seconds, and each renews its lease. An older lease means that nothing runs."""
NEEDED_CONNECTIONS: Final = 15
"""What the workers of one server use (docs/running.md)."""
_SERVE: Final = "Start `manage.py serve`, or the processes in docs/running.md."


def outgoing_webhooks() -> Result:
    """Look for outgoing webhooks that failed."""
    troubled = selectors.troubled()
    if not selectors.endpoints().exists():
        return skipped("There are no outgoing webhooks.")
    if not troubled:
        return ok("No outgoing webhook has failed.")
    names = ", ".join(map(str, troubled))
    return warning(
        f"These outgoing webhooks do not accept messages, or were switched off for it: {names}.",
        f"Open {absolute(resolve_url('webhooks:list'))}, see what the receivers answered, and test them.",
    )


def administrator() -> Result:
    """Look for an administrator who can sign in."""
    administrators = User.objects.filter(role=User.Role.ADMINISTRATOR)
    if administrators.filter(is_active=True).exists():
        return ok("There is an administrator.")
    if administrators.exists():
        return failed("All administrators are deactivated.", "Create one with `manage.py createsuperuser`.")
    address = absolute(resolve_url("first_run:begin"))
    return warning(
        "There is no administrator yet, so nobody can sign in.",
        f"Open {address} and enter the code from the log, or run `manage.py createsuperuser`.",
    )


def database_connections() -> Result:
    """Count the free connections of a PostgreSQL server."""
    if connection.vendor != "postgresql":
        return skipped("SQLite has no limit for connections.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int "
            "- current_setting('superuser_reserved_connections')::int, "
            "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
        )
        most, used = cursor.fetchone()
    words = f"{used} of {most} connections of the database are in use."
    if most - used >= NEEDED_CONNECTIONS:
        return ok(words)
    return warning(words, "Raise max_connections of PostgreSQL, or end what uses them.")


def workers() -> Result:
    """Ask all Celery workers which queues they serve."""
    if reason := _no_processes():
        return skipped(reason)
    needed = {settings.CELERY_TASK_DEFAULT_QUEUE}
    needed |= {str(route["queue"]) for route in settings.CELERY_TASK_ROUTES.values()}
    try:
        with app.connection_for_read(settings.CELERY_BROKER_URL) as broker:
            broker.ensure_connection(max_retries=1, timeout=ANSWER_S)
            inspect = app.control.inspect(timeout=ANSWER_S, connection=broker)
            answers = inspect.active_queues() or {}
    except (*BROKER_ERRORS, OSError):
        return skipped("The broker does not answer.")
    served = {str(queue["name"]) for queues in answers.values() for queue in queues}
    if missing := sorted(needed - served):
        return failed(f"No worker answers for: {', '.join(missing)}.", _SERVE)
    return ok(f"{len(answers)} workers answer, for all {len(needed)} queues.")


def beat() -> Result:
    """Look when a task that beat starts last renewed its lease."""
    if reason := _no_processes():
        return skipped(reason)
    newest = Lease.objects.exclude(renewed_at=None).order_by("-renewed_at").first()
    if newest is None or newest.renewed_at is None:
        return failed("No periodic task has ever run.", f"{_SERVE} One of them is Celery beat.")
    age_s = (clock.now() - newest.renewed_at).total_seconds()
    if age_s > ALIVE_S:
        return failed(
            f"The last periodic task ran {age_s:.0f} s ago. Beat or the workers do not run.",
            f"{_SERVE} One of them is Celery beat.",
        )
    return ok("Periodic tasks run.")


def _no_processes() -> str:
    """Return why no other process can be asked, or ""."""
    is_memory = str(settings.CELERY_BROKER_URL).startswith("memory:")
    return "The broker is in the memory of this process (CELERY_BROKER_URL)." if is_memory else ""


CHECKS: Final = (administrator, database_connections, workers, beat, outgoing_webhooks)
