"""A simulated class with a plan and people, and helpers that every action uses."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from classroom_admin.simulator.errors import CloudError
from classroom_admin.simulator.school.sample_data import student_name
from classroom_admin.simulator.world import User, World, classes, media, people
from classroom_admin.simulator.world.model import Role, Schedule


@dataclass(frozen=True, kw_only=True)
class ClassPlan:
    """The plan of a simulated class.

    If ``starts_in_s`` is negative, the class has already started. ``pace_ms`` is the average time between two
    actions. ``programme`` names the first actions. The actions after them are random.
    """

    uuid: str
    name: str
    type: int
    starts_in_s: int
    duration_s: int
    students: int
    teacher: str | None
    teacher_name: str = ""
    pace_ms: int = 2500
    programme: tuple[str, ...] = ()
    first_unusual: int = 0


@dataclass
class SimulatedClass:
    """A class in ``world`` that follows ``plan``.

    All random choices come from its own ``rng``, so classes do not affect each other. The actions whose names
    are in ``never`` do not happen.
    """

    world: World
    plan: ClassPlan
    rng: random.Random
    students: list[tuple[str, str]] = field(default_factory=list)
    files: int = 0
    never: frozenset[str] = frozenset()

    def open(self) -> None:
        """Create the room and schedule the arrivals. Raise CloudError 409 if the room exists."""
        plan, world = self.plan, self.world
        schedule = Schedule(start_ms=world.now + plan.starts_in_s * 1000, duration_s=plan.duration_s)
        self.room = classes.create(world, uuid=plan.uuid, name=plan.name, type=plan.type, schedule=schedule)
        self.students = [
            (f"student-{plan.uuid[:40]}-{number}", student_name(self.rng, number, plan.first_unusual))
            for number in range(plan.students)
        ]
        opens_ms = max(0, plan.starts_in_s * 1000 - 60_000)
        if plan.teacher is not None:
            arrives = self._teacher_arrives(plan.teacher, plan.teacher_name or plan.teacher)
            world.after(opens_ms + self.rng.randrange(500, 4000), arrives)
        for uuid, name in self.students:
            world.after(opens_ms + self.rng.randrange(300, 25_000), self._student_arrives(uuid, name))

    @property
    def is_over(self) -> bool:
        return self.room.destroyed_ms is not None or self.room.is_closed

    def present(self, role: Role = Role.STUDENT) -> list[User]:
        return [user for user in self.room.users.values() if user.online and user.role == role]

    def random_student(self) -> User | None:
        students = self.present()
        return self.rng.choice(students) if students else None

    def teacher(self) -> User | None:
        teachers = self.present(Role.TEACHER)
        return teachers[0] if teachers else None

    def teacher_id(self) -> str | None:
        teacher = self.teacher()
        return teacher.uuid if teacher is not None else None

    def later(self, low_ms: int, high_ms: int, action: Callable[[], None]) -> None:
        """Run ``action`` after a random delay.

        Do nothing if the class is over by then or refuses the action.
        """
        self.world.after(self.rng.randrange(low_ms, high_ms), lambda: self._attempt(action))

    def admit_student(self, uuid: str, name: str) -> None:
        self._admit(uuid, name, Role.STUDENT, with_stream=self.rng.random() < 0.6)

    def _admit(self, uuid: str, name: str, role: Role, *, with_stream: bool) -> None:
        """Let a person enter. In the older dialects, an event 40 follows if their camera is on."""
        user = people.enter(
            self.world,
            self.room,
            uuid=uuid,
            name=name,
            role=role,
            with_stream=with_stream,
        )
        if with_stream and self.world.dialect != "sdk":
            media.put(self.world, self.room, user, user.stream_uuid, {})

    def _attempt(self, action: Callable[[], None]) -> None:
        if self.is_over:
            return
        try:
            action()
        except CloudError:
            return  # The class has changed: for example, the student is banned or the chat is muted.

    def _student_arrives(self, uuid: str, name: str) -> Callable[[], None]:
        return lambda: self._attempt(lambda: self.admit_student(uuid, name))

    def _teacher_arrives(self, uuid: str, name: str) -> Callable[[], None]:
        return lambda: self._attempt(lambda: self._admit_teacher(uuid, name))

    def _admit_teacher(self, uuid: str, name: str) -> None:
        self._admit(uuid, name, Role.TEACHER, with_stream=True)
