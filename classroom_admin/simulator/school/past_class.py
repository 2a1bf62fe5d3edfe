"""Run a class of the past in simulated time, and let the cloud offer its events now.

The class runs in a world of its own, which begins before the class and ends after it. So every event has the
time of the past. Then the room and its events move into the cloud's world. With the same class, the events
are always the same bytes, so a client that has some of them already can ignore them.

The real cloud destroys a room an hour after its class has closed. Here, the hour begins when the events are
offered. If events of the class are lost, its room is destroyed at once, so nobody can request them again.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from classroom_admin.simulator.errors import conflict
from classroom_admin.simulator.school import teacher_actions
from classroom_admin.simulator.school.runner import ClassRunner
from classroom_admin.simulator.school.simulated_class import ClassPlan, SimulatedClass
from classroom_admin.simulator.world import Room, World, classes, people
from classroom_admin.simulator.world.events import EventLog
from classroom_admin.simulator.world.model import ROOM_STREAM, ClassState, Role, Schedule

MINUTE_MS = 60_000
OPENS_BEFORE_MS = 10 * MINUTE_MS
PACE_MS = 15_000
PROGRAMME = ("chat", "raise_hand", "camera", "stage_on", "share_file", "reward", "mute_student")
CLOSES_AFTER_MS = 15 * MINUTE_MS


@dataclass(frozen=True, kw_only=True)
class PastClass:
    """A class that has taken place. ``start_ms`` is in milliseconds since the epoch.

    ``people`` are the ids and names of the students who may come. ``recorded`` says whether the teacher
    records the class. The events from ``lost_from_s`` to ``lost_to_s`` seconds after the start are lost.
    """

    uuid: str
    name: str
    type: int
    start_ms: int
    duration_s: int
    teacher: str
    teacher_name: str
    people: Sequence[tuple[str, str]]
    recorded: bool = True
    lost_from_s: int = 0
    lost_to_s: int = 0


@dataclass(kw_only=True)
class _Simulated(SimulatedClass):
    """A simulated class whose students come, leave and stay away according to their habits."""

    past: PastClass

    def open(self) -> None:
        past, world = self.past, self.world
        schedule = Schedule(start_ms=past.start_ms, duration_s=past.duration_s)
        self.room = classes.create(world, uuid=past.uuid, name=past.name, type=past.type, schedule=schedule)
        self._at(
            self.rng.randrange(-420_000, -60_000), self._teacher_arrives(past.teacher, past.teacher_name)
        )
        for uuid, name in past.people:
            self._plan_student(uuid, name)
        if past.recorded:
            self._at(self.rng.randrange(20_000, 150_000), partial(self._do, teacher_actions.record))
        for part in range(1, 4):
            about_ms = past.duration_s * 1000 * part // 4
            ask = self.rng.choice((teacher_actions.quiz, teacher_actions.quiz, teacher_actions.poll))
            self._at(about_ms + self.rng.randrange(-120_000, 120_000), partial(self._do, ask))
        self._at(past.duration_s * 1000 + 5_000, self._say_goodbye)

    def _at(self, after_start_ms: int, effect: Callable[[], None]) -> None:
        """Run ``effect`` this many milliseconds after the start of the class, which may be negative."""
        self.world.timeline.at(self.past.start_ms + after_start_ms, lambda: self._attempt(effect))

    def _do(self, action: Callable[[SimulatedClass], bool]) -> None:
        action(self)

    def _plan_student(self, uuid: str, name: str) -> None:
        """Decide whether a student comes, when, and until when. Some students are often late or absent."""
        habit, today = random.Random(f"habit:{uuid}"), self.rng
        unreliable, tardy = habit.random() < 0.12, habit.random() < 0.15
        if today.random() < (0.3 if unreliable else 0.03):
            return
        minutes = (
            today.uniform(6, 19) if today.random() < (0.45 if tardy else 0.04) else today.uniform(-5, 1.5)
        )
        self._at(int(minutes * MINUTE_MS), lambda: self._come(uuid, name))
        if today.random() < 0.05:
            early_ms = int(today.uniform(7, 16) * MINUTE_MS)
            self._at(self.past.duration_s * 1000 - early_ms, lambda: self._go(uuid, name))

    def _come(self, uuid: str, name: str) -> None:
        self.students.append((uuid, name))
        self.admit_student(uuid, name)

    def _go(self, uuid: str, name: str) -> None:
        """Let a student leave for good. No later action lets the student come back."""
        if (uuid, name) in self.students:
            self.students.remove((uuid, name))
        if uuid in self.room.users:
            people.leave(self.world, self.room, self.room.users[uuid])

    def _say_goodbye(self) -> None:
        """Let everybody leave within three minutes after the end, the teacher last."""
        self.students.clear()
        for user in self.room.online():
            low_ms, high_ms = (180_000, 240_000) if user.role == Role.TEACHER else (1_000, 175_000)
            self.later(low_ms, high_ms, partial(people.leave, self.world, self.room, user))


def offer(world: World, past: PastClass) -> Room:
    """Run a class of the past, and let ``world`` offer its room and events as new.

    Raise CloudError 409 20409000 if the room exists or existed in this world.
    """
    if any(room.uuid == past.uuid for room in world.all_rooms()):
        raise conflict("the room exists already")
    own = World(
        now_ms=past.start_ms - OPENS_BEFORE_MS, app_id=world.app_id, plain=True, dialect=world.dialect
    )
    room = _run(own, past)
    _lose(room, past)
    _move(own, room, world)
    if past.lost_to_s:
        world.forget(room)
        _release(room, world)
    else:
        _release(room, world)
        room.timers["destroy"] = world.after(classes.DESTROY_AFTER_MS, lambda: world.forget(room))
    return room


def _run(own: World, past: PastClass) -> Room:
    plan = ClassPlan(
        uuid=past.uuid,
        name=past.name,
        type=past.type,
        starts_in_s=OPENS_BEFORE_MS // 1000,
        duration_s=past.duration_s,
        students=len(past.people),
        teacher=past.teacher,
        pace_ms=PACE_MS,
        programme=PROGRAMME,
    )
    rng = random.Random(f"past:{past.uuid}")
    never = frozenset() if past.recorded else frozenset({"record"})
    lesson = _Simulated(own, plan, rng, never=never, past=past)
    ClassRunner(own, plan, rng, lesson=lesson).start()
    own.advance(past.start_ms + past.duration_s * 1000 + CLOSES_AFTER_MS)
    if lesson.room.state != ClassState.CLOSED:
        classes.set_state(own, lesson.room, ClassState.CLOSED, operator=None)
    return lesson.room


def _lose(room: Room, past: PastClass) -> None:
    """Remove the lost events from the room's log. Their sequence numbers stay unused."""
    if not past.lost_to_s:
        return
    first_ms, last_ms = (past.start_ms + seconds * 1000 for seconds in (past.lost_from_s, past.lost_to_s))
    kept = EventLog()
    for event in room.logs[ROOM_STREAM]:
        if not first_ms <= event.at_ms < last_ms:
            kept.add(event)
    kept.last = room.logs[ROOM_STREAM].last
    room.logs[ROOM_STREAM] = kept


def _move(own: World, room: Room, world: World) -> None:
    """Move the room and its events into ``world``, with new event ids."""
    for due in room.timers.values():
        due.cancel()
    room.timers.clear()
    here = {event.id for log in room.logs.values() for event in log}
    for event in own.events:
        if event.id in here:
            world.emitted += 1
            event.id = world.emitted
            world.events.append(event)
    world.rooms[room.uuid] = room


def _release(room: Room, world: World) -> None:
    """Let the events wait for polling, also those of a room that was destroyed."""
    for event in room.logs[ROOM_STREAM]:
        event.withheld = None
        world.queue.append(event)
