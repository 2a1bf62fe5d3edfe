"""Where Celery looks for the tasks of this app."""

from classroom_admin.actions.bulk.tasks import due, work

__all__ = ["due", "work"]
