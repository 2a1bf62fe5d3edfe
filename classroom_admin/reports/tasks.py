"""Celery tasks of reports. Celery finds tasks only in modules with this name."""

from classroom_admin.reports.export_tasks import run_exports, tidy_exports

__all__ = ["run_exports", "tidy_exports"]
