"""Measure what one event costs in a small and in a large room. `bench/sync.py` prints it."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

PROJECTIONS = 150


class Timed:
    """A timer of the elapsed time and of this process's processor time (s)."""

    def __enter__(self) -> Timed:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._wall
        self.cpu = time.process_time() - self._cpu


class Lesson:
    """A room whose events this benchmark creates itself, in the documented format."""

    def __init__(self, name: str, people: int) -> None:
        from classroom_admin.rooms.models import Room

        self.uuid, self.people, self.sequence = name, people, 0
        for start in range(0, people, 100):
            self.arrive([self.enters(number) for number in range(start, min(people, start + 100))])
        self.room_id = Room.objects.get(room_uuid=name).pk
        self.project()

    def event(self, cmd: int, data: dict[str, Any]) -> dict[str, Any]:
        self.sequence += 1
        now = int(time.time() * 1000)
        return {"roomUuid": self.uuid, "cmd": cmd, "sequence": self.sequence, "ts": now, "data": data}

    def enters(self, number: int) -> dict[str, Any]:
        return self.event(20, {"onlineUsers": [self.person(number)], "offlineUsers": []})

    def person(self, number: int) -> dict[str, Any]:
        return {"userUuid": f"student-{number}", "userName": f"Student {number}", "role": 2}

    def next_event(self, turn: int) -> dict[str, Any]:
        """Return the next event: a message, a reward, or a person who leaves or joins."""
        who = self.person(turn // 4 * 7 % self.people)
        kinds: tuple[tuple[int, dict[str, Any]], ...] = (
            (3, {"fromUser": who, "message": "hello", "type": 1}),
            (1101, {"rewardDetails": [{"userUuid": who["userUuid"], "changedReward": 1}]}),
            (20, {"onlineUsers": [], "offlineUsers": [who]}),
            (20, {"onlineUsers": [who], "offlineUsers": []}),
        )
        return self.event(*kinds[turn % 4])

    def arrive(self, events: list[dict[str, Any]]) -> None:
        from classroom_admin.agora.answers import RawAnswer
        from classroom_admin.sync import inbox
        from classroom_admin.sync.models import InboxAnswer

        body = json.dumps({"code": 0, "msg": "Success", "data": events}).encode()
        now = int(time.time() * 1000)
        raw = RawAnswer(body=body, http_status=200, received_at_ms=now, request_id=None, path="")
        inbox.read(inbox.keep(raw, source=InboxAnswer.Source.POLL).pk)

    def project(self) -> None:
        from classroom_admin.sync import projector

        projector.project_room(self.room_id)


def by_size() -> dict[str, Any]:
    """Store and project single events in a room of 10 and a room of 1,000 people; return the medians (ms)."""
    lessons = {size: Lesson(f"room of {size}", size) for size in (10, 1000)}
    projections: dict[int, list[Timed]] = {size: [] for size in lessons}
    stores: list[float] = []
    for turn in range(PROJECTIONS):
        for size, lesson in lessons.items():
            event = lesson.next_event(turn)
            with Timed() as store:
                lesson.arrive([event])
            with Timed() as projection:
                lesson.project()
            projections[size].append(projection)
            stores.append(store.wall + projection.wall)
    middle = {size: statistics.median(each.cpu for each in all_) * 1000 for size, all_ in projections.items()}
    return {"small": middle[10], "large": middle[1000], "one_event": statistics.median(stores) * 1000}
