"""Commands about breakout rooms (contract B)."""

from collections.abc import Mapping, Sequence
from typing import Any

from classroom_admin.accounts.models import User
from classroom_admin.actions import runner
from classroom_admin.actions.runner import Command, Confirms, valid
from classroom_admin.agora.calls import CloseGroups, OpenGroups
from classroom_admin.audit.models import Entry
from classroom_admin.events import EventKind
from classroom_admin.rooms.models import Room

Groups = Sequence[Mapping[str, Any]]


def open_groups(*, actor: User, room: Room, groups: Groups) -> Entry:
    """Create breakout rooms. Event 4 confirms the command.

    Format of ``groups``: ``[{"groupName", "groupUuid"?, "users": [user_uuid, …]}]``.
    """
    call = valid(OpenGroups, room_uuid=room.room_uuid, groups=groups)
    return _run(actor=actor, room=room, action="groups.open", groups=groups, call=call)


def close_groups(*, actor: User, room: Room, groups: Groups | None = None) -> Entry:
    """Close the given breakout rooms, or all if ``groups`` is None. Event 4 confirms the command.

    The people in them return to the class.
    """
    call = valid(CloseGroups, room_uuid=room.room_uuid, groups=groups)
    return _run(actor=actor, room=room, action="groups.close", groups=groups, call=call)


def _run(
    *, actor: User, room: Room, action: str, groups: Groups | None, call: OpenGroups | CloseGroups
) -> Entry:
    command = Command(
        action=action,
        room_uuid=room.room_uuid,
        target_name=room.name,
        params={} if groups is None else {"groups": list(groups)},
        call=call,
        confirmed_by=Confirms(event=EventKind.ROOM_PROPERTIES, match={"groups": True}),
    )
    return runner.run(actor=actor, room=room, command=command)
