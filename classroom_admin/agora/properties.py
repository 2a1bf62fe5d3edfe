"""Custom properties of a room, of a person in it, of an extApp."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from classroom_admin.agora import calls, checks
from classroom_admin.agora.base import Calls
from classroom_admin.agora.calls import Call
from classroom_admin.agora.models import Envelope


class PropertyCalls(Calls):
    """Contract, section A: PUT merges ``properties`` (a JSON object), DELETE takes ``names``; ``cause`` is
    free JSON.
    """

    def put_room_properties(
        self,
        *,
        room_uuid: str,
        properties: Mapping[str, Any],
        cause: Mapping[str, Any] | None = None,
        deadline_s: float | None = None,
    ) -> Envelope:
        """Set properties of a room. Event 4 confirms it."""
        parts = {"roomUuid": checks.room_id(room_uuid)}
        return self._put(calls.PUT_ROOM_PROPERTIES, parts, properties, cause, deadline_s)

    def delete_room_properties(
        self,
        *,
        room_uuid: str,
        names: Iterable[str],
        cause: Mapping[str, Any] | None = None,
        deadline_s: float | None = None,
    ) -> Envelope:
        """Delete properties of a room. Event 4 confirms it."""
        parts = {"roomUuid": checks.room_id(room_uuid)}
        return self._delete(calls.DELETE_ROOM_PROPERTIES, parts, names, cause, deadline_s)

    def put_user_properties(
        self,
        *,
        room_uuid: str,
        user_uuid: str,
        properties: Mapping[str, Any],
        cause: Mapping[str, Any] | None = None,
        deadline_s: float | None = None,
    ) -> Envelope:
        """Set properties of a person in a room. Event 22 confirms it."""
        parts = {"roomUuid": checks.room_id(room_uuid), "userUuid": checks.user_id(user_uuid)}
        return self._put(calls.PUT_USER_PROPERTIES, parts, properties, cause, deadline_s)

    def delete_user_properties(
        self,
        *,
        room_uuid: str,
        user_uuid: str,
        names: Iterable[str],
        cause: Mapping[str, Any] | None = None,
        deadline_s: float | None = None,
    ) -> Envelope:
        """Delete properties of a person in a room. Event 22 confirms it."""
        parts = {"roomUuid": checks.room_id(room_uuid), "userUuid": checks.user_id(user_uuid)}
        return self._delete(calls.DELETE_USER_PROPERTIES, parts, names, cause, deadline_s)

    def put_ext_app_properties(
        self,
        *,
        room_uuid: str,
        ext_app_uuid: str,
        properties: Mapping[str, Any],
        common_state: int | None = None,
        cause: Mapping[str, Any] | None = None,
        deadline_s: float | None = None,
    ) -> Envelope:
        """Set properties of an extApp, and with ``common_state`` 0 or 1 switch it. Event 4 (extApps) confirms
        it.
        """
        parts = {"roomUuid": checks.room_id(room_uuid), "extAppUuid": checks.ext_app_id(ext_app_uuid)}
        body: dict[str, Any] = {
            "properties": checks.properties(properties, may_be_empty=common_state is not None),
        }
        if common_state is not None:
            body["common"] = {"state": checks.one_of(common_state, (0, 1), field="common.state")}
        if cause is not None:
            body["cause"] = checks.cause(cause)
        return self._ask(calls.PUT_EXT_APP_PROPERTIES, parts=parts, body=body, deadline_s=deadline_s)

    def delete_ext_app_properties(
        self,
        *,
        room_uuid: str,
        ext_app_uuid: str,
        names: Iterable[str],
        cause: Mapping[str, Any] | None = None,
        deadline_s: float | None = None,
    ) -> Envelope:
        """Delete properties of an extApp. Event 4 (extApps) confirms it."""
        parts = {"roomUuid": checks.room_id(room_uuid), "extAppUuid": checks.ext_app_id(ext_app_uuid)}
        return self._delete(calls.DELETE_EXT_APP_PROPERTIES, parts, names, cause, deadline_s)

    def _put(
        self,
        call: Call,
        parts: Mapping[str, str],
        properties: Mapping[str, Any],
        cause: Mapping[str, Any] | None,
        deadline_s: float | None,
    ) -> Envelope:
        body: dict[str, Any] = {"properties": checks.properties(properties)}
        if cause is not None:
            body["cause"] = checks.cause(cause)
        return self._ask(call, parts=parts, body=body, deadline_s=deadline_s)

    def _delete(
        self,
        call: Call,
        parts: Mapping[str, str],
        names: Iterable[str],
        cause: Mapping[str, Any] | None,
        deadline_s: float | None,
    ) -> Envelope:
        body: dict[str, Any] = {"properties": checks.property_names(names)}
        if cause is not None:
            body["cause"] = checks.cause(cause)
        return self._ask(call, parts=parts, body=body, deadline_s=deadline_s)
