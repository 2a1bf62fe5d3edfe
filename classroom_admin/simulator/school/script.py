"""The school: several classes at once, in every phase, and a new one for each that ends."""

import random
from dataclasses import dataclass

from classroom_admin.simulator.school.acts import EVERYTHING
from classroom_admin.simulator.school.names import SUBJECTS
from classroom_admin.simulator.school.play import ClassPlan, ClassPlay
from classroom_admin.simulator.world import World

MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place in the timetable: the class that is in it at first. Times in s."""

    form: str
    type: int
    starts_in_s: int
    duration_s: int
    pupils: int
    teacher: str | None
    teacher_name: str = ""
    pace_ms: int = 2600
    programme: tuple[str, ...] = ()


SLOTS = (
    Slot(
        form="7b",
        type=4,
        starts_in_s=-12 * MINUTE,
        duration_s=45 * MINUTE,
        pupils=12,
        teacher="teacher-1",
        teacher_name="Dr. Miriam Okafor",
        pace_ms=1600,
        programme=EVERYTHING,
    ),
    Slot(
        form="10a",
        type=2,
        starts_in_s=-25 * MINUTE,
        duration_s=60 * MINUTE,
        pupils=28,
        teacher="teacher-2",
        teacher_name="Jürgen Weiß",
        pace_ms=1500,
        programme=EVERYTHING[::-1],
    ),
    Slot(
        form="tutoring",
        type=0,
        starts_in_s=-5 * MINUTE,
        duration_s=30 * MINUTE,
        pupils=1,
        teacher="teacher-1",
        teacher_name="Dr. Miriam Okafor",
        pace_ms=6000,
    ),
    Slot(
        form="9c",
        type=4,
        starts_in_s=-4 * MINUTE,
        duration_s=45 * MINUTE,
        pupils=7,
        teacher=None,
        pace_ms=3500,
    ),
    Slot(
        form="5d",
        type=4,
        starts_in_s=90,
        duration_s=45 * MINUTE,
        pupils=9,
        teacher="teacher-2",
        teacher_name="Jürgen Weiß",
    ),
    Slot(
        form="8a",
        type=4,
        starts_in_s=-48 * MINUTE,
        duration_s=45 * MINUTE,
        pupils=6,
        teacher="teacher-3",
        teacher_name="李老师",
        pace_ms=5000,
    ),
    Slot(
        form="6e",
        type=10,
        starts_in_s=-40 * MINUTE,
        duration_s=44 * MINUTE,
        pupils=10,
        teacher="teacher-4",
        teacher_name="Señora Álvarez",
    ),
    Slot(
        form="11 (lab) 50%",
        type=4,
        starts_in_s=-2 * MINUTE,
        duration_s=50 * MINUTE,
        pupils=8,
        teacher="teacher-3",
        teacher_name="李老师",
    ),
)


class School:
    """Plays until the simulator ends. Each slot has a generator of its own, so that slots do not disturb
    each other."""

    def __init__(self, world: World, seed: int) -> None:
        self._world, self._seed = world, seed
        self._turns = [0] * len(SLOTS)

    def open(self) -> None:
        for index, slot in enumerate(SLOTS):
            self._play(index, slot, starts_in_s=slot.starts_in_s, duration_s=slot.duration_s)

    def _play(self, index: int, slot: Slot, *, starts_in_s: int, duration_s: int) -> None:
        turn = self._turns[index]
        self._turns[index] += 1
        rng = random.Random(f"{self._seed}:school:{index}:{turn}")
        subject = SUBJECTS[(index + 3 * turn + self._seed) % len(SUBJECTS)]
        plan = ClassPlan(
            uuid=f"{slot.form} s{self._seed} {index}-{turn}",
            name=f"{subject} · {slot.form}",
            type=slot.type,
            starts_in_s=starts_in_s,
            duration_s=duration_s,
            pupils=slot.pupils,
            teacher=slot.teacher,
            teacher_name=slot.teacher_name,
            pace_ms=slot.pace_ms,
            programme=slot.programme,
            first_unusual=sum(earlier.pupils // 4 for earlier in SLOTS[:index]) + turn,
        )
        if plan.uuid in self._world.rooms:
            return
        play = ClassPlay(self._world, plan, rng, over=lambda _: self._again(index, slot))
        play.begin()

    def _again(self, index: int, slot: Slot) -> None:
        """The next class of this slot: in a minute or two, for half an hour or so."""
        rng = random.Random(f"{self._seed}:again:{index}:{self._turns[index]}")
        wait_s = rng.randrange(60, 150)
        duration_s = rng.randrange(20, 50) * MINUTE
        self._play(index, slot, starts_in_s=wait_s, duration_s=duration_s)


def open_school(world: World, seed: int) -> None:
    """Let the school of this number begin, now. The same number plays the same."""
    School(world, seed).open()
