"""Classroom Admin: the dashboard from which a school runs its live online classes."""

from classroom_admin.celery import app as celery_app

__all__ = ["celery_app"]
