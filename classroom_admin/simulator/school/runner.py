"""Run a simulated class. Choose one action after another until the class is closed."""

import random
from collections.abc import Callable

from classroom_admin.simulator.errors import CloudError
from classroom_admin.simulator.school.actions import ACTIONS, NAMES, WEIGHTS
from classroom_admin.simulator.school.simulated_class import ClassPlan, SimulatedClass
from classroom_admin.simulator.world import World
from classroom_admin.simulator.world.model import ClassState

MAX_ATTEMPTS = 10


class ClassRunner:
    """A runner that simulates a class by its ``plan``. It calls ``on_closed`` when the class closes.

    ``lesson`` is the class, if it is not a usual one.
    """

    def __init__(
        self,
        world: World,
        plan: ClassPlan,
        rng: random.Random,
        *,
        on_closed: Callable[[], None] | None = None,
        lesson: SimulatedClass | None = None,
    ) -> None:
        self._class = lesson or SimulatedClass(world, plan, rng)
        self._programme = list(plan.programme)
        self._attempts: dict[str, int] = {}
        self._on_closed = on_closed

    def start(self) -> None:
        self._class.open()
        self._class.world.after(1000 + self._class.rng.randrange(1500), self._next)

    def _next(self) -> None:
        if self._class.is_over:
            if self._on_closed is not None:
                self._on_closed()
            return
        rng, pace = self._class.rng, self._class.plan.pace_ms
        if self._class.room.state == ClassState.STARTED:
            self._next_in_class()
        else:
            self._act(rng.choice(("chat", "enter", "drop", "enter")))
        self._class.world.after(rng.randrange(pace // 2, pace * 3 // 2 + 1), self._next)

    def _next_in_class(self) -> None:
        """Do the next action of the programme. If it is not possible yet, do a random action."""
        if self._programme:
            name = self._programme.pop(0)
            if self._act(name):
                return
            self._attempts[name] = self._attempts.get(name, 0) + 1
            if self._attempts[name] < MAX_ATTEMPTS:
                self._programme.append(name)
        self._act(self._class.rng.choices(NAMES, WEIGHTS)[0])

    def _act(self, name: str) -> bool:
        """Do one action. Return False if the action is not possible now."""
        if name in self._class.never:
            return False
        try:
            return ACTIONS[name](self._class)
        except CloudError:
            return False
