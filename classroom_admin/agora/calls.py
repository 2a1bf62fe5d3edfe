"""Calls about rooms and the people in them. Each call has its own class.

An optional parameter that is None is not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, model_validator

from classroom_admin.agora import fields
from classroom_admin.agora.answers import read_next_id
from classroom_admin.agora.call import OnceCall, ReadCall, SameCall, given
from classroom_admin.agora.fields import (
    BanSeconds,
    FromZero,
    Id,
    JsonObject,
    NextId,
    PlainText,
    Properties,
    PropertyNames,
    RoomName,
    Switch,
    Wrong,
)
from classroom_admin.agora.models import (
    RoomInfo,
    RoomUser,
    RoomUserPage,
    UserInfo,
    read_object,
    read_objects,
)
from classroom_admin.agora.parameters import Groups, RoleConfig, Schedule

ROOM: Final = "/{region}/edu/apps/{appId}/v2/rooms/{roomUuid}"


class KickUser(OnceCall[None]):
    """Remove a person from a room. Event 20 confirms the removal.

    `ban_s` also bans the person for this many seconds. -1 bans them permanently. The cloud also bans
    permanently for `dirty.state` 1 without a duration, so this call always sends a duration with a ban.
    """

    method = "POST"
    template = f"{ROOM}/users/{{userUuid}}/exit"
    why = "they may have come back in between, and a ban would count from the second time"

    room_uuid: Id
    user_uuid: Id
    ban_s: Annotated[BanSeconds | None, Field(serialization_alias="dirty.duration")] = None

    def body(self) -> Any:
        return {} if self.ban_s is None else {"dirty": {"state": 1, "duration": self.ban_s}}


class UnbanUser(KickUser):
    """Unban a removed person. No document describes `dirty.state` 0, so its effect is a guess.

    The vendor's client uses it to remove people without a ban. So if the person is online, this call probably
    removes them.
    """

    ban_s: None = None

    def body(self) -> Any:
        return {"dirty": {"state": 0}}


class SetClassState(OnceCall[None]):
    """Set the class state (0 not started, 1 started, 2 ended, 3 closed). Event 1 confirms the change.

    Raise `ClassAlreadyStarted` or `ClassAlreadyEnded` if the class is already in this state. A closed room
    can't be opened again.
    """

    method = "PUT"
    template = f"{ROOM}/states/{{state}}"
    why = "a repeated state is answered 409, which would hide that the first one worked"

    room_uuid: Id
    state: Annotated[int, BeforeValidator(fields.one_of(0, 1, 2, 3))]


class CreateRoom(OnceCall[None]):
    """Create a room before its class. Raise `Conflict` if the room exists. No event confirms the call.

    `room_type` is 0 (one-to-one), 2 (lecture hall), 4 (small) or 10 (small cloud). `room_name` has at most 64
    bytes. Example: `widgets={"netlessBoard": {"state": 1}}` and `role_config={"2": {"limit": 30}}`.
    """

    method = "POST"
    template = ROOM
    why = "a repeated creation is answered 409, which would hide that the first one worked"

    room_uuid: Id
    room_type: Annotated[int, BeforeValidator(fields.one_of(0, 2, 4, 10))]
    room_name: RoomName
    schedule: Schedule | None = None
    max_on_stage: Annotated[FromZero | None, Field(serialization_alias="handsUp.maxAccept")] = None
    stage_role: Annotated[PlainText | None, Field(serialization_alias="handsUp.defaultAcceptRole")] = None
    flex_properties: Annotated[JsonObject | None, Field(serialization_alias="flexProps")] = None
    widgets: JsonObject | None = None
    role_config: RoleConfig | None = None

    def body(self) -> Any:
        hands_up = given(maxAccept=self.max_on_stage, defaultAcceptRole=self.stage_role)
        inner = given(
            schedule=self.schedule,
            processes={"handsUp": hands_up} if hands_up else None,
            flexProps=self.flex_properties,
            widgets=self.widgets,
        )
        return {
            "roomType": self.room_type,
            "roomName": self.room_name,
            **given(roomProperties=inner or None, roleConfig=self.role_config),
        }


class ReadRoom(ReadCall[RoomInfo]):
    """Read a room's name, times and settings. Raise `RoomNotFound` if the room does not exist."""

    template = ROOM

    room_uuid: Id

    def answer(self, data: Any) -> RoomInfo:
        return RoomInfo.model_validate(read_object(data))


