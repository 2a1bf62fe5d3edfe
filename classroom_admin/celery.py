"""The Celery application. Workers run in the threads or solo pool; beat is a process of its own."""

import os
import threading
import warnings
from functools import cached_property
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")
# The checks of Django load every page's code; `make lint` runs them, a worker need not at each start.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
# Its reason is pickle, which is never accepted here; in a container everything runs as root.
warnings.filterwarnings("ignore", category=SecurityWarning)

SHUTDOWN_S = 7.0


class ClassroomCelery(Celery):
    """Celery, with a beat that ends between two ticks."""

    @cached_property
    def Beat(self) -> Any:
        return self.subclass_with_self("classroom_admin.runtime.beat:EndingBeat")


app = ClassroomCelery("classroom_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_shutting_down.connect
def end_in_time(**_: Any) -> None:
    """End a worker that was asked to, even if a task does not: the database knows what is still to do."""
    timer = threading.Timer(SHUTDOWN_S, os._exit, args=(0,))
    timer.daemon = True
    timer.start()
