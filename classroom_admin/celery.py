"""The Celery application. Workers use the threads or solo pool; beat is a separate process."""

import os
import threading
import warnings
from functools import cached_property
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import worker_shutting_down

from classroom_admin.common.logs import repeats, tasks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")
# Django's system checks import the code of every page. `make lint` runs the checks, so workers skip them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
# Celery warns if root may load pickles. Containers run as root, but no task accepts pickles here.
warnings.filterwarnings("ignore", category=SecurityWarning)

SHUTDOWN_S = 7.0


class ClassroomCelery(Celery):
    """A Celery application whose beat can stop between two ticks."""

    @cached_property
    def Beat(self) -> Any:
        beat: Any = "classroom_admin.runtime.beat:EndingBeat"
        return self.subclass_with_self(beat)


app = ClassroomCelery("classroom_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
tasks.connect()


@worker_shutting_down.connect
def end_in_time(**_: Any) -> None:
    """Exit after `SHUTDOWN_S` even if a task still runs. Another worker finds the rest in the database."""
    timer = threading.Timer(SHUTDOWN_S, _exit)
    timer.daemon = True
    timer.start()


def _exit() -> None:
    repeats.write_counts()  # the process ends without ending logging
    os._exit(0)
