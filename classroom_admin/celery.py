"""The Celery application. Workers run in the threads or solo pool; beat is a process of its own."""

import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")

# Its reason is pickle, which is never accepted here; in a container everything runs as root.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("classroom_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
