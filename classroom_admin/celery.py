"""The Celery application. Workers run in the threads or solo pool; beat is a process of its own."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")

app = Celery("classroom_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
