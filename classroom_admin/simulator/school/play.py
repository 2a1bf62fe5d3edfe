"""One class that plays by itself: who comes, what they do next, and when it is over."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from classroom_admin.simulator.errors import CloudError
from classroom_admin.simulator.school import acts
from classroom_admin.simulator.school.names import pupil_name
from classroom_admin.simulator.world import Room, User, World, classes, people
from classroom_admin.simulator.world.model import ClassState, Role, Schedule

PUT_OFF_AT_MOST = 10


@dataclass(frozen=True, kw_only=True)
class ClassPlan:
    """What a class is like. ``starts_in_s`` may be negative: it has been going on for a while. ``pace_ms``:
    about how long between two things that happen. ``programme``: acts that must come soon, in this order,
    before chance decides."""

    uuid: str
    name: str
    type: int
    starts_in_s: int
    duration_s: int
    pupils: int
    teacher: str | None
    teacher_name: str = ""
    pace_ms: int = 2500
    programme: tuple[str, ...] = ()
    first_unusual: int = 0


@dataclass
class ClassPlay:
    """Plays ``plan`` in ``world``; everything by chance comes from ``rng``, so no other class has a say in
    it.

    ``over`` is called once, when the class is closed.
    """

    world: World
    plan: ClassPlan
    rng: random.Random
    over: Callable[["ClassPlay"], None] | None = None
    pupils: list[tuple[str, str]] = field(default_factory=list)

    def begin(self) -> None:
        """Make the room and let people come."""
        plan, world = self.plan, self.world
        schedule = Schedule(start_ms=world.now + plan.starts_in_s * 1000, duration_s=plan.duration_s)
        self.room = classes.create(world, uuid=plan.uuid, name=plan.name, type=plan.type, schedule=schedule)
        self.todo = list(plan.programme)
        self.files = 0
        self.put_off: dict[str, int] = {}
        self.pupils = [
            (f"pupil-{plan.uuid[:40]}-{number}", pupil_name(self.rng, number, plan.first_unusual))
            for number in range(plan.pupils)
        ]
        opens_ms = max(0, plan.starts_in_s * 1000 - 60_000)
        if plan.teacher is not None:
            world.after(opens_ms + self.rng.randrange(500, 4000), self._teacher_comes)
        for uuid, name in self.pupils:
            world.after(opens_ms + self.rng.randrange(300, 25_000), self._coming(uuid, name))
        world.after(1000 + self.rng.randrange(1500), self._next)

    # Who is there

    def present(self, role: Role = Role.STUDENT) -> list[User]:
        return [user for user in self.room.users.values() if user.online and user.role == role]

    def somebody(self) -> User | None:
        pupils = self.present()
        return self.rng.choice(pupils) if pupils else None

    def teacher(self) -> User | None:
        found = self.present(Role.TEACHER)
        return found[0] if found else None

    def later(self, low_ms: int, high_ms: int, what: Callable[[], None]) -> None:
        """Do something after a while, unless the class is over by then or somebody made it impossible."""
        self.world.after(self.rng.randrange(low_ms, high_ms), lambda: self._attempt(what))

    def _attempt(self, what: Callable[[], None]) -> None:
        if self.room.destroyed_ms is not None or self.room.is_closed:
            return
        try:
            what()
        except CloudError:
            return  # Somebody else was faster: the hand is down, the pupil is banned, the class is muted.

    def _coming(self, uuid: str, name: str) -> Callable[[], None]:
        return lambda: self._attempt(lambda: self.let_in(uuid, name))

    def let_in(self, uuid: str, name: str) -> None:
        people.enter(
            self.world,
            self.room,
            uuid=uuid,
            name=name,
            role=Role.STUDENT,
            with_stream=self.rng.random() < 0.6,
        )

    def _teacher_comes(self) -> None:
        plan = self.plan
        teacher = plan.teacher
        if teacher is not None:
            self._attempt(
                lambda: _enter_teacher(self.world, self.room, uuid=teacher, name=plan.teacher_name or teacher)
            )

    # What happens next

    def _next(self) -> None:
        if self.room.destroyed_ms is not None or self.room.is_closed:
            if self.over is not None:
                self.over(self)
            return
        if self.room.state == ClassState.STARTED:
            self._next_in_class()
        else:
            self._act(self.rng.choice(("chat", "come", "drop", "come")))
        pace = self.plan.pace_ms
        self.world.after(self.rng.randrange(pace // 2, pace * 3 // 2 + 1), self._next)

    def _next_in_class(self) -> None:
        """The programme first. What is not possible yet (no hand to take down) is put off."""
        if self.todo:
            name = self.todo.pop(0)
            if self._act(name):
                return
            self.put_off[name] = self.put_off.get(name, 0) + 1
            if self.put_off[name] < PUT_OFF_AT_MOST:
                self.todo.append(name)
        self._act(self.rng.choices(acts.NAMES, acts.WEIGHTS)[0])

    def _act(self, name: str) -> bool:
        """False when it was not possible just now."""
        try:
            return acts.ACTS[name](self)
        except CloudError:
            return False


def _enter_teacher(world: World, room: Room, *, uuid: str, name: str) -> None:
    people.enter(world, room, uuid=uuid, name=name, role=Role.TEACHER, with_stream=True)
