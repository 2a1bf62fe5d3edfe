"""Calls that control a class from outside: chat, messages, stage, hands, rewards, screens.

Most of them are known only from the vendor's client. A project that does not offer a call answers 401, 403 or
404 without a documented code; `capability` names the missing feature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from classroom_admin.agora import fields
from classroom_admin.agora.call import OnceCall, SameCall, given
from classroom_admin.agora.calls import ROOM
from classroom_admin.agora.fields import Id, Ids, Name, Switch, Wrong
from classroom_admin.agora.parameters import Settings

LONGEST_MESSAGE: Final = 1000
MAIN_ROOM, SOME_GROUPS, EVERYWHERE = 1, 2, 3
Message = Annotated[str, BeforeValidator(fields.message(most=LONGEST_MESSAGE))]

# --- chat and messages --------------------------------------------------------------------------------------


class MuteRoomChat(SameCall[None]):
    """Mute (1) or unmute (0) the chat of a room. An event about the property `muteChat` confirms the call."""

    method = "PUT"
    template = f"{ROOM}/mute"
    capability = "mute_chat"

    room_uuid: Id
    mute_chat: Switch

    def body(self) -> Any:
        return {"muteChat": self.mute_chat}


class Announce(OnceCall[None]):
    """Send a chat message as the school to the class (1), to some breakout rooms (2), or to everyone (3)."""

    method = "POST"
    template = f"{ROOM}/chat/messages"
    capability = "announce"
    why = "people would read the message twice"

    room_uuid: Id
    text: Annotated[Message, Field(serialization_alias="msg")]
    range: Annotated[int, BeforeValidator(fields.one_of(MAIN_ROOM, SOME_GROUPS, EVERYWHERE))] = MAIN_ROOM
    to_group_uuids: Ids | None = None

    def body(self) -> Any:
        return {
            "range": self.range,
            "type": "txt",
            "msg": self.text,
            **given(toGroupUuids=self.to_group_uuids),
        }


class MessagePerson(OnceCall[None]):
    """Send a direct message to one person in a room. No event reports it."""

    method = "POST"
    template = f"{ROOM}/users/{{userUuid}}/messages/peer"
    capability = "message_person"
    why = "the person would read the message twice"

    room_uuid: Id
    user_uuid: Id
    text: Annotated[Message, Field(serialization_alias="payload")]
    sender: Annotated[Mapping[str, Any], BeforeValidator(fields.json_object)]

    def body(self) -> Any:
        # `fromRoom` names the class if the recipient's client forwards the message to the webhook.
        data = {
            "fromUser": dict(self.sender),
            "fromRoom": {"roomUuid": self.room_uuid},
            "message": self.text,
        }
        return {"payload": {"cmd": 1, "data": data}, "waitForAck": False}


# --- the stage and raised hands -----------------------------------------------------------------------------


class PutOnStage(OnceCall[None]):
    """Bring a person onto the stage. Event 1501 confirms the call. Raise `Conflict` if the stage is full."""

    method = "POST"
    template = f"{ROOM}/processes/handsUp/acceptance"
    capability = "stage"
    why = "a second call is answered 409, which would hide that the first one worked"

    room_uuid: Id
    user_uuid: Annotated[Id, Field(serialization_alias="toUserUuid")]

    def body(self) -> Any:
        return {"toUserUuid": self.user_uuid}


class TakeOffStage(PutOnStage):
    """Take a person off the stage. Event 1501 confirms the call."""

    method = "DELETE"


class ClearStage(SameCall[None]):
    """Take all people off the stage. Event 1501 confirms the call."""

    method = "DELETE"
    template = f"{ROOM}/processes/handsUp/acceptance/all"
    capability = "stage"
    why = "a stage that is empty stays empty"

    room_uuid: Id


class LowerHand(OnceCall[None]):
    """Lower the raised hand of a person. Event 1502 confirms the call."""

    method = "DELETE"
    template = f"{ROOM}/processes/waveArm/progress"
    capability = "lower_hands"
    why = "the person may have raised the hand again in between"

    room_uuid: Id
    user_uuid: Annotated[Id, Field(serialization_alias="toUserUuid")]

    def body(self) -> Any:
        return {"toUserUuid": self.user_uuid}


class OpenHands(SameCall[None]):
    """Allow (1) or forbid (0) raised hands. An event about the property `processes` confirms the call."""

    method = "PUT"
    template = f"{ROOM}/processes/handsUp/{{state}}"
    capability = "open_hands"

    room_uuid: Id
    state: Switch

    def body(self) -> Any:
        return {}


# --- rewards and screens ------------------------------------------------------------------------------------


class RewardSettings(Settings):
    """The number of rewards for one person."""

    user_uuid: Id = Field("", validate_default=True)
    change_reward: Annotated[int, BeforeValidator(fields.whole(-100, 100))] = Field(0, validate_default=True)


def rewards(value: object) -> list[dict[str, Any]]:
    """Check that the list names at least one person."""
    found = [RewardSettings.as_sent(one) for one in fields.a_list(value)]
    if not found:
        raise Wrong("list_empty")
    return found


class GiveRewards(OnceCall[None]):
    """Give rewards to people. Event 1101 confirms the call."""

    method = "POST"
    template = "/{region}/edu/apps/{appId}/v3/rooms/{roomUuid}/rewards"
    capability = "rewards"
    why = "people would get the reward twice"

    room_uuid: Id
    reward_details: Annotated[Sequence[Mapping[str, Any]], BeforeValidator(rewards)]

    def body(self) -> Any:
        return {"rewardDetails": list(self.reward_details)}


class StopScreen(SameCall[None]):
    """End the screen sharing of a person. Event 40, or the property `screen`, confirms the call."""

    method = "PUT"
    template = f"{ROOM}/users/{{userUuid}}/screen/0"
    capability = "stop_screen"

    room_uuid: Id
    user_uuid: Id


class StopCarousel(SameCall[None]):
    """Stop the carousel, which shows the students in turn. The property `carousel` confirms the call."""

    method = "PUT"
    template = f"{ROOM}/carousels/states/0"
    capability = "carousel"

    room_uuid: Id


class StopVideoWall(SameCall[None]):
    """Turn off the video wall. The property `expandedScope` confirms the call."""

    method = "PUT"
    template = f"{ROOM}/expandedScope/states/0"
    capability = "video_wall"

    room_uuid: Id

    def body(self) -> Any:
        return {"userUuids": []}


# --- breakout rooms while they are open ---------------------------------------------------------------------


class MoveInGroups(SameCall[None]):
    """Move a person out of a breakout room, into a breakout room, or both. Event 4 confirms the call."""

    method = "PATCH"
    template = f"{ROOM}/groups/users"
    capability = "move_in_groups"

    room_uuid: Id
    user_uuid: Annotated[Id, Field(serialization_alias="userUuid")]
    out_of: Annotated[Id | None, Field(serialization_alias="groupUuid")] = None
    into: Annotated[Id | None, Field(serialization_alias="groupUuid")] = None

    def body(self) -> Any:
        person = [self.user_uuid]
        groups = []
        if self.out_of is not None:
            groups.append({"groupUuid": self.out_of, "addUsers": [], "removeUsers": person})
        if self.into is not None:
            groups.append({"groupUuid": self.into, "addUsers": person, "removeUsers": []})
        return {"groups": groups, "inProgress": False}


class RenameGroup(SameCall[None]):
    """Rename a breakout room. Event 4 confirms the call."""

    method = "PATCH"
    template = f"{ROOM}/groups/info"
    capability = "rename_group"

    room_uuid: Id
    group_uuid: Id
    group_name: Name

    def body(self) -> Any:
        return {"groups": [{"groupUuid": self.group_uuid, "groupName": self.group_name}]}


class RemoveGroups(SameCall[None]):
    """Close the given breakout rooms. Their people return to the class. Event 4 confirms the call."""

    method = "DELETE"
    template = f"{ROOM}/groups/states/1"
    capability = "close_group"

    room_uuid: Id
    group_uuids: Annotated[Ids, Field(serialization_alias="removeGroupUuids")]

    def body(self) -> Any:
        return {"removeGroupUuids": list(self.group_uuids)}
