"""Celery tasks of commands that take long. Arguments are ids only; a missed one is made good by the beat."""

from celery import shared_task

from classroom_admin.actions.bulk.tasks import due, work
from classroom_admin.actions.planning import hints, making

__all__ = ["due", "make_planned", "work"]


@shared_task(name=hints.MAKE)
def make_planned(series_id: int | None = None) -> None:
    """Make the planned classes that are due: of one series, or (the beat) of all."""
    making.make_due(series_id=series_id)
