"""A lesson to order: so many rooms, so many pupils, so long."""

import random

from classroom_admin.simulator.school.acts import EVERYTHING
from classroom_admin.simulator.school.play import ClassPlan, ClassPlay
from classroom_admin.simulator.world import World

BUSY_PACE_MS = 90_000


def play_lesson(
    world: World,
    *,
    rooms: int,
    pupils: int,
    minutes: float,
    seed: int = 0,
    prefix: str = "lesson",
    pace_ms: int | None = None,
) -> list[str]:
    """Begin ``rooms`` classes of ``pupils`` each, starting now; they end after ``minutes``. Returns the
    room ids.

    A class of thirty has about one event every three seconds unless ``pace_ms`` (time between two acts)
    says otherwise. CloudError 409 where a room of that name exists.
    """
    pace = pace_ms if pace_ms is not None else max(50, BUSY_PACE_MS // max(1, pupils))
    made = []
    for number in range(rooms):
        uuid = f"{prefix}-{number}"
        plan = ClassPlan(
            uuid=uuid,
            name=f"{prefix} {number}",
            type=4,
            starts_in_s=0,
            duration_s=max(1, int(minutes * 60)),
            pupils=pupils,
            teacher=f"{prefix}-teacher-{number}",
            pace_ms=pace,
            programme=EVERYTHING,
        )
        ClassPlay(world, plan, random.Random(f"{seed}:lesson:{uuid}")).begin()
        made.append(uuid)
    return made
