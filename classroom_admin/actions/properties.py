"""Commands that set and delete properties of a room, a participant or an extApp (contract A)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from classroom_admin.actions import runner
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Confirms, valid
from classroom_admin.agora.call import CloudCall
from classroom_admin.agora.calls import (
    DeleteExtAppProperties,
    DeleteRoomProperties,
    DeleteUserProperties,
    PutExtAppProperties,
    PutRoomProperties,
    PutUserProperties,
)
from classroom_admin.audit.models import Entry
from classroom_admin.common.redaction import shown_properties
from classroom_admin.events import EventKind
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant

Properties = Mapping[str, Any]


def set_room_properties(
    access: ClassAccess, *, properties: Properties, cause: Properties | None = None
) -> Entry:
    """Set properties of the room and keep its others. Event 4 confirms; it carries ``cause`` (any JSON)."""
    call = valid(PutRoomProperties, room_uuid=access.room.room_uuid, properties=properties, cause=cause)

    return _run(access, action="room.set_properties", call=call, sets=properties, cause=cause)


def delete_room_properties(
    access: ClassAccess, *, names: Sequence[str], cause: Properties | None = None
) -> Entry:
    """Delete properties of the room. Event 4 confirms the command."""
    call = valid(DeleteRoomProperties, room_uuid=access.room.room_uuid, names=names, cause=cause)

    return _run(access, action="room.delete_properties", call=call, deletes=names, cause=cause)


def set_participant_properties(
    access: ClassAccess,
    *,
    participant: Participant,
    properties: Properties,
    cause: Properties | None = None,
) -> Entry:
    """Set properties of a person in the room. Event 22 confirms the command."""
    call = valid(
        PutUserProperties,
        room_uuid=access.room.room_uuid,
        user_uuid=participant.user_uuid,
        properties=properties,
        cause=cause,
    )

    return _run(
        access,
        action="participant.set_properties",
        call=call,
        sets=properties,
        cause=cause,
        participant=participant,
    )


def delete_participant_properties(
    access: ClassAccess,
    *,
    participant: Participant,
    names: Sequence[str],
    cause: Properties | None = None,
) -> Entry:
    """Delete properties of a person in the room. Event 22 confirms the command."""
    call = valid(
        DeleteUserProperties,
        room_uuid=access.room.room_uuid,
        user_uuid=participant.user_uuid,
        names=names,
        cause=cause,
    )

    return _run(
        access,
        action="participant.delete_properties",
        call=call,
        deletes=names,
        cause=cause,
        participant=participant,
    )


def set_ext_app_properties(
    access: ClassAccess,
    *,
    ext_app_uuid: str,
    properties: Properties,
    state: int | None = None,
    cause: Properties | None = None,
) -> Entry:
    """Set properties of an extApp. ``state`` 0 or 1 turns it off or on. Event 4 under extApps confirms."""
    call = valid(
        PutExtAppProperties,
        room_uuid=access.room.room_uuid,
        ext_app_uuid=ext_app_uuid,
        properties=properties,
        common_state=state,
        cause=cause,
    )

    return _run(
        access,
        action="ext_app.set_properties",
        call=call,
        sets=properties,
        cause=cause,
        ext_app_uuid=ext_app_uuid,
        extra={} if state is None else {"state": state},
    )


def delete_ext_app_properties(
    access: ClassAccess, *, ext_app_uuid: str, names: Sequence[str], cause: Properties | None = None
) -> Entry:
    """Delete properties of an extApp. Event 4 under extApps confirms the command."""
    call = valid(
        DeleteExtAppProperties,
        room_uuid=access.room.room_uuid,
        ext_app_uuid=ext_app_uuid,
        names=names,
        cause=cause,
    )

    return _run(
        access,
        action="ext_app.delete_properties",
        call=call,
        deletes=names,
        cause=cause,
        ext_app_uuid=ext_app_uuid,
    )


def _run(
    access: ClassAccess,
    *,
    action: str,
    call: CloudCall[None],
    sets: Properties | None = None,
    deletes: Sequence[str] = (),
    cause: Properties | None = None,
    participant: Participant | None = None,
    ext_app_uuid: str = "",
    extra: Properties | None = None,
) -> Entry:
    """Run one of the six commands. The event with the names of the changed properties confirms it."""
    if participant is not None and participant.room_id != access.room.pk:
        raise ActionRefused(gettext("This person is not in this class. Reload the page."), field="userUuid")
    names = list(deletes) if sets is None else list(sets)
    match: dict[str, Any] = {"property_names": names}
    if participant is not None:
        match["user_uuid"] = participant.user_uuid
    if ext_app_uuid:
        match["ext_app"] = ext_app_uuid

    params: dict[str, Any] = {**(extra or {})}
    params |= {"names": names} if sets is None else {"properties": shown_properties(sets)}
    if cause:
        params["cause"] = shown_properties(cause)
    target = participant.user_uuid if participant is not None else ext_app_uuid
    command = Command(
        action=action,
        target=target,
        target_name=participant.name if participant is not None else access.room.name,
        params=params,
        same_as={"target": target, "sets": sets, "names": names, "cause": cause, **(extra or {})},
        call=call,
        confirmed_by=Confirms(
            event=EventKind.ROOM_PROPERTIES if participant is None else EventKind.USER_PROPERTIES,
            match=match,
        ),
    )
    return runner.run(access, command)
