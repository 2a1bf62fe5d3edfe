"""Check that a command's target is in the class that the ``ClassAccess`` is for."""

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant


def require_in_class(access: ClassAccess, participant: Participant, *, present: bool = True) -> None:
    """Raise ``ActionRefused`` for a person of another class and, if ``present``, for an absent person."""
    if participant.room_id != access.room.pk:
        raise ActionRefused(Problem("not_in_this_class"), field="userUuid")
    if present and not participant.online:
        raise ActionRefused(Problem("person_not_present"), field="userUuid")