class ReadUser(ReadCall[UserInfo]):
    """Read a person's role and presence in a room. Raise `UserNotFound` if they never entered."""

    template = f"{ROOM}/users/{{userUuid}}"

    room_uuid: Id
    user_uuid: Id

    def answer(self, data: Any) -> UserInfo:
        return UserInfo.model_validate(read_object(data))


class ReadUsers(ReadCall[RoomUserPage]):
    """Read up to 100 people of a room. Continue with the page's `next_id` until it is None.

    The path is known only from the vendor's client. Raise `PathNotFound` if the cloud does not offer it.
    """

    template = f"{ROOM}/users"

    room_uuid: Id
    next_id: NextId | None = None

    def query(self) -> Mapping[str, str]:
        return given(nextId=self.next_id, count="100")

    def answer(self, data: Any) -> RoomUserPage:
        around = read_object(data)
        listed = read_objects(around.get("list") if isinstance(data, dict) else data)
        items = [RoomUser.model_validate(item) for item in listed]
        return RoomUserPage(items=items, next_id=read_next_id(around.get("nextId")))


class OpenGroups(OnceCall[None]):
    """Open at most 20 breakout rooms of at most 17 people. A person can be in only one of them."""

    method = "PUT"
    template = f"{ROOM}/groups/states/1"
    why = "groups without an id would be made a second time"

    room_uuid: Id
    groups: Groups

    def body(self) -> Any:
        return {"groups": self.groups}


class CloseGroups(OnceCall[None]):
    """Close all breakout rooms. `classroom_calls.RemoveGroups` closes individual rooms."""

    method = "PUT"
    template = f"{ROOM}/groups/states/0"
    why = "groups that were opened again in between would be closed"

    room_uuid: Id

    def body(self) -> Any:
        return {}


# --- Properties. PUT merges properties and DELETE deletes keys. The event repeats `cause`, any JSON object.


class PutRoomProperties(SameCall[None]):
    """Set properties of a room. Event 4 confirms the change."""

    method = "PUT"
    template = f"{ROOM}/properties"

    room_uuid: Id
    properties: Properties
    cause: JsonObject | None = None

    def body(self) -> Any:
        return {"properties": self.properties, **given(cause=self.cause)}


class DeleteRoomProperties(SameCall[None]):
    """Delete properties of a room. Event 4 confirms the change."""

    method = "DELETE"
    template = f"{ROOM}/properties"

    room_uuid: Id
    names: Annotated[PropertyNames, Field(serialization_alias="properties")]
    cause: JsonObject | None = None

    def body(self) -> Any:
        return {"properties": self.names, **given(cause=self.cause)}


class PutUserProperties(PutRoomProperties):
    """Set properties of a person in a room. Event 22 confirms the change."""

    template = f"{ROOM}/users/{{userUuid}}/properties"

    user_uuid: Id


class DeleteUserProperties(DeleteRoomProperties):
    """Delete properties of a person in a room. Event 22 confirms the change."""

    template = f"{ROOM}/users/{{userUuid}}/properties"

    user_uuid: Id


class PutExtAppProperties(SameCall[None]):
    """Set properties of an extApp. `common_state` 1 turns it on, 0 off. Event 4 confirms the change."""

    method = "PUT"
    template = f"{ROOM}/extApps/{{extAppUuid}}/properties"

    room_uuid: Id
    ext_app_uuid: Id
    properties: JsonObject
    common_state: Annotated[Switch | None, Field(serialization_alias="common.state")] = None
    cause: JsonObject | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> PutExtAppProperties:
        if not self.properties and self.common_state is None:
            raise Wrong("properties_empty", at="properties")
        return self

    def body(self) -> Any:
        common = None if self.common_state is None else {"state": self.common_state}
        return {"properties": self.properties, **given(common=common, cause=self.cause)}


class DeleteExtAppProperties(DeleteRoomProperties):
    """Delete properties of an extApp. Event 4 confirms the change."""

    template = f"{ROOM}/extApps/{{extAppUuid}}/properties"

    ext_app_uuid: Id
