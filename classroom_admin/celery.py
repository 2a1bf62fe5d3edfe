"""The Celery application. Workers use the threads or solo pool; beat is a separate process."""

import logging
import os
import threading
import warnings
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from celery import Celery, Task
from celery.exceptions import SecurityWarning
from celery.signals import worker_init, worker_ready, worker_shutting_down

from classroom_admin.common import database_outage, sqlite3
from classroom_admin.common.logs import repeats, tasks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")
# Django's system checks import the code of every page. `make lint` runs the checks, so workers skip them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
# Celery warns if root may load pickles. Containers run as root, but no task accepts pickles here.
warnings.filterwarnings("ignore", category=SecurityWarning)

SHUTDOWN_S = 7.0


class WaitingTask(Task):  # type: ignore[type-arg]
    """A task that does nothing in a worker while the database is away.

    This loses no work, because the database is the queue: the next beat starts the same work. The log says
    once, and then at growing intervals, that the database is away.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            return self.run(*args, **kwargs)
        if _has_expired(self.request.expires):
            return None  # it waited for a thread, and a newer message starts the same work
        outage = database_outage.of_process
        if outage.is_on and not (outage.is_due() and outage.probe()):
            return None
        try:
            return self.run(*args, **kwargs)
        except database_outage.ERRORS as error:
            if not database_outage.is_outage(error):
                raise
            outage.note(error)
            return None


def _has_expired(expires: Any) -> bool:
    """Return whether the time at which a message expires is over. Celery sends it as text in ISO 8601."""
    try:
        at = datetime.fromisoformat(expires)
    except (TypeError, ValueError):  # None, or not from Celery
        return False
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) < datetime.now(UTC)


class ClassroomCelery(Celery):
    """A Celery application whose beat can stop between two ticks, and whose tasks wait for the database."""

    task_cls = "classroom_admin.celery:WaitingTask"

    @cached_property
    def Beat(self) -> Any:
        beat: Any = "classroom_admin.runtime.beat:EndingBeat"
        return self.subclass_with_self(beat)


app = ClassroomCelery("classroom_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
tasks.connect()


@worker_init.connect
def need_a_database(**_: Any) -> None:
    sqlite3.never_create()


@worker_ready.connect
def shorten_what_a_lost_broker_causes(**_: Any) -> None:
    """Log the loss of the broker without tracebacks, and without warnings about tasks that continue.

    Their messages may come again, which does no harm. With RabbitMQ, each of them would be in the log. Celery
    shows all its warnings unless told after its start.
    """
    warnings.filterwarnings("ignore", message=r"\s*In Celery 5\.1", category=PendingDeprecationWarning)
    lost = app.connection_for_read().recoverable_connection_errors

    def without_traceback(record: logging.LogRecord) -> bool:
        if not (record.exc_info and isinstance(record.exc_info[1], lost)):
            return True
        record.exc_info = None
        return not str(record.msg).startswith("Couldn't ack")

    for name in ("consumer.consumer", "loops", "request", "strategy"):
        logging.getLogger(f"celery.worker.{name}").addFilter(without_traceback)


@worker_shutting_down.connect
def end_in_time(**_: Any) -> None:
    """Exit after `SHUTDOWN_S` even if a task still runs. Another worker finds the rest in the database."""
    timer = threading.Timer(SHUTDOWN_S, _exit)
    timer.daemon = True
    timer.start()


def _exit() -> None:
    repeats.write_counts()  # the process ends without ending logging
    os._exit(0)
