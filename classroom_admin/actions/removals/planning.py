"""Plan a removal, and call it off again."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from classroom_admin.accounts.models import User
from classroom_admin.actions import flow, participants
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.removals.models import PlannedRemoval
from classroom_admin.actions.tasks import carry_out_removal
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant, Room

log = logging.getLogger(__name__)

SHORTEST_S: Final = 5
LONGEST_S: Final = 3 * 60 * 60
LONGEST_REASON: Final = 200


def plan_removal(
    *, actor: User, room: Room, participant: Participant, after_s: int, reason: str = "", **span: Any
) -> PlannedRemoval:
    """Have a person removed ``after_s`` seconds from now (5 to 10,800), unless somebody calls it off.

    ``span``: ``duration_s``, ``for_the_class`` or ``for_good`` of ``participants.remove_participant``;
    none: they may come back. On record at once, so that all who watch the class see it. Raises ``NotYours``
    and ``ActionRefused``.
    """
    flow.authorise(actor, room)
    if participant.room_id != room.pk:
        raise ActionRefused(_("This person is not in this class. Reload the page."), field="userUuid")
    if not SHORTEST_S <= after_s <= LONGEST_S:
        raise ActionRefused(_("Choose a time between 5 seconds and 3 hours."), field="after")
    participants.check_removal(**{"duration_s": None, "for_the_class": False, "for_good": False, **span})
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise ActionRefused(_("The reason must be at most 200 characters."), field="reason")
    now = clock.now()
    try:
        with transaction.atomic():
            planned = PlannedRemoval.objects.create(
                room=room,
                user_uuid=participant.user_uuid,
                name=participant.name,
                by=actor,
                span=span,
                reason=reason,
                planned_at=now,
                due_at=now + timedelta(seconds=after_s),
            )
            asked = {"after_s": after_s, **span, "reason": reason}
            _on_record(actor, "participant.plan_removal", planned, asked)
    except IntegrityError as error:
        raise ActionRefused(
            _("A removal of this person is already scheduled. Cancel it first, or wait for it.")
        ) from error
    _hint(planned, after_s)
    return planned


def call_off(*, actor: User, planned: PlannedRemoval) -> bool:
    """Let nobody be removed after all. False where it is too late: carried out, under way or called off.

    Raises ``NotYours``.
    """
    flow.authorise(actor, planned.room)
    with transaction.atomic():
        waiting = PlannedRemoval.objects.filter(pk=planned.pk, state=PlannedRemoval.State.WAITING)
        if not waiting.update(state=PlannedRemoval.State.CALLED_OFF):
            return False
        _on_record(actor, "participant.call_off_removal", planned, {"planned": planned.pk})
    return True


def _on_record(actor: User, action: str, planned: PlannedRemoval, params: dict[str, Any]) -> None:
    record.done(
        actor=actor,
        action=action,
        room_uuid=planned.room.room_uuid,
        target=planned.user_uuid,
        target_name=planned.name,
        params={name: value for name, value in params.items() if value},
    )


def _hint(planned: PlannedRemoval, after_s: int) -> None:
    """Have it carried out to the second; should the hint be lost, the beat finds it within a second or so."""
    try:
        carry_out_removal.apply_async(args=(planned.pk,), countdown=after_s, retry=False)
    except OperationalError as error:
        log.warning("no hint could be sent, the beat will make it good: %s", error)
