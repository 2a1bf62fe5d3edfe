"""Commands about one person in a class: remove them, let them back in."""

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Participant, Room


def remove_participant(
    *,
    actor: User,
    room: Room,
    participant: Participant,
    duration_s: int | None = None,
    for_the_class: bool = False,
    for_good: bool = False,
    reason: str = "",
) -> Entry:
    """Remove a person from the class (contract A: kick a user), now or for a while.

    Nothing given: they may come straight back. ``duration_s``: not for so many seconds (600, 3600…).
    ``for_the_class``: not before the planned close. ``for_good``: never again in this room. At most one of
    the three.
    """
    raise NotImplementedError


def let_back(*, actor: User, room: Room, user_uuid: str) -> Entry:
    """Let a removed person back in (contract A: kick with ``dirty.state`` 0)."""
    raise NotImplementedError
