"""Produce the notifications about a room's channel that the vendor's Notifications service sends.

The people in a room are connected to the channel that has the room's id. A second tab is not a second
connection. The service does not depend on events: someone who leaves without an event still causes a
notification.
"""

from typing import TYPE_CHECKING, Any, Final

from classroom_admin.simulator.world.model import Role, Room, User

if TYPE_CHECKING:
    from classroom_admin.simulator.world.world import World

CREATED, DESTROYED = 101, 102
HOST, AUDIENCE, WITHOUT_ROLES = 103, 105, 107
"""The event types for people who join. The event type for a person who leaves is one higher."""
ONE_TO_ONE: Final = 0
REAL_TIME_COMMUNICATION: Final = 1
"""The product id in these notifications."""
WEB: Final = 7
FIRST_SEQ: Final = 1_625_051_030_000
REASONS: Final = {"left": 1, "closed": 1, "dropped": 2, "kicked": 3}


def joined(world: "World", room: Room, user: User) -> None:
    """Send a notification that a user connected. The first user in a room creates its channel."""
    if len(room.online()) == 1:
        _notify(world, room, CREATED, {})
    _notify(world, room, _type(room, user), _who(world, user))


def left(world: "World", room: Room, user: User) -> None:
    """Send a notification that a user disconnected. The last user in a room destroys its channel."""
    stay = user.presence[-1]
    payload = _who(world, user) | {
        "reason": REASONS.get(stay.how or "", 1),
        "duration": max(0, world.now // 1000 - stay.entered_ms // 1000),
    }
    _notify(world, room, _type(room, user) + 1, payload)
    if not room.online():
        _notify(world, room, DESTROYED, {"lastUid": int(user.stream_uuid)})


def _type(room: Room, user: User) -> int:
    if room.type == ONE_TO_ONE:
        return WITHOUT_ROLES
    return HOST if user.role in (Role.TEACHER, Role.ASSISTANT) else AUDIENCE


def _who(world: "World", user: User) -> dict[str, Any]:
    """Return the notification's fields about a user. ``clientSeq`` grows with each notification."""
    return {
        "uid": int(user.stream_uuid),
        "platform": WEB,
        "clientSeq": FIRST_SEQ + world.notice_count,
    }


def _notify(world: "World", room: Room, event_type: int, payload: dict[str, Any]) -> None:
    world.notice_count += 1
    world.notices.append(
        {
            "noticeId": f"{room.created_ms}:{world.notice_count}:{event_type}",
            "productId": REAL_TIME_COMMUNICATION,
            "eventType": event_type,
            "payload": {"channelName": room.uuid, "ts": world.now // 1000, **payload},
        }
    )
