"""The people of a class, and when they were present."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema

from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.bans import Until, kicked_until
from classroom_admin.rooms.chat_selectors import names_in
from classroom_admin.rooms.models import Participant, Presence
from classroom_admin.web.api.v1.authentication import ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import class_access
from classroom_admin.web.api.v1.paging import Paging, page_of, page_of_rows
from classroom_admin.web.api.v1.schemas import Moment, Page, RowId

router: Final = Router(tags=["People in classes"])


class ParticipantOut(Schema):
    """A person who is or was in a class. `user_id` is the cloud's id of the person."""

    id: int
    user_id: str
    name: str
    role: str = Field(description="`teacher`, `student`, `assistant`, `observer` or `unknown`.")
    online: bool
    first_in: Moment | None
    online_since: Moment | None
    last_out: Moment | None
    times_left: int
    on_stage: bool
    hand_raised: bool
    hand_raised_at: Moment | None
    chat_muted: bool
    camera_on: bool
    microphone_on: bool
    sharing_screen: bool
    rewards: int
    removed_at: Moment | None
    banned_until: Moment | None
    banned_for_good: bool


class Stay(Schema):
    """A stay of a person in a class. `left_at` is null during the stay."""

    user_id: str
    name: str
    entered_at: Moment
    left_at: Moment | None
    removed: bool
    approximate: bool = Field(description="Whether a time was not in the event and was inferred.")


class PeopleFilters(Schema):
    online: bool | None = None
    role: Literal["teacher", "student", "assistant", "observer", "unknown"] | None = None
    user_id: str = Field("", max_length=255)


@router.get("/classes/{key}/participants", response=Page[ParticipantOut], url_name="participants")
def list_participants(
    request: ApiHttpRequest, key: str, filters: Query[PeopleFilters], paging: Query[Paging]
) -> Any:
    """List everyone who is or was in a class."""
    room = class_access(request, key).room
    found = class_selectors.people(room).order_by()
    if filters.online is not None:
        found = found.filter(online=filters.online)
    if filters.role:
        found = found.filter(role=filters.role)
    if filters.user_id:
        found = found.filter(user_uuid=filters.user_id)
    until = kicked_until(room)
    return page_of(found, paging, lambda one: _of_person(one, until.get(one.user_uuid)), newest_first=False)


@router.get("/classes/{key}/participants/{id}", response=ParticipantOut, url_name="participant")
def get_participant(request: ApiHttpRequest, key: str, id: RowId) -> Any:
    """Return one person of a class."""
    room = class_access(request, key).room
    one = get_object_or_404(class_selectors.people(room), pk=id)
    return _of_person(one, kicked_until(room).get(one.user_uuid))


@router.get("/classes/{key}/presence", response=Page[Stay], url_name="presence")
def list_presence(
    request: ApiHttpRequest,
    key: str,
    paging: Query[Paging],
    user_id: str = Query("", max_length=255),  # type: ignore[type-arg]
) -> Any:
    """List when people were in a class, in the order of their arrival. Breakout rooms are included."""
    room = class_access(request, key).room
    stays = Presence.objects.filter(room__in=class_selectors.room_ids(room))
    if user_id:
        stays = stays.filter(user_uuid=user_id)

    def items(found: list[Presence]) -> list[dict[str, Any]]:
        names = names_in(room, {one.user_uuid for one in found})
        return [_of_stay(one, names.get(one.user_uuid, "")) for one in found]

    return page_of_rows(stays, paging, items, newest_first=False)


def _of_person(one: Participant, banned: Until | None) -> dict[str, Any]:
    return {
        "id": one.pk,
        "user_id": one.user_uuid,
        "name": one.name,
        "role": one.role,
        "online": one.online,
        "first_in": one.entered_at,
        "online_since": one.online_since,
        "last_out": one.left_at,
        "times_left": one.times_left,
        "on_stage": one.on_stage,
        "hand_raised": one.hand_raised,
        "hand_raised_at": one.hand_raised_at,
        "chat_muted": one.is_chat_muted,
        "camera_on": one.camera_on,
        "microphone_on": one.microphone_on,
        "sharing_screen": one.sharing_screen,
        "rewards": one.rewards,
        "removed_at": one.kicked_at,
        "banned_until": banned if isinstance(banned, datetime) else None,
        "banned_for_good": banned == "forever",
    }


def _of_stay(one: Presence, name: str) -> dict[str, Any]:
    return {
        "user_id": one.user_uuid,
        "name": name,
        "entered_at": one.entered_at,
        "left_at": one.left_at,
        "removed": one.kicked,
        "approximate": one.approximate,
    }
