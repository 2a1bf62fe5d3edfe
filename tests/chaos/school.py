"""A busy school: random actions of people in the rooms of the simulator, repeatable by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable

from classroom_admin.simulator.errors import CloudError
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.simulator.world import messages, people, stage, widgets
from classroom_admin.simulator.world.model import Room, User
from classroom_admin.simulator.world.world import World

STUDENTS = 8
AT_ONCE = 250
Act = Callable[[World, Room, User, random.Random], object]


def _come(world: World, room: Room, user: User, _chance: random.Random) -> None:
    people.enter(world, room, uuid=user.uuid, name=user.name, role=user.role)


def _quiz(world: World, room: Room, user: User, chance: random.Random) -> None:
    running = next((quiz for quiz in room.quizzes.values() if quiz.running), None)
    if running is None:
        widgets.start_quiz(world, room, starter=user.uuid, items=["A", "B"], correct=["A"])
    elif chance.random() < 0.2:
        widgets.stop_quiz(world, room, running)
    else:
        widgets.answer_quiz(world, room, running, user, [chance.choice("AB")])


ACTS: list[tuple[int, Act]] = [
    (8, lambda world, room, user, chance: messages.chat(world, room, user, f"said {chance.random()}")),
    (
        3,
        lambda world, room, user, chance: people.leave(
            world, room, user, how=chance.choice(("left", "dropped"))
        ),
    ),
    (6, _come),
    (4, lambda world, room, user, chance: stage.wave(world, room, user)),
    (3, lambda world, room, user, chance: stage.lower(world, room, user)),
    (2, lambda world, room, user, chance: stage.go_on(world, room, user)),
    (2, lambda world, room, user, chance: stage.go_off(world, room, user)),
    (3, lambda world, room, user, chance: stage.reward(world, room, [(user, 1)])),
    (2, _quiz),
]
_KINDS = [act for _weight, act in ACTS]
_WEIGHTS = [weight for weight, _act in ACTS]


class School:
    """`rooms` classes with students; `happen` makes random events in them."""

    def __init__(self, sim: RunningSimulator, *, rooms: int, seed: int) -> None:
        self.sim = sim
        self.uuids = [f"class {number}" for number in range(rooms)]
        self._chance = random.Random(seed)
        for uuid in self.uuids:
            sim.make_room(uuid, roomName=f"Name of {uuid}", state=1)
        for uuid in self.uuids:
            sim.do(lambda world, uuid=uuid: self._fill(world, world.rooms[uuid]))

    @property
    def emitted(self) -> int:
        return self.sim.world.emitted

    @property
    def waiting(self) -> int:
        return len(self.sim.world.queue)

    def _fill(self, world: World, room: Room) -> None:
        for number in range(STUDENTS):
            people.enter(
                world, room, uuid=f"p{number}", name=f"Student {number}", role=1 if number == 0 else 2
            )

    def happen(self, events: int) -> None:
        """Make at least this number of events in random rooms."""
        until = self.emitted + events
        while self.emitted < until:
            self.sim.do(lambda world: self._acts(world, until))

    def _acts(self, world: World, until: int) -> None:
        until = min(until, world.emitted + AT_ONCE)
        while world.emitted < until:
            room = world.rooms[self._chance.choice(self.uuids)]
            user = room.users[f"p{self._chance.randrange(STUDENTS)}"]
            act = self._chance.choices(_KINDS, _WEIGHTS)[0]
            try:
                act(world, room, user, self._chance)
            except CloudError:
                continue  # not possible now: the hand is already raised, for example

    def last_words(self) -> None:
        """Make one more event in each room."""
        for uuid in self.uuids:
            self.sim.do(lambda world, uuid=uuid: self._last(world, world.rooms[uuid]))

    def _last(self, world: World, room: Room) -> None:
        teacher = room.users["p0"]
        people.enter(world, room, uuid=teacher.uuid, name=teacher.name, role=teacher.role)
        messages.chat(world, room, teacher, "that was all")
