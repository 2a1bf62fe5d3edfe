"""Make a run, look at what it would do, have what failed tried again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions.bulk.models import BulkItem, BulkRun
from classroom_admin.actions.bulk.plan import Plan, What, plan
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.models import Room

MOST = 2000
"""Classes in one run."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A class, and what the command would do to it now."""

    room: Room
    plan: Plan


def preview(*, actor: User, what: str, keys: Collection[str]) -> list[Planned]:
    """What ``what`` would do to the classes under ``keys``, by name; those of others are left out.

    ``ActionRefused``: nothing is chosen, too many are, or there is no such command.
    """
    rooms = _rooms(actor=actor, what=what, keys=keys)
    return [Planned(room, plan(what, room)) for room in rooms]


def make(*, actor: User, what: str, keys: Collection[str], token: str) -> BulkRun:
    """Put a run into the queue, or give the one that the same form (``token``) has made before.

    Raises as ``preview``. What there is nothing to do for is written down as skipped at once.
    """
    known = BulkRun.objects.filter(token=token, by=actor).first()
    if known is not None:
        return known
    planned = preview(actor=actor, what=what, keys=keys)
    now = clock.now()
    try:
        with transaction.atomic():
            run = BulkRun.objects.create(token=token, what=what, by=actor, made_at=now)
            BulkItem.objects.bulk_create(
                BulkItem(
                    run=run,
                    room=each.room,
                    state=BulkItem.State.WAITING if each.plan.will else BulkItem.State.SKIPPED,
                    skip=each.plan.skip,
                    changed_at=now,
                )
                for each in planned
            )
            finish(run)
    except IntegrityError as error:
        known = BulkRun.objects.filter(token=token, by=actor).first()
        if known is None:
            raise ActionRefused(_("This form has already been used. Select the classes again.")) from error
        return known
    run.refresh_from_db()
    return run


def retry(*, actor: User, run: BulkRun) -> int:
    """Put what failed into the queue again, except where an event has confirmed it after all; gives how many.

    Only who made the run may: each command is sent in that person's name.
    """
    if run.by_id != actor.pk:
        raise ActionRefused(_("Only the person who started this can retry it."))
    now = clock.now()
    with transaction.atomic():
        BulkRun.objects.select_for_update().get(pk=run.pk)
        failed = BulkItem.objects.filter(run=run, state=BulkItem.State.FAILED)
        confirmed = Step.objects.filter(kind=Step.Kind.CONFIRMED, entry__in=failed.values("entry"))
        again = failed.exclude(entry__in=confirmed.values("entry")).values_list("pk", flat=True)
        count = BulkItem.objects.filter(pk__in=list(again), state=BulkItem.State.FAILED).update(
            state=BulkItem.State.WAITING, reason="", claimed_at=None, changed_at=now
        )
        if count:
            BulkRun.objects.filter(pk=run.pk).update(finished_at=None)
    return count


def finish(run: BulkRun) -> bool:
    """Note that nothing is left to do, where that is so. The run's row is locked: a retry comes before or
    after.
    """
    with transaction.atomic():
        open_runs = BulkRun.objects.select_for_update().filter(pk=run.pk, finished_at__isnull=True)
        if open_runs.first() is None:
            return False
        left = BulkItem.objects.filter(run=run, state__in=(BulkItem.State.WAITING, BulkItem.State.RUNNING))
        if left.exists():
            return False
        BulkRun.objects.filter(pk=run.pk).update(finished_at=clock.now())
    return True


def _rooms(*, actor: User, what: str, keys: Collection[str]) -> list[Room]:
    if what not in What.values:
        raise ActionRefused(_("There is no such command."))
    if not keys:
        raise ActionRefused(_("No class is selected. Select classes first, then choose an action."))
    if len(set(keys)) > MOST:
        words = _("You can select at most %(most)d classes at once. Select fewer.")
        raise ActionRefused(words % {"most": MOST})
    rooms = visible_rooms(actor).filter(key__in=set(keys)).defer("properties", "ext_apps", "groups")
    return list(rooms.order_by("name", "pk"))
