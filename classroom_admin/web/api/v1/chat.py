"""The messages of a class."""

from __future__ import annotations

from typing import Any, Final, Literal

from ninja import Field, Query, Router, Schema

from classroom_admin.rooms.chat_selectors import names_in
from classroom_admin.rooms.class_selectors import room_ids
from classroom_admin.rooms.models import ChatMessage, PeerMessage
from classroom_admin.web.api.v1.authentication import ApiHttpRequest
from classroom_admin.web.api.v1.class_rows import class_access
from classroom_admin.web.api.v1.paging import Paging, page_of, page_of_rows
from classroom_admin.web.api.v1.schemas import Moment, Page
from classroom_admin.web.classroom.chat import room_messages

router: Final = Router(tags=["Chat"])


class MessageOut(Schema):
    """A message to the class, or to one of its breakout rooms."""

    id: int
    kind: str = Field(description="`chat`, or `custom` for a message of a classroom app.")
    user_id: str
    name: str
    role: str
    text: str
    sent_at: Moment
    breakout_room: str | None = Field(description="The name of the breakout room.")
    deleted: bool = Field(description="Whether the text was deleted because of its age.")


class DirectMessageOut(Schema):
    """A message from one person to another."""

    id: int
    user_id: str
    name: str
    to_user_id: str
    to_name: str
    text: str
    sent_at: Moment


@router.get("/classes/{key}/chat", response=Page[MessageOut], url_name="chat")
def list_messages(
    request: ApiHttpRequest, key: str, paging: Query[Paging], kind: Literal["chat", "custom"] | None = None
) -> Any:
    """List the messages of a class, those first that arrived last. Breakout rooms are included."""
    room = class_access(request, key).room
    found = ChatMessage.objects.filter(room__in=room_ids(room))
    if kind:
        found = found.filter(kind=kind)

    def items(rows: list[ChatMessage]) -> list[dict[str, Any]]:
        return [
            {
                "id": row.pk,
                "kind": row.kind,
                "user_id": row.user_uuid,
                "name": shown.name,
                "role": shown.role,
                "text": row.text,
                "sent_at": row.sent_at,
                "breakout_room": shown.group or None,
                "deleted": row.deleted,
            }
            for row, shown in zip(rows, room_messages(room, rows), strict=True)
        ]

    return page_of_rows(found, paging, items)


@router.get("/classes/{key}/direct_messages", response=Page[DirectMessageOut], url_name="direct_messages")
def list_direct_messages(request: ApiHttpRequest, key: str, paging: Query[Paging]) -> Any:
    """List the messages between people of a class, newest first, if the school sends them here."""
    room = class_access(request, key).room
    names = names_in(room)

    def item(row: PeerMessage) -> dict[str, Any]:
        return {
            "id": row.pk,
            "user_id": row.user_uuid,
            "name": row.name or names.get(row.user_uuid, ""),
            "to_user_id": row.to_user_uuid,
            "to_name": names.get(row.to_user_uuid, ""),
            "text": row.text,
            "sent_at": row.sent_at,
        }

    return page_of(PeerMessage.objects.filter(room=room), paging, item)
