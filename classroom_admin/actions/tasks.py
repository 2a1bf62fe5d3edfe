"""Celery tasks of the commands. A message is a hint, what is due is in the database; arguments are ids."""

from __future__ import annotations

from celery import shared_task

from classroom_admin.actions.removals import carrying_out


@shared_task(name="actions.carry_out_removal")
def carry_out_removal(planned_id: int) -> None:
    """Remove somebody whose time has come."""
    carrying_out.carry_out(planned_id)


@shared_task(name="actions.due_removals")
def due_removals() -> None:
    """Carry out what a lost hint or a dead worker left behind."""
    for planned_id in carrying_out.due():
        carrying_out.carry_out(planned_id)
