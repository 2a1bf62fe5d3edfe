"""Random classes of a simulated cloud, and what really happened in them.

Everything here is counted from the state of the cloud, and uses nothing of the product's figures.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from classroom_admin.simulator.errors import CloudError
from classroom_admin.simulator.world import (
    World,
    classes,
    groups,
    media,
    messages,
    people,
    recordings,
    stage,
    widgets,
)
from classroom_admin.simulator.world.model import Room, User

PEOPLE = 7
LATE_S = EARLY_S = 300
NAMES = ("Zoë Brandt", "Ana Torres", "रीना", "Hùng", "ليلى منصور", "Li Wei", "O'Neil Sean")
LIKE_NAMES = ("ZOË  brandt", "Ana Torres", "रीना\u200d", "HÙNG", "ليلى  منصور", "li wei", "O'Neil  Sean")
"""How people write their names when they come back. The names look the same to a reader."""


@dataclass
class Planned:
    """A class of the test: its plan in seconds after the start of the world, and each person's user ids."""

    uuid: str
    start_ms: int
    start_s: int
    length_s: int
    by_cloud: bool
    begins_s: int
    ends_s: int
    listed: bool
    ids: dict[str, list[str]] = field(default_factory=dict)
    rooms: set[str] = field(default_factory=set)

    def ms(self, seconds: int) -> int:
        return self.start_ms + seconds * 1000

    def is_by_id(self, index: int) -> bool:
        return self.listed and index % 2 == 1

    def may_be_guest(self, index: int) -> bool:
        """Return whether a person also joins with a second id. The others change their names."""
        return self.listed and index not in (1, 3)


def a_class(number: int, chance: random.Random, start_ms: int) -> Planned:
    start_s = 600 + chance.randrange(0, 600)
    length_s = chance.choice((1200, 2400, 2700))
    begins_s = start_s + chance.choice((-400, -60, 0, 0, 90, 700))
    ends_s = start_s + length_s + chance.choice((-1000, -60, 0, 120, 900))
    by_cloud = chance.random() < 0.4
    planned = Planned(f"r{number}", start_ms, start_s, length_s, by_cloud, begins_s, ends_s, number % 5 != 0)
    for index, name in enumerate(NAMES[:PEOPLE]):
        planned.ids[name] = [f"u{index}", f"guest {number} {index}"]
    planned.rooms.add(planned.uuid)
    return planned


@dataclass(frozen=True)
class Moment:
    """What is so in a class from a second on, until the next moment. Hands are (room, user id)."""

    at_s: int
    hands: frozenset[tuple[str, str]]
    stage: frozenset[str]
    cameras: frozenset[str]
    quiz: bool
    poll: bool
    recording: bool


def moment(world: World, each: Planned, second: int) -> Moment | None:
    """Return the present state of a class and its breakout rooms. Return None if the class is destroyed."""
    room = world.rooms.get(each.uuid)
    if room is None:
        return None
    rooms = [room, *breakout_rooms(world, each)]
    current = room.current_recording()
    return Moment(
        at_s=second,
        hands=frozenset((one.uuid, user_uuid) for one in rooms for user_uuid in one.hands),
        stage=frozenset(user_uuid for one in rooms for user_uuid in one.stage),
        cameras=frozenset(user.uuid for one in rooms for user in one.users.values() if _films(user)),
        quiz=any(quiz.running for quiz in room.quizzes.values()),
        poll=any(poll.running for poll in room.polls.values()),
        recording=current is not None and not current.on_hold,
    )


def _films(user: User) -> bool:
    return any(one.video_source == 1 and one.video_state == 1 for one in user.streams.values())


def breakout_rooms(world: World, each: Planned) -> list[Room]:
    return [room for room in world.rooms.values() if room.parent == each.uuid]


def act(world: World, each: Planned, chance: random.Random, second: int) -> None:
    """Let something happen in a class at this second."""
    room = world.rooms.get(each.uuid)
    if room is None:
        return  # closed and destroyed
    if not each.by_cloud and room.state == 0 and second >= each.begins_s:
        classes.set_state(world, room, 1, operator=None)
    if room.state == 1 and second >= each.ends_s:
        classes.set_state(world, room, 2, operator=None)
    if room.is_closed:
        return
    try:
        if chance.random() < 0.12:
            _tool(world, room, chance)
        else:
            _person_acts(world, room, each, chance)
    except CloudError:
        pass  # banned, or the stage is taken, or no quiz runs
    each.rooms |= {one.uuid for one in breakout_rooms(world, each)}


