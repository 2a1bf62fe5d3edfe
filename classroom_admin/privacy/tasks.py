"""Celery tasks of privacy. Celery finds tasks only in modules with this name."""

from classroom_admin.privacy.person_tasks import run_person_jobs, tidy_people

__all__ = ["run_person_jobs", "tidy_people"]
