"""Carry out runs: take one class at a time, plan again by what holds now, send the ordinary command.

Any number of workers may be at the same run. What one of them left when it died is taken up after a while;
whether its command had been sent is then seen from the class itself, or told by the cloud.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db.models import F, Q

from classroom_admin.accounts.models import User
from classroom_admin.actions import classes, recordings
from classroom_admin.actions.bulk import runs
from classroom_admin.actions.bulk.models import BulkItem, BulkRun
from classroom_admin.actions.bulk.plan import What, plan
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.actions.reasons import because
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.sentence import Sentence
from classroom_admin.rooms.models import Room

LEASE: Final = timedelta(seconds=75)
"""Longer than the claim of a single command lasts, so that a command taken up again is sent anew."""
_NOT_YOURS: Final = Sentence("This class is no longer yours. Nothing was changed.")
State = BulkItem.State


def _end(actor: User, room: Room) -> Entry:
    return classes.end_class(actor=actor, room=room)


def _close(actor: User, room: Room) -> Entry:
    return classes.close_class(actor=actor, room=room)


def _record(actor: User, room: Room) -> Entry:
    return recordings.start_recording(actor=actor, room=room)


COMMANDS: Final[dict[str, Callable[[User, Room], Entry]]] = {
    What.END: _end,
    What.CLOSE: _close,
    What.RECORD: _record,
}

ACTIONS: Final[dict[str, str]] = {
    What.END: "class.end",
    What.CLOSE: "class.close",
    What.RECORD: "recording.start",
}


def unfinished() -> list[int]:
    """The ids of runs with work left, the oldest first."""
    return list(BulkRun.objects.filter(finished_at__isnull=True).order_by("id").values_list("pk", flat=True))


def work(run_id: int, *, within_s: float) -> bool:
    """Carry out classes of the run for so long at most. True: there is more to do, and somebody should."""
    run = BulkRun.objects.select_related("by").filter(pk=run_id, finished_at__isnull=True).first()
    if run is None:
        return False
    ends_at = clock.monotonic() + within_s
    while (item := _take(run)) is not None:
        _carry_out(item, run)
        if clock.monotonic() >= ends_at:
            break
    runs.finish(run)
    return BulkItem.objects.filter(run=run, state=State.WAITING).exists()


def _take(run: BulkRun) -> BulkItem | None:
    """Claim the next class: the conditional update hits for one worker only."""
    while True:
        now = clock.now()
        free = Q(state=State.WAITING) | Q(state=State.RUNNING, claimed_at__lte=now - LEASE)
        pk = BulkItem.objects.filter(free, run=run).order_by("id").values_list("pk", flat=True).first()
        if pk is None:
            return None
        mine = BulkItem.objects.filter(free, pk=pk).update(
            state=State.RUNNING, claimed_at=now, changed_at=now, tries=F("tries") + 1
        )
        if mine:
            claimed = BulkItem.objects.select_related("room", "entry")
            return claimed.defer("room__properties", "room__ext_apps", "room__groups").get(pk=pk)


def _carry_out(item: BulkItem, run: BulkRun) -> None:
    told = plan(run.what, item.room)
    if not told.will:
        sent = _sent(item, run)
        if sent is not None:  # tried before, and the class shows it
            _settle(item, State.DONE, entry=sent)
        else:
            _settle(item, State.SKIPPED, skip=told.skip)
        return
    try:
        entry = COMMANDS[run.what](run.by, item.room)
    except ActionRefused as error:
        _settle(item, State.FAILED, reason=error.sentence)
    except NotYours:
        _settle(item, State.FAILED, reason=_NOT_YOURS)
    else:
        failed = entry.steps.filter(kind=Step.Kind.FAILED).exists()
        confirmed = entry.steps.filter(kind=Step.Kind.CONFIRMED).exists()
        _settle(item, State.FAILED if failed and not confirmed else State.DONE, entry=entry)


def _sent(item: BulkItem, run: BulkRun) -> Entry | None:
    """The command that this run has sent to the class already, perhaps by a worker that died after it."""
    if item.entry is not None:
        return item.entry
    if item.tries < 2:
        return None
    found = Entry.objects.filter(
        actor=run.by, action=ACTIONS[run.what], room_uuid=item.room.room_uuid, at__gte=run.made_at
    )
    return found.order_by("-id").first()


def _settle(
    item: BulkItem, state: str, *, entry: Entry | None = None, skip: str = "", reason: str = ""
) -> None:
    """Write the result, unless the claim was lost meanwhile: then another one's holds."""
    BulkItem.objects.filter(pk=item.pk, state=State.RUNNING, claimed_at=item.claimed_at).update(
        state=state,
        entry=entry if entry is not None else item.entry_id,
        skip=skip,
        **because(reason),
        changed_at=clock.now(),
    )
