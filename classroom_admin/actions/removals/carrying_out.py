"""Carry out what is due, once: whoever turns *waiting* into *taken* does it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from classroom_admin.actions import participants
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.actions.removals.models import PlannedRemoval
from classroom_admin.audit import record
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock, language
from classroom_admin.common.sentence import Sentence
from classroom_admin.rooms.models import Participant

State = PlannedRemoval.State
TAKEN_AGAIN_AFTER: Final = timedelta(seconds=90)
"""Longer than a command can take: what is taken and not ended by then was a worker's that died."""


class NotDone(Exception):
    """Nothing was sent; ``sentence`` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def due() -> list[int]:
    """Ids of what is to be done now, the longest waiting first."""
    found = PlannedRemoval.objects.filter(_takeable()).order_by("due_at")
    return list(found.values_list("pk", flat=True))


def carry_out(planned_id: int) -> bool:
    """Remove the person if it is time and nobody else is at it. True where this call did it."""
    now = clock.now()
    took = PlannedRemoval.objects.filter(_takeable(), pk=planned_id).update(state=State.TAKEN, taken_at=now)
    if not took:
        return False
    planned = PlannedRemoval.objects.select_related("room", "by").get(pk=planned_id)
    # A worker that died may have sent the command before: then it is on record, and is not sent again.
    entry, why = _sent_before(planned), ""
    if entry is None:
        try:
            entry = _remove(planned)
        except NotDone as reason:
            why = reason.sentence
    with transaction.atomic():
        # Who was so slow that another took it over writes nothing: that one's result holds.
        mine = PlannedRemoval.objects.filter(pk=planned_id, state=State.TAKEN, taken_at=now)
        settled = mine.update(state=State.DONE if entry else State.NOT_DONE, entry=entry)
        if settled and entry is None:
            _not_done(planned, why)
    return entry is not None


def _takeable() -> Q:
    now = clock.now()
    return Q(state=State.WAITING, due_at__lte=now) | Q(
        state=State.TAKEN, taken_at__lte=now - TAKEN_AGAIN_AFTER
    )


def _sent_before(planned: PlannedRemoval) -> Entry | None:
    return Entry.objects.filter(
        room_uuid=planned.room.room_uuid,
        action="participant.remove",
        target=planned.user_uuid,
        params__planned=planned.pk,
    ).first()


def _remove(planned: PlannedRemoval) -> Entry:
    """The entry of the removal; ``NotDone`` where nothing was sent."""
    person = Participant.objects.filter(room=planned.room, user_uuid=planned.user_uuid).first()
    if person is None:
        raise NotDone(Sentence("This person is not in the class."))
    if not person.online and not planned.span:
        raise NotDone(Sentence("The person had already left. Nothing was changed."))
    try:
        return participants.remove_participant(
            actor=planned.by,
            room=planned.room,
            participant=person,
            reason=planned.reason,
            planned=planned.pk,
            **planned.span,
        )
    except ActionRefused as error:
        raise NotDone(error.sentence) from error
    except NotYours as error:
        raise NotDone(
            Sentence("The person who scheduled this removal no longer has access to this class.")
        ) from error


def _not_done(planned: PlannedRemoval, why: str) -> None:
    record.done(
        actor=planned.by,
        action="participant.remove",
        room_uuid=planned.room.room_uuid,
        target=planned.user_uuid,
        target_name=planned.name,
        params={"planned": planned.pk},
        outcome=Step.Kind.FAILED,
        detail=language.kept(why),
    )
