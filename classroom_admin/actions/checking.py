"""Did it happen? Where the event that confirms a command does not come, the cloud is read and tells.

What shows it confirms the command on record (`looks`: what is read for each kind of command); what does not
is told to the one who asks, and changes nothing.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions import cloud, flow, refusals, settle
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.looks import LOOKS, Found
from classroom_admin.agora.errors import CloudError
from classroom_admin.audit.models import Entry, Step
from classroom_admin.rooms.models import Room


def can_check(action: str) -> bool:
    """Whether any read of the cloud can show that such a command was done."""
    return action in LOOKS


def check(*, actor: User, room: Room, entry: Entry) -> Found:
    """Read at the cloud whether `entry` was done, now. Where it shows, *confirmed* is put on record.

    Raises ``NotYours``, and ``ActionRefused`` for what no read shows or when the cloud can't be asked.
    """
    flow.authorise(actor, room)
    if entry.room_uuid != room.room_uuid or entry.action not in LOOKS:
        raise ActionRefused(_("The cloud can't be asked whether this command worked."))
    client = cloud.client()
    try:
        found = LOOKS[entry.action](client, entry)
    except CloudError as error:
        raise ActionRefused(refusals.sentence_for(error, action="check")) from error
    if found.done and not entry.steps.filter(kind=Step.Kind.CONFIRMED).exists():
        settle.seen(entry, detail=found.detail)
    return found
