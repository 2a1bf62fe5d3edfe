"""The cloud of one App ID: its rooms, its scheduled effects and its polling stream."""

import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from classroom_admin.simulator import json_bytes
from classroom_admin.simulator.errors import no_such_room, no_such_user
from classroom_admin.simulator.world.agora_chat import AgoraChat, Uses
from classroom_admin.simulator.world.dialects import Dialect
from classroom_admin.simulator.world.events import Event, EventLog, Handout
from classroom_admin.simulator.world.model import ROOM_STREAM, KickingRule, Role, Room, User
from classroom_admin.simulator.world.shapes import SERVER, Shapes
from classroom_admin.simulator.world.timeline import Due, Timeline

EVENT_VERSION = 1
PEER_MESSAGES_KEPT = 10_000
NOTICES_KEPT = 10_000


class World:
    """The state and the time of a simulated cloud.

    ``now`` is in milliseconds since the epoch. Only ``advance`` changes it. For each new event of a room
    stream, ``withhold`` returns a reason to keep it out of polling, or None. ``keep_past`` is the number of
    destroyed rooms to keep, or None to keep all. ``dialect`` selects the shape of events. If ``group_rooms``
    is True, people in breakout rooms emit events under the id of the breakout room. ``pages_get_ready`` says
    whether recorded pages report that they have loaded. Tests set ``stamps_every_event`` so that no event
    lacks its time.
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
        dialect: Dialect = "2021",
        group_rooms: bool = False,
        pages_get_ready: bool = True,
        agora_chat: Uses = "off",
    ):
        self.now = now_ms
        self.app_id = app_id
        self.seed = seed
        self.plain = plain
        self.destroy_after = destroy_after
        self.keep_past = keep_past
        self.dialect = dialect
        self.group_rooms = group_rooms
        self.pages_get_ready = pages_get_ready
        self.stamps_every_event = False
        self.kicking_rules: dict[int, KickingRule] = {}
        self.pages_url = "https://pages.simulator.test"
        """The base URL of the pictures of converted pages. A server that has pictures sets its own URL."""
        self.files_url = "https://files.simulator.test"
        """The base URL of the files of recordings. A server that has the files sets its own URL."""
        self.timeline = Timeline()
        self.rooms: dict[str, Room] = {}
        self.past: list[Room] = []
        self.events: list[Event] = []
        self.emitted = 0
        self.queue: deque[Event] = deque()
        self.peer_messages: deque[dict[str, Any]] = deque(maxlen=PEER_MESSAGES_KEPT)
        self.peer_count = 0
        self.notices: deque[dict[str, Any]] = deque(maxlen=NOTICES_KEPT)
        self.notice_count = 0
        self.withhold: Callable[[Event], str | None] | None = None
        self.foreign_reads = random.Random(f"{seed}:foreign")
        self.agora_chat = AgoraChat(uses=agora_chat)
        self._named: dict[str, int] = {}

    # Time

    def advance(self, to_ms: int, *, go_on: Callable[[], bool] = lambda: True) -> bool:
        """Run all scheduled effects that are due by ``to_ms``. Each of them runs at its own time.

        After every 64 effects, ``go_on`` is called. If it returns False, stop and return False. The other
        effects wait for the next call.
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
        """Return a room. Raise CloudError 404 20404100 if it does not exist or was destroyed."""
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
        """Return ``user``. Raise CloudError 404 20404200 if the user is not in the room now."""
        if not user.online:
            raise no_such_user()
        return user

    def shapes_for(self, room_uuid: str) -> Shapes:
        """Return the variations of a new room. A second room with the same id has different ones."""
        turn = self._named.get(room_uuid, 0)
        self._named[room_uuid] = turn + 1
        return Shapes(
            f"{self.seed}:{room_uuid}:{turn}", lambda: not self.plain, lambda: self.dialect == "sdk"
        )

    # Users in events

    def person(self, room: Room, user: User) -> dict[str, Any]:
        return {"userUuid": user.uuid, "userName": user.name, "role": room.shapes.role(user.role)}

    def operator(self, room: Room, uuid: str | None) -> dict[str, Any]:
        """Return the operator of an event. It is a user of the room, or the server that made the call."""
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
        beside: Mapping[str, Any] | None = None,
    ) -> Event:
        """Store an event with the next sequence number. Events of the room stream wait for polling.

        ``beside`` has fields at the top level of the event, beside ``data``.
        """
        shapes = room.shapes
        shapes.unknown_field(data)
        log = room.logs.setdefault(stream, EventLog())
        body: dict[str, Any] = {"roomUuid": room.uuid, "cmd": cmd, "sequence": log.next_sequence()}
        body["version"] = EVENT_VERSION
        if widget is not None:
            body["widgetUuid"] = widget
        if not shapes.chance(0.25) or self.stamps_every_event:
            body["ts"] = self.now
        body["data"] = data
        body |= beside or {}
        return self.emit_raw(room, json_bytes.dump(body), sequence=log.last, cmd=cmd, stream=stream)

    def emit_raw(
        self, room: Room, raw: bytes, *, sequence: int, cmd: int | None, stream: str = ROOM_STREAM
    ) -> Event:
        """Store the bytes of an event. Tests use this for malformed events."""
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
        """Remove and return up to ``limit`` events that wait for polling."""
        taken: list[Event] = []
        while self.queue and len(taken) < limit:
            event = self.queue.popleft()
            if event.withheld is None:
                event.hand_out(Handout(reader, self.now, request_id, outcome))
                taken.append(event)
        return taken

    def forget(self, room: Room) -> None:
        """Destroy a room. Its events that still wait for polling are removed."""
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
        """Return the destroyed rooms that are kept, then the existing rooms."""
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
