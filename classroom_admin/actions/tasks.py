"""Celery tasks of commands that take long. Arguments are ids only; a missed one is made good by the beat."""

from typing import Final

from celery import shared_task

from classroom_admin.actions.bulk.tasks import due, work
from classroom_admin.actions.file_tasks import hint_held, send_held, tidy_files
from classroom_admin.actions.places import Places
from classroom_admin.actions.planning import hints, making
from classroom_admin.actions.removals import carrying_out

_MAKING: Final = Places(1)

__all__ = [
    "carry_out_removal",
    "due",
    "due_removals",
    "hint_held",
    "make_planned",
    "send_held",
    "tidy_files",
    "work",
]


@shared_task(name=hints.MAKE)
def make_planned(series_id: int | None = None) -> None:
    """Make the planned classes that are due: first those of one series, where one is given, then all.

    One at a time in a worker, however slow the cloud is; what is planned meanwhile is made by that one.
    """
    with _MAKING.taken() as mine:
        if mine:
            making.make_due(first=series_id)


@shared_task(name="actions.carry_out_removal")
def carry_out_removal(planned_id: int) -> None:
    """Remove somebody whose time has come."""
    carrying_out.carry_out(planned_id)


@shared_task(name="actions.due_removals")
def due_removals() -> None:
    """Carry out what a lost hint or a dead worker left behind."""
    for planned_id in carrying_out.due():
        carrying_out.carry_out(planned_id)
