"""Rooms and the people in them: create, read, state, kick, breakout rooms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from classroom_admin.agora import calls, checks, settings_checks
from classroom_admin.agora.base import Calls
from classroom_admin.agora.models import Envelope, Group, RoomInfo, Schedule, UserInfo, read_object


class RoomCalls(Calls):
    """Contract, section A (kick, class state) and section B."""

    def kick_user(
        self,
        *,
        room_uuid: str,
        user_uuid: str,
        dirty_state: int | None = None,
        duration_s: int | None = None,
        deadline_s: float | None = None,
    ) -> Envelope:
        """Put somebody out of a room (contract A: kick a user).

        ``dirty_state`` None: only now. 1: also keep them out for ``duration_s`` seconds from now, -1 for
        good. 0: let them back in (guessed: the documents don't say what 0 does). The cloud's event 20
        confirms it.
        """
        parts = {"roomUuid": checks.room_id(room_uuid), "userUuid": checks.user_id(user_uuid)}
        body = checks.kick(dirty_state=dirty_state, duration_s=duration_s)
        return self._ask(calls.KICK, parts=parts, body=body, deadline_s=deadline_s)

    def set_class_state(self, *, room_uuid: str, state: int, deadline_s: float | None = None) -> Envelope:
        """Set 0 not started, 1 started, 2 ended or 3 closed (contract A: class state). Event 1 confirms it.

        Raises ``ClassAlreadyStarted`` or ``ClassAlreadyEnded`` for a repeated state. A closed room never
        reopens.
        """
        checks.one_of(state, (0, 1, 2, 3), field="state")
        parts = {"roomUuid": checks.room_id(room_uuid), "state": str(state)}
        return self._ask(calls.CLASS_STATE, parts=parts, deadline_s=deadline_s)

    def create_room(
        self,
        *,
        room_uuid: str,
        room_type: int,
        room_name: str,
        schedule: Schedule | Mapping[str, Any] | None = None,
        max_on_stage: int | None = None,
        stage_role: str | None = None,
        flex_properties: Mapping[str, Any] | None = None,
        widgets: Mapping[str, Any] | None = None,
        role_config: Mapping[str, Any] | None = None,
        deadline_s: float | None = None,
    ) -> Envelope:
        """Make a room ahead of its class (contract B: create a room). Nothing but a read-back confirms it.

        ``room_type`` 0 one-to-one, 2 lecture hall, 4 small, 10 small cloud; ``room_name`` at most 64 bytes;
        ``max_on_stage`` and ``stage_role`` are handsUp's maxAccept and defaultAcceptRole; ``widgets`` like
        ``{"netlessBoard": {"state": 1}}``; ``role_config`` like ``{"2": {"limit": 30}}``. Raises ``Conflict``
        where the room exists.
        """
        parts = {"roomUuid": checks.room_id(room_uuid)}
        checks.one_of(room_type, checks.ROOM_TYPES, field="roomType")
        body: dict[str, Any] = {
            "roomType": room_type,
            "roomName": checks.name(room_name, field="roomName", fewer_than=65),
        }
        inner: dict[str, Any] = {}
        if schedule is not None:
            inner["schedule"] = settings_checks.schedule(schedule)
        hands_up: dict[str, Any] = {}
        if max_on_stage is not None:
            hands_up["maxAccept"] = checks.whole_number(max_on_stage, field="handsUp.maxAccept", least=0)
        if stage_role is not None:
            hands_up["defaultAcceptRole"] = checks.text(stage_role, field="handsUp.defaultAcceptRole")
        if hands_up:
            inner["processes"] = {"handsUp": hands_up}
        if flex_properties is not None:
            inner["flexProps"] = checks.properties(flex_properties, field="flexProps", may_be_empty=True)
        if widgets is not None:
            inner["widgets"] = checks.properties(widgets, field="widgets", may_be_empty=True)
        if inner:
            body["roomProperties"] = inner
        if role_config is not None:
            body["roleConfig"] = settings_checks.role_config(role_config)
        return self._ask(calls.CREATE_ROOM, parts=parts, body=body, deadline_s=deadline_s)

    def read_room(self, *, room_uuid: str, deadline_s: float | None = None) -> RoomInfo:
        """Read a room's name, times and settings (contract B: read a room). Raises ``RoomNotFound``."""
        parts = {"roomUuid": checks.room_id(room_uuid)}
        envelope = self._ask(calls.READ_ROOM, parts=parts, deadline_s=deadline_s)
        return RoomInfo.model_validate(read_object(envelope.data))

    def read_user(self, *, room_uuid: str, user_uuid: str, deadline_s: float | None = None) -> UserInfo:
        """Read whether somebody is in a room and as what (contract B). Raises ``UserNotFound``."""
        parts = {"roomUuid": checks.room_id(room_uuid), "userUuid": checks.user_id(user_uuid)}
        envelope = self._ask(calls.READ_USER, parts=parts, deadline_s=deadline_s)
        return UserInfo.model_validate(read_object(envelope.data))

    def set_groups(
        self,
        *,
        room_uuid: str,
        groups: Iterable[Group | Mapping[str, Any]],
        deadline_s: float | None = None,
    ) -> Envelope:
        """Open breakout rooms (contract B): ``Group``s or upstream objects; nobody may be in two."""
        parts = {"roomUuid": checks.room_id(room_uuid), "state": "1"}
        body = {"groups": settings_checks.groups(groups)}
        return self._ask(calls.GROUPS, parts=parts, body=body, deadline_s=deadline_s)

    def remove_groups(
        self,
        *,
        room_uuid: str,
        groups: Iterable[Group | Mapping[str, Any]] | None = None,
        deadline_s: float | None = None,
    ) -> Envelope:
        """Close breakout rooms: the named ones, or all where none is named (contract B, state 0)."""
        parts = {"roomUuid": checks.room_id(room_uuid), "state": "0"}
        body = {"groups": [] if groups is None else settings_checks.groups(groups)}
        return self._ask(calls.GROUPS, parts=parts, body=body, deadline_s=deadline_s)