def _person_acts(world: World, room: Room, each: Planned, chance: random.Random) -> None:
    index = chance.randrange(PEOPLE)
    name, ids = list(each.ids.items())[index]
    user_id = ids[0] if not each.may_be_guest(index) or chance.random() < 0.7 else ids[1]
    user = room.users.get(user_id)
    if user is None or not user.online:
        if not each.may_be_guest(index) and chance.random() < 0.3:
            name = f"{name} {chance.randrange(9)}"
        elif chance.random() < 0.3:
            name = LIKE_NAMES[index]
        people.enter(world, room, uuid=user_id, name=name, role=2)
    elif chance.random() < 0.25:
        _leaves(world, room, user, each, chance)
    elif chance.random() < 0.1:
        people.open_tab(world, room, user)
    elif chance.random() < 0.1:
        _goes_to_breakout_room(world, room, user)
    else:
        inside = [one for one in breakout_rooms(world, each) if _is_in(one, user_id)]
        where = chance.choice([room, *inside])
        _takes_part(world, room, where, where.users[user_id], chance)


def _is_in(room: Room, user_id: str) -> bool:
    return user_id in room.users and room.users[user_id].online


def _leaves(world: World, room: Room, user: User, each: Planned, chance: random.Random) -> None:
    for own in breakout_rooms(world, each):
        if _is_in(own, user.uuid):
            people.leave(world, own, own.users[user.uuid])
    if chance.random() < 0.25:
        people.kick(world, room, user, ban_s=chance.choice((None, 60, 600)), lift=False, operator=None)
    else:
        people.leave(world, room, user, how=chance.choice(("left", "dropped")))


def _goes_to_breakout_room(world: World, room: Room, user: User) -> None:
    group_uuid = f"{room.uuid} one"
    if group_uuid in room.groups:
        groups.move_people(world, room, [(group_uuid, [user.uuid], [])], operator=None)
    else:
        group = {"groupUuid": group_uuid, "groupName": "One", "users": [{"userUuid": user.uuid}]}
        groups.open_groups(world, room, [group], operator=None)


def _takes_part(world: World, room: Room, where: Room, user: User, chance: random.Random) -> None:
    what = chance.choice(("hand", "hand", "stage", "stage", "camera", "camera", "chat", "reward", "answer"))
    if what == "hand":
        (stage.lower if user.uuid in where.hands else stage.wave)(world, where, user)
    elif what == "stage":
        (stage.go_off if user.uuid in where.stage else stage.go_on)(world, where, user)
    elif what == "camera":
        changes = {"video_source": 1, "audio_source": 1, "video_state": int(not _films(user))}
        if _films(user) and chance.random() < 0.3:
            media.delete(world, where, user, user.stream_uuid)
        else:
            media.put(world, where, user, user.stream_uuid, changes)
    elif what == "chat":
        messages.chat(world, where, user, "hello")
    elif what == "reward":
        stage.reward(world, where, [(user, chance.choice((1, 2)))])
    else:
        in_class = room.users[user.uuid]
        for quiz in room.quizzes.values():
            if quiz.running:
                widgets.answer_quiz(world, room, quiz, in_class, [chance.choice("AB")])
        for poll in room.polls.values():
            if poll.running:
                widgets.answer_poll(world, room, poll, in_class, [chance.randrange(2)])


def _tool(world: World, room: Room, chance: random.Random) -> None:
    """Start or stop a quiz, a poll or a recording."""
    what = chance.choice(("quiz", "poll", "recording"))
    running: Iterable[Any] = (room.quizzes if what == "quiz" else room.polls).values()
    current = next((one for one in running if one.running), None)
    if what == "recording":
        if room.current_recording() is None:
            recordings.start(world, room, mode="composite", config={})
        else:
            recordings.stop(world, room, operator=None)
    elif what == "quiz":
        if current is None:
            widgets.start_quiz(world, room, starter="server", items=["A", "B"], correct=["A"])
        else:
            widgets.stop_quiz(world, room, current)
    elif current is None:
        widgets.start_poll(world, room, starter="server", items=["A", "B"], mode=1)
    else:
        widgets.stop_poll(world, room, current)
