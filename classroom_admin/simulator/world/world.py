"""The cloud of one App ID: its rooms, its scheduled effects and its polling stream."""

import random
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from classroom_admin.simulator import json_bytes
from classroom_admin.simulator.errors import no_such_room, no_such_user
from classroom_admin.simulator.world.events import Event, Handout
from classroom_admin.simulator.world.model import ROOM_STREAM, Role, Room, User
from classroom_admin.simulator.world.shapes import SERVER, Shapes
from classroom_admin.simulator.world.timeline import Due, Timeline

EVENT_VERSION = 1
PEER_MESSAGES_KEPT = 10_000


class World:
    """The state and the time of one simulated cloud.

    ``now`` is in ms since the epoch; only ``advance`` changes it. The function ``withhold``, which the faults
    set, gets each new event of a room stream. It returns a reason to keep the event out of the polling
    stream, or None. ``keep_past`` is the number of destroyed rooms to keep for the oracle; None keeps all.
    """

    def __init__(
        self,
        *,
        now_ms: int,
        app_id: str,
        seed: int = 0,
        plain: bool = False,
        destroy_after: str = "closed",
        keep_past: int | None = None,
    ):
        self.now = now_ms
        self.app_id = app_id
        self.seed = seed
        self.plain = plain
        self.destroy_after = destroy_after
        self.keep_past = keep_past
        self.pages_url = "https://pages.simulator.test"
        """The base URL of the pictures of converted pages. A server that has pictures sets its own URL."""
        self.timeline = Timeline()
        self.rooms: dict[str, Room] = {}
        self.past: list[Room] = []
        self.events: list[Event] = []
        self.emitted = 0
        self.queue: deque[Event] = deque()
        self.peer_messages: deque[dict[str, Any]] = deque(maxlen=PEER_MESSAGES_KEPT)
        self.peer_count = 0
        self.withhold: Callable[[Event], str | None] | None = None
        self.foreign_reads = random.Random(f"{seed}:foreign")
        self._named: dict[str, int] = {}

    # Time

    def advance(self, to_ms: int, *, go_on: Callable[[], bool] = lambda: True) -> bool:
        """Run all scheduled effects that are due until ``to_ms``, in order, each at its own time.

        After every 64 effects, ``go_on`` decides whether to continue. If it returns False, ``now`` stays at
        the last effect, the other effects wait for the next call, and the result is False.
        """
        done = 0
        while (due := self.timeline.next_due(to_ms)) is not None:
            self.now = max(self.now, due.at_ms)
            due.effect()
            done += 1
            if done % 64 == 0 and not go_on():
                return False
        self.now = max(self.now, to_ms)
        return True

    def after(self, milliseconds: int, effect: Callable[[], None]) -> Due:
        return self.timeline.at(self.now + milliseconds, effect)

    # Finding rooms and users

    def room(self, uuid: str) -> Room:
        """Return a room. Raise CloudError 404 20404100 if it does not exist or is destroyed."""
        room = self.rooms.get(uuid)
        if room is None:
            raise no_such_room()
        return room

    def user(self, room: Room, uuid: str) -> User:
        """Return a user. Raise CloudError 404 20404200 if the user was never in the room."""
        user = room.users.get(uuid)
        if user is None:
            raise no_such_user()
        return user

    def present(self, user: User) -> User:
        """Return ``user`` unchanged. Raise CloudError 404 20404200 if the user is not in the room now."""
        if not user.online:
            raise no_such_user()
        return user

    def shapes_for(self, room_uuid: str) -> Shapes:
        """Return the variations of a new room. A room that reuses an id gets different variations."""
        turn = self._named.get(room_uuid, 0)
        self._named[room_uuid] = turn + 1
        return Shapes(f"{self.seed}:{room_uuid}:{turn}", lambda: not self.plain)

    # Users in events

    def person(self, room: Room, user: User) -> dict[str, Any]:
        return {"userUuid": user.uuid, "userName": user.name, "role": room.shapes.role(user.role)}

    def operator(self, room: Room, uuid: str | None) -> dict[str, Any]:
        """Return the operator of an event: a user of the room, or the server that made the call."""
        if uuid is None:
            return dict(SERVER)
        user = room.users.get(uuid)
        if user is not None:
            return self.person(room, user)
        return {"userUuid": uuid, "userName": uuid, "role": "server"}

    # Events

    def emit(
        self,
        room: Room,
        cmd: int,
        data: dict[str, Any],
        *,
        stream: str = ROOM_STREAM,
        widget: str | None = None,
    ) -> Event:
        """Store an event with the next sequence number. Queue events of the room stream for polling."""
        shapes = room.shapes
        shapes.unknown_field(data)
        log = room.logs[stream]
        body: dict[str, Any] = {"roomUuid": room.uuid, "cmd": cmd, "sequence": log.next_sequence()}
        body["version"] = EVENT_VERSION
        if widget is not None:
            body["widgetUuid"] = widget
        if not shapes.chance(0.25):
            body["ts"] = self.now
        body["data"] = data
        return self.emit_raw(room, json_bytes.dump(body), sequence=log.last, cmd=cmd, stream=stream)

    def emit_raw(
        self, room: Room, raw: bytes, *, sequence: int, cmd: int | None, stream: str = ROOM_STREAM
    ) -> Event:
        """Store and queue an event given as raw bytes. Tests use this for malformed events."""
        event = Event(
            id=self.emitted + 1,
            room_uuid=room.uuid,
            stream=stream,
            sequence=sequence,
            cmd=cmd,
            at_ms=self.now,
            raw=raw,
        )
        self.emitted += 1
        self.events.append(event)
        room.logs[stream].add(event)
        if stream == ROOM_STREAM:
            event.withheld = self.withhold(event) if self.withhold is not None else None
            if event.withheld is None:
                self.queue.append(event)
        return event

    def hand_out(self, *, limit: int, reader: str, request_id: str, outcome: str = "sent") -> list[Event]:
        """Remove and return up to ``limit`` events of the polling stream, so no other reader gets them."""
        taken: list[Event] = []
        while self.queue and len(taken) < limit:
            event = self.queue.popleft()
            if event.withheld is None:
                event.hand_out(Handout(reader, self.now, request_id, outcome))
                taken.append(event)
        return taken

    def forget(self, room: Room) -> None:
        """Destroy a room. Remove its events that no reader has polled yet from the polling stream."""
        room.destroyed_ms = self.now
        for due in room.timers.values():
            due.cancel()
        room.timers.clear()
        del self.rooms[room.uuid]
        self.past.append(room)
        for log in room.logs.values():
            for event in log:
                if event.handouts is None and event.withheld is None and event.stream == ROOM_STREAM:
                    event.withheld = "room destroyed"
        if self.keep_past is not None and len(self.past) > self.keep_past:
            oldest = self.past.pop(0)
            gone = {event.id for log in oldest.logs.values() for event in log}
            self.events = [event for event in self.events if event.id not in gone]

    def all_rooms(self) -> Iterable[Room]:
        """Return the kept destroyed rooms, followed by the existing rooms."""
        yield from self.past
        yield from self.rooms.values()


ROLE_WORDS = {
    "host": Role.TEACHER,
    "teacher": Role.TEACHER,
    "assistant": Role.ASSISTANT,
    "broadcaster": Role.STUDENT,
    "audience": Role.STUDENT,
    "student": Role.STUDENT,
    "observer": Role.OBSERVER,
    "invisible": Role.INVISIBLE,
}
