"""Commands about breakout rooms."""

from collections.abc import Mapping, Sequence
from typing import Any

from classroom_admin.actions import runner
from classroom_admin.actions.runner import Command, Confirms, valid
from classroom_admin.agora.calls import CloseGroups, OpenGroups
from classroom_admin.audit.models import Entry
from classroom_admin.events import EventKind
from classroom_admin.rooms.access import ClassAccess

Groups = Sequence[Mapping[str, Any]]


def open_groups(access: ClassAccess, *, groups: Groups) -> Entry:
    """Create breakout rooms. Event 4 confirms the command.

    ``groups`` has the format ``[{"groupName", "groupUuid"?, "users": [user_uuid, …]}]``.
    """
    call = valid(OpenGroups, room_uuid=access.room.room_uuid, groups=groups)
    return _run(access, "groups.open", groups, call)


def close_groups(access: ClassAccess, *, groups: Groups | None = None) -> Entry:
    """Close the given breakout rooms, or all if ``groups`` is None. Event 4 confirms the command.

    The people in them return to the class.
    """
    call = valid(CloseGroups, room_uuid=access.room.room_uuid, groups=groups)
    return _run(access, "groups.close", groups, call)


def _run(access: ClassAccess, action: str, groups: Groups | None, call: OpenGroups | CloseGroups) -> Entry:
    command = Command(
        action=action,
        target_name=access.room.name,
        params={} if groups is None else {"groups": list(groups)},
        call=call,
        confirmed_by=Confirms(event=EventKind.ROOM_PROPERTIES, match={"groups": True}),
    )
    return runner.run(access, command)
