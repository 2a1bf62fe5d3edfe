"""Start a school that has several classes at the same time, or start single classes on request."""

import random
from dataclasses import dataclass

from classroom_admin.simulator.school.actions import FULL_PROGRAMME
from classroom_admin.simulator.school.runner import ClassRunner
from classroom_admin.simulator.school.sample_data import SUBJECTS
from classroom_admin.simulator.school.simulated_class import ClassPlan
from classroom_admin.simulator.world import World

MINUTE = 60
BUSY_PACE_MS = 90_000


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A row of the timetable. Its classes follow one another. Times are in seconds."""

    form: str
    type: int
    starts_in_s: int
    duration_s: int
    students: int
    teacher: str | None
    teacher_name: str = ""
    pace_ms: int = 2600
    programme: tuple[str, ...] = ("record",)


SLOTS = (
    Slot(
        form="7b",
        type=4,
        starts_in_s=-12 * MINUTE,
        duration_s=45 * MINUTE,
        students=12,
        teacher="teacher-1",
        teacher_name="Dr. Miriam Okafor",
        pace_ms=1600,
        programme=FULL_PROGRAMME,
    ),
    Slot(
        form="10a",
        type=2,
        starts_in_s=-25 * MINUTE,
        duration_s=60 * MINUTE,
        students=28,
        teacher="teacher-2",
        teacher_name="Jürgen Weiß",
        pace_ms=1500,
        programme=FULL_PROGRAMME[::-1],
    ),
    Slot(
        form="tutoring",
        type=0,
        starts_in_s=-5 * MINUTE,
        duration_s=30 * MINUTE,
        students=1,
        teacher="teacher-1",
        teacher_name="Dr. Miriam Okafor",
        pace_ms=6000,
    ),
    Slot(
        form="9c",
        type=4,
        starts_in_s=-4 * MINUTE,
        duration_s=45 * MINUTE,
        students=7,
        teacher=None,
        pace_ms=3500,
    ),
    Slot(
        form="5d",
        type=4,
        starts_in_s=90,
        duration_s=45 * MINUTE,
        students=9,
        teacher="teacher-2",
        teacher_name="Jürgen Weiß",
    ),
    Slot(
        form="8a",
        type=4,
        starts_in_s=-48 * MINUTE,
        duration_s=45 * MINUTE,
        students=6,
        teacher="teacher-3",
        teacher_name="李老师",
        pace_ms=5000,
    ),
    Slot(
        form="6e",
        type=10,
        starts_in_s=-40 * MINUTE,
        duration_s=44 * MINUTE,
        students=10,
        teacher="teacher-4",
        teacher_name="Señora Álvarez",
    ),
    Slot(
        form="11 (lab) 50%",
        type=4,
        starts_in_s=-2 * MINUTE,
        duration_s=50 * MINUTE,
        students=8,
        teacher="teacher-3",
        teacher_name="李老师",
    ),
)


class School:
    """A school that never closes. When a class closes, another class starts in its slot."""

    def __init__(self, world: World, seed: int) -> None:
        self._world, self._seed = world, seed
        self._turns = [0] * len(SLOTS)

    def open(self) -> None:
        for index, slot in enumerate(SLOTS):
            self._start_class(index, slot, starts_in_s=slot.starts_in_s, duration_s=slot.duration_s)

    def _start_class(self, index: int, slot: Slot, *, starts_in_s: int, duration_s: int) -> None:
        turn = self._turns[index]
        self._turns[index] += 1
        # Each class has its own generator, so slots do not influence each other.
        rng = random.Random(f"{self._seed}:school:{index}:{turn}")
        subject = SUBJECTS[(index + 3 * turn + self._seed) % len(SUBJECTS)]
        plan = ClassPlan(
            uuid=f"{slot.form} s{self._seed} {index}-{turn}",
            name=f"{subject} · {slot.form}",
            type=slot.type,
            starts_in_s=starts_in_s,
            duration_s=duration_s,
            students=slot.students,
            teacher=slot.teacher,
            teacher_name=slot.teacher_name,
            pace_ms=slot.pace_ms,
            programme=slot.programme,
            first_unusual=sum(earlier.students // 4 for earlier in SLOTS[:index]) + turn,
        )
        if plan.uuid not in self._world.rooms:
            ClassRunner(self._world, plan, rng, on_closed=lambda: self._start_next(index, slot)).start()

    def _start_next(self, index: int, slot: Slot) -> None:
        """Start the next class of this slot in 1 to 2.5 minutes. It lasts 20 to 50 minutes."""
        rng = random.Random(f"{self._seed}:again:{index}:{self._turns[index]}")
        wait_s = rng.randrange(60, 150)
        duration_s = rng.randrange(20, 50) * MINUTE
        self._start_class(index, slot, starts_in_s=wait_s, duration_s=duration_s)


def open_school(world: World, seed: int) -> None:
    """Start a school now. With the same seed, it is always the same school."""
    School(world, seed).open()


def start_lessons(
    world: World,
    *,
    rooms: int,
    students: int,
    minutes: float,
    seed: int = 0,
    prefix: str = "lesson",
    pace_ms: int | None = None,
) -> list[str]:
    """Start ``rooms`` classes of ``students`` students each. Return the room ids.

    The classes last ``minutes``. ``pace_ms`` is the average time between two actions. By default, a class of
    30 has one action about every three seconds. Raise CloudError 409 if one of the rooms exists.
    """
    pace = pace_ms if pace_ms is not None else max(50, BUSY_PACE_MS // max(1, students))
    started = []
    for number in range(rooms):
        uuid = f"{prefix}-{number}"
        plan = ClassPlan(
            uuid=uuid,
            name=f"{prefix} {number}",
            type=4,
            starts_in_s=0,
            duration_s=max(1, int(minutes * 60)),
            students=students,
            teacher=f"{prefix}-teacher-{number}",
            pace_ms=pace,
            programme=FULL_PROGRAMME,
        )
        ClassRunner(world, plan, random.Random(f"{seed}:lesson:{uuid}")).start()
        started.append(uuid)
    return started
