"""Commands that set and delete properties of a class, or of a person or an extApp in it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

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
_CALLS: Final[dict[str, Callable[..., CloudCall[None]]]] = {
    "room.set_properties": PutRoomProperties,
    "room.delete_properties": DeleteRoomProperties,
    "participant.set_properties": PutUserProperties,
    "participant.delete_properties": DeleteUserProperties,
    "ext_app.set_properties": PutExtAppProperties,
    "ext_app.delete_properties": DeleteExtAppProperties,
}


def set_properties(
    access: ClassAccess,
    *,
    participant: Participant | None = None,
    ext_app_uuid: str | None = None,
    properties: Properties,
    state: int | None = None,
    cause: Properties | None = None,
) -> Entry:
    """Set properties of a person, an extApp or the class. Other properties do not change.

    ``state`` 1 turns an extApp on, 0 off. Event 4 confirms the command, or event 22 for a person. The event
    contains ``cause`` (any JSON). Raise ``ActionRefused`` if the person is in another class.
    """
    values = {"properties": properties} | ({} if state is None else {"common_state": state})
    return _run(access, "set_properties", participant, ext_app_uuid, cause, values)


def delete_properties(
    access: ClassAccess,
    *,
    participant: Participant | None = None,
    ext_app_uuid: str | None = None,
    names: Sequence[str],
    cause: Properties | None = None,
) -> Entry:
    """Delete properties of a person, an extApp or the class.

    The other arguments, the confirming event and the errors are the same as for ``set_properties``.
    """
    return _run(access, "delete_properties", participant, ext_app_uuid, cause, {"names": names})


def _run(
    access: ClassAccess,
    what: str,
    participant: Participant | None,
    ext_app_uuid: str | None,
    cause: Properties | None,
    values: dict[str, Any],
) -> Entry:
    """Run the command. An event with the names of the changed properties confirms it."""
    if participant is not None and participant.room_id != access.room.pk:
        raise ActionRefused(gettext("This person is not in this class. Reload the page."), field="userUuid")
    kind, owner, name = "room", {}, access.room.name
    if participant is not None:
        kind, owner, name = "participant", {"user_uuid": participant.user_uuid}, participant.name
    elif ext_app_uuid is not None:
        kind, owner = "ext_app", {"ext_app_uuid": ext_app_uuid}
    action, target = f"{kind}.{what}", "".join(owner.values())
    call = valid(_CALLS[action], room_uuid=access.room.room_uuid, **owner, **values, cause=cause)

    sets = values.get("properties")
    names = list(values["names"] if sets is None else sets)
    params: dict[str, Any] = {"names": names} if sets is None else {"properties": shown_properties(sets)}
    if "common_state" in values:
        params["state"] = values["common_state"]
    if cause:
        params["cause"] = shown_properties(cause)
    command = Command(
        action=action,
        target=target,
        target_name=name,
        params=params,
        same_as={"target": target, "cause": cause, **values},
        call=call,
        confirmed_by=Confirms(
            event=EventKind.ROOM_PROPERTIES if participant is None else EventKind.USER_PROPERTIES,
            match={"property_names": names, **({"ext_app": target} if kind == "ext_app" else owner)},
        ),
    )
    return runner.run(access, command)
