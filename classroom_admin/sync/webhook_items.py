"""Convert the items of a webhook request (one item or a list) into events, sorted by room and stream.

An item is `{channel: "room" | "peer", roomUuid?, toUserUuid?, notification: {cmd, version, ts, sequence,
data}}`. The cloud's messaging channel sends such notifications to its clients. A notification is stored with
its room and receiver, in the format of the events from the cloud's endpoints. If an item is invalid, the
whole request is refused.

A direct message has no sequence number, so its content identifies it. Without `ts`, two messages may have the
same content. In that case, the timestamp of the request and the position in the request also identify the
message.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from classroom_admin.agora.answers import read_json
from classroom_admin.agora.errors import UnreadableAnswer
from classroom_admin.common.json_reading import DEEPEST, as_json
from classroom_admin.events import Stream, Undecodable
from classroom_admin.events.registry import ROOM_ID_LENGTH
from classroom_admin.events.values import identifier, mapping, whole
from classroom_admin.rooms.models import Participant
from classroom_admin.sync.sorting import Sorted, add

CHANNELS: Final = {"room": Stream.ROOM, "peer": Stream.PEER}
NO_CLASS: Final = "A message from person to person that names no class, from a person whom no class knows."


class Refused(Exception):
    """Raised if a request is refused. The text says which item is invalid and why."""


@dataclass(slots=True)
class WebhookItem:
    """An event in a webhook request, and its stream. A direct message may have no room."""

    stream: Stream
    event: dict[str, Any]

    @property
    def room_uuid(self) -> str:
        return str(self.event.get("roomUuid") or "")

    @property
    def sender(self) -> str:
        return str(mapping(mapping(self.event.get("data")).get("fromUser")).get("userUuid") or "")


def read_items(body: bytes, *, request: str) -> list[WebhookItem]:
    """Return the items of a request. Raise Refused if the body or any item is invalid.

    ``request`` is the timestamp of the request. It is "" for requests that an earlier release stored.
    """
    try:
        content = read_json(body)
    except UnreadableAnswer:
        raise Refused(f"The body is not JSON, or is nested deeper than {DEEPEST} levels.") from None
    several = isinstance(content, list)
    found: list[WebhookItem] = []
    for number, item in enumerate(content if several else [content], 1):
        try:
            found.append(_read(item, receipt=f"{request}.{number}" if request else ""))
        except (Refused, Undecodable) as error:
            raise Refused(f"Item {number}: {error}" if several else str(error)) from None
    return found


def _read(item: object, *, receipt: str) -> WebhookItem:
    if not isinstance(item, Mapping):
        raise Refused("an item must be an object")
    stream = CHANNELS.get(str(item.get("channel")))
    if stream is None:
        raise Refused('channel must be "room" or "peer"')
    notification = item.get("notification")
    if not isinstance(notification, Mapping):
        raise Refused("notification must be an object")
    if whole(notification.get("cmd")) is None:
        raise Refused("notification.cmd must be a number")
    if not isinstance(notification.get("data"), Mapping) and not mapping(notification.get("data")):
        raise Refused("notification.data must be an object")
    event: dict[str, Any] = {name: notification[name] for name in sorted(notification)}
    room_uuid = _room(item, event)
    if room_uuid:
        event["roomUuid"] = room_uuid
    if stream is Stream.ROOM and not room_uuid:
        raise Refused("an event of a room needs roomUuid")
    if stream is Stream.PEER:
        to_user = identifier(item.get("toUserUuid"))
        if to_user:
            event["toUserUuid"] = to_user
        if receipt and whole(event.get("ts")) is None:
            event["receipt"] = receipt
    _check_place(stream, event)
    return WebhookItem(stream, event)


def _room(item: Mapping[str, Any], event: Mapping[str, Any]) -> str | None:
    """Return the id of the item's room. A direct message has it in `fromRoom`."""
    inside = mapping(mapping(event.get("data")).get("fromRoom")).get("roomUuid")
    named = item.get("roomUuid") or event.get("roomUuid") or inside
    return identifier(named, ROOM_ID_LENGTH)


def _check_place(stream: Stream, event: dict[str, Any]) -> None:
    """Raise Undecodable if the event can't be stored, for example because its number is out of range."""
    add(Sorted(), event, stream=stream, room_uuid=event.get("roomUuid") or "-")


def sort_items(items: Iterable[WebhookItem]) -> Sorted:
    """Group items by room and stream.

    A direct message without a room gets the current or last room of its sender. If the sender has none, add
    the message to `aside`.
    """
    items = list(items)
    result = Sorted()
    last_rooms = _last_rooms({item.sender for item in items if not item.room_uuid and item.sender})
    for item in items:
        room_uuid = item.room_uuid or last_rooms.get(item.sender, "")
        if room_uuid:
            add(result, item.event, stream=item.stream, room_uuid=room_uuid)
        else:
            result.aside.append((NO_CLASS, as_json(item.event)))
    return result


def _last_rooms(senders: Iterable[str]) -> dict[str, str]:
    """Return the current or last room of each sender, by the sender's id."""
    people = Participant.objects.filter(user_uuid__in=list(senders)).order_by("online", "online_since", "pk")
    return dict(people.values_list("user_uuid", "room__room_uuid"))
