"""Make the planned classes that are due, each by its own command.

Any number of processes may be at it: a class is claimed by a conditional UPDATE, and a claim runs out by
itself. A second try of the same class goes under the same id, so it can't make a second one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q, QuerySet

from classroom_admin.actions import classes, people
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.actions.planning.models import PlannedClass, Series
from classroom_admin.actions.reasons import because
from classroom_admin.agora import errors
from classroom_admin.audit import record
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock, language
from classroom_admin.common.sentence import Sentence, read
from classroom_admin.rooms.models import Room, RoomTeacher

State = PlannedClass.State
CLAIM: Final = timedelta(seconds=60)  # longer than a call may take
FIRST_WAIT_S: Final = 15.0
LONGEST_WAIT_S: Final = 3600.0
# What may be otherwise in a while: tried again without anybody asking.
PASSING: Final = frozenset(
    error.__name__
    for error in (
        errors.RateLimited,
        errors.CloudFailed,
        errors.CloudUnavailable,
        errors.UnreadableAnswer,
        errors.Unauthorized,
    )
)

_OVER: Final = Sentence("The scheduled time passed before the class could be created.")
_CLOSED: Final = Sentence("The account of the person who scheduled this class is deactivated.")
_ANOTHER: Final = Sentence("Another class was being created at the same time.")
_NOT_KNOWN: Final = Sentence("The cloud has created the class, but it is not listed here yet.")
_NO_ADMINISTRATOR: Final = Sentence("The person who scheduled this class is no longer an administrator.")


def make_due(*, first: int | None = None, within_s: float = 20.0) -> int:
    """Make what is due, for so long at most: the classes of the series ``first``, where one is given, then
    all, each time the soonest.

    Gives how many were tried; what is left is taken up by the next beat.
    """
    ends_at = clock.monotonic() + within_s
    tried = 0
    while (pk := _next(first)) is not None and clock.monotonic() < ends_at:
        if claim(pk):
            make(PlannedClass.objects.select_related("series__created_by", "series__taught_by").get(pk=pk))
            tried += 1
    return tried


def _next(first: int | None) -> int | None:
    """Asked anew for each class, so that what is planned meanwhile has its turn."""
    found = due().order_by("starts_at", "pk").values_list("pk", flat=True)
    own = None if first is None else found.filter(series_id=first).first()
    return found.first() if own is None else own


def due() -> QuerySet[PlannedClass]:
    """What is to be made now: planned or to be tried again, or left half-way by a process that died."""
    now = clock.now()
    waiting = Q(state__in=(State.WAITING, State.FAILED), due_at__lte=now)
    return PlannedClass.objects.filter(waiting | Q(state=State.MAKING, claimed_until__lte=now))


def claim(pk: int) -> bool:
    """Take a class to make; False where another was first."""
    until = clock.now() + CLAIM
    taken = due().filter(pk=pk).update(state=State.MAKING, claimed_until=until, tries=F("tries") + 1)
    return taken == 1


def make(planned: PlannedClass) -> None:
    """Make one claimed class and note how it went."""
    series = planned.series
    lasts = timedelta(seconds=series.settings.get("duration_s") or 0)
    if planned.starts_at + lasts <= clock.cloud_now():
        _failed(planned, reason=_OVER, again=False)
        return
    try:
        entry = classes.create_class(
            actor=series.created_by,
            name=series.name,
            starts_at=planned.starts_at,
            room_uuid=planned.room_uuid,
            attempt=planned.tries,
            **series.settings,
        )
    except NotYours:
        _failed(planned, reason=_CLOSED, again=False)
    except ActionRefused as refused:
        _failed(planned, reason=refused.sentence, again=False)
    else:
        _note(planned, entry)


def _note(planned: PlannedClass, entry: Entry) -> None:
    steps = list(entry.steps.order_by("pk"))
    kinds = [step.kind for step in steps]
    if entry.room_uuid != planned.room_uuid:
        _failed(planned, reason=_ANOTHER, again=True)
    elif Step.Kind.CONFIRMED in kinds or Step.Kind.ACCEPTED in kinds:
        _made(planned)
    else:
        detail = steps[-1].detail if steps else {}
        why = read(detail.get(language.SAYS)) or str(detail.get(language.SENTENCE, ""))
        _failed(planned, reason=why, again=detail.get("error") in PASSING)


def _made(planned: PlannedClass) -> None:
    """Hand the class over, then note that it is made: who dies in between leaves it to another."""
    room = Room.objects.filter(room_uuid=planned.room_uuid).first()
    if room is None:
        _failed(planned, reason=_NOT_KNOWN, again=True)
        return
    why = _hand_over(room, planned.series)
    with transaction.atomic():
        mine = _settle(planned, state=State.MADE, made_at=clock.now(), due_at=None, **because(why))
        if mine and why:
            _record_kept(room, planned.series, why)


def _failed(planned: PlannedClass, *, reason: str, again: bool) -> None:
    """Note a failure. ``again``: try once more by itself, ever more slowly, as long as the class is ahead."""
    wait = timedelta(seconds=min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (planned.tries - 1)))
    next_try = clock.now() + wait
    worth_it = again and next_try < planned.starts_at
    _settle(planned, state=State.FAILED, due_at=next_try if worth_it else None, **because(reason))


def _settle(planned: PlannedClass, **columns: Any) -> bool:
    """Write how it went, unless the claim was lost meanwhile: then another one's result holds."""
    mine = PlannedClass.objects.filter(pk=planned.pk, state=State.MAKING, claimed_until=planned.claimed_until)
    return mine.update(claimed_until=None, **columns) == 1


def _hand_over(room: Room, series: Series) -> str:
    """Give a class that an administrator planned for a teacher to them; why that can't be, "" where it was
    done or there is nobody to give it to.
    """
    to = series.taught_by
    if to is None or RoomTeacher.objects.filter(room=room, user=to).exists():
        return ""
    try:
        people.assign_room(actor=series.created_by, person=to, room=room)
    except ActionRefused as refused:
        return Sentence(
            "The class was not assigned to {teacher}: {why}", teacher=str(to), why=refused.sentence
        )
    except PermissionDenied:
        return Sentence(
            "The class was not assigned to {teacher}: {why}", teacher=str(to), why=_NO_ADMINISTRATOR
        )
    return ""


def _record_kept(room: Room, series: Series, why: str) -> None:
    to = series.taught_by
    record.done(
        actor=series.created_by,
        action="room.assign",
        room_uuid=room.room_uuid,
        target=to.email if to else "",
        target_name=str(to or ""),
        outcome=Step.Kind.FAILED,
        detail=language.kept(why),
    )
