"""Commands about breakout rooms."""

from collections.abc import Mapping, Sequence
from typing import Any

from classroom_admin.actions import runner
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Confirms, valid
from classroom_admin.actions.targets import require_in_class
from classroom_admin.agora.call import CloudCall
from classroom_admin.agora.calls import CloseGroups, OpenGroups
from classroom_admin.agora.classroom_calls import MoveInGroups, RemoveGroups, RenameGroup
from classroom_admin.audit.models import Entry
from classroom_admin.common.problems import Problem
from classroom_admin.events import EventKind
from classroom_admin.rooms import breakout_rooms
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.breakout_rooms import Group
from classroom_admin.rooms.models import Participant

Groups = Sequence[Mapping[str, Any]]


def open_groups(access: ClassAccess, *, groups: Groups) -> Entry:
    """Create breakout rooms. Event 4 confirms the command.

    ``groups`` has the format ``[{"groupName", "groupUuid"?, "users": [user_uuid, …]}]``.
    """
    call = valid(OpenGroups, room_uuid=access.room.room_uuid, groups=groups)
    return _run(access, "groups.open", groups, call)


def close_groups(access: ClassAccess, *, groups: Groups | None = None) -> Entry:
    """Close the given breakout rooms, or all if ``groups`` is None. Event 4 confirms the command.

    The people in these rooms return to the class. ``groups`` has the format of ``open_groups``; each item
    needs its ``groupUuid``.
    """
    room_uuid = access.room.room_uuid
    call: CloudCall[None]
    if groups is None:
        call = valid(CloseGroups, room_uuid=room_uuid)
    else:
        group_uuids = [group["groupUuid"] for group in groups]
        call = valid(RemoveGroups, room_uuid=room_uuid, group_uuids=group_uuids)
    return _run(access, "groups.close", groups, call)


def _run(access: ClassAccess, action: str, groups: Groups | None, call: CloudCall[None]) -> Entry:
    command = Command(
        action=action,
        target_name=access.room.name,
        params={} if groups is None else {"groups": list(groups)},
        call=call,
        confirmed_by=Confirms(event=EventKind.ROOM_PROPERTIES, match={"groups": True}),
    )
    return runner.run(access, command)


def move_to_group(access: ClassAccess, *, participant: Participant, group_uuid: str | None) -> Entry:
    """Move a person into an open breakout room, or back to the class if ``group_uuid`` is None.

    Event 4 confirms the command. Raise ``ActionRefused`` if the breakout room is not open, or if the person
    is already there.
    """
    require_in_class(access, participant)
    known = breakout_rooms.read(access.room.groups)
    here = next((group for group in known if participant.user_uuid in group.members), None)
    into = None if group_uuid is None else _open_one(access, group_uuid)
    if into is None and here is None:
        raise ActionRefused(Problem("in_no_group"))
    if here is not None and into is not None and here.uuid == into.uuid:
        raise ActionRefused(Problem("already_in_group"))
    call = valid(
        MoveInGroups,
        room_uuid=access.room.room_uuid,
        user_uuid=participant.user_uuid,
        out_of=here.uuid if here else None,
        into=into.uuid if into else None,
    )
    params = {
        "from": here.name if here else "",
        "to": into.name if into else "",
        "user_id": participant.user_uuid,
        "into_id": into.uuid if into else "",
    }
    return _run_one(access, "groups.move", call, participant.user_uuid, participant.name, params)


def rename_group(access: ClassAccess, *, group_uuid: str, name: str) -> Entry:
    """Rename an open breakout room. Event 4 confirms the command."""
    group = _open_one(access, group_uuid)
    call = valid(RenameGroup, room_uuid=access.room.room_uuid, group_uuid=group_uuid, group_name=name)
    return _run_one(access, "groups.rename", call, group.uuid, group.name, {"name": name})


def close_group(access: ClassAccess, *, group_uuid: str) -> Entry:
    """Close one breakout room. Its people return to the class. Event 4 confirms the command."""
    group = _open_one(access, group_uuid)
    call = valid(RemoveGroups, room_uuid=access.room.room_uuid, group_uuids=[group_uuid])
    return _run_one(access, "groups.close_one", call, group.uuid, group.name, {})


def _open_one(access: ClassAccess, group_uuid: str) -> Group:
    for group in breakout_rooms.read(access.room.groups):
        if group.uuid == group_uuid:
            return group
    raise ActionRefused(Problem("no_such_group"), field="groupUuid")


def _run_one(
    access: ClassAccess,
    action: str,
    call: CloudCall[None],
    target: str,
    target_name: str,
    params: Mapping[str, Any],
) -> Entry:
    command = Command(
        action=action,
        target=target,
        target_name=target_name,
        params=params,
        call=call,
        confirmed_by=Confirms(event=EventKind.ROOM_PROPERTIES, match={"groups": True}),
    )
    return runner.run(access, command)
