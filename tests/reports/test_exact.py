"""Random simulated classes: every figure equals what a count of single seconds of the cloud's truth gives."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.reports.attendance_json import attendance_as_json
from classroom_admin.rooms import registry
from classroom_admin.rooms.models import ClassList, ListedPerson, Room
from classroom_admin.simulator.errors import CloudError
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.simulator.world import World, classes, groups, people
from classroom_admin.simulator.world.model import Schedule
from tests.stepped_clock import use
from tests.sync.conftest import config_for, sync_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

CLASSES = 70
PEOPLE = 7
STEP_S = 41
CHECKS = (15, 35, 60, 131)
"""The steps after which all reports are compared: before, while and after the classes run."""
BEFORE_MIDNIGHT_MS = 1_792_882_200_000
"""24 October 2026, 22:50 UTC: a new day begins in each class; in Europe, summer time ends."""
LATE_S = EARLY_S = 300
NAMES = ("Zoë Brandt", "Ana Torres", "रीना", "Hùng", "ليلى منصور", "Li Wei", "O'Neil Sean")


@dataclass
class Planned:
    """A class of the test: its plan in seconds after the start, and each person's ids."""

    uuid: str
    start_s: int
    length_s: int
    by_cloud: bool
    begins_s: int
    ends_s: int
    listed: bool
    ids: dict[str, list[str]] = field(default_factory=dict)

    def ms(self, seconds: int) -> int:
        return BEFORE_MIDNIGHT_MS + seconds * 1000


class ClockOf(clock.SystemClock):
    """The clock of a simulator in this process: `clock.SimulatorClock` without its requests over HTTP."""

    def __init__(self, sim: RunningSimulator) -> None:
        self._of_cloud = sim.cloud.clock

    def now_ms(self) -> int:
        return self._of_cloud.now_ms()


def a_class(number: int, chance: random.Random) -> Planned:
    start_s = 600 + chance.randrange(0, 600)
    length_s = chance.choice((1200, 2400, 2700))
    begins_s = start_s + chance.choice((-400, -60, 0, 0, 90, 700))
    ends_s = start_s + length_s + chance.choice((-1000, -60, 0, 120, 900))
    by_cloud = chance.random() < 0.4
    planned = Planned(f"r{number}", start_s, length_s, by_cloud, begins_s, ends_s, number % 5 != 0)
    for index, name in enumerate(NAMES[:PEOPLE]):
        planned.ids[name] = [f"u{index}", f"guest {number} {index}"]
    return planned


def make(sim: RunningSimulator, each: Planned, owner: User) -> None:
    """Create a class. The cloud plans and starts it, or only we plan it, and a person starts and ends it."""
    schedule = Schedule(start_ms=each.ms(each.start_s), duration_s=each.length_s) if each.by_cloud else None
    sim.do(lambda world: classes.create(world, uuid=each.uuid, name=each.uuid, type=4, schedule=schedule))
    start, end = (clock.from_ms(each.ms(s)) for s in (each.start_s, each.start_s + each.length_s))
    plan = {"planned_start_at": start, "planned_end_at": end, "planned_close_at": None}
    room = registry.register(room_uuid=each.uuid, name=each.uuid, room_type=4, created_by=owner, **plan)
    if not each.listed:
        return
    made = ClassList.objects.create(name=each.uuid)
    for index, (name, ids) in enumerate(each.ids.items()):
        user_uuid = ids[0] if index % 2 else ""  # half of them by id, half of them by name
        ListedPerson.objects.create(class_list=made, name=name, user_uuid=user_uuid, group=f"g{index}")
    Room.objects.filter(pk=room.pk).update(class_list=made)


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
    index = chance.randrange(PEOPLE)
    name, ids = list(each.ids.items())[index]
    user_id = ids[0] if not each.listed or chance.random() < 0.7 else ids[1]
    user = room.users.get(user_id)
    try:
        if user is None or not user.online:
            people.enter(world, room, uuid=user_id, name=name, role=2)
        elif chance.random() < 0.5:
            people.leave(world, room, user, how=chance.choice(("left", "dropped")))
        elif chance.random() < 0.2:
            people.kick(world, room, user, ban_s=chance.choice((None, 60, 600)), lift=False, operator=None)
        elif chance.random() < 0.2:
            group = {"groupUuid": "one", "groupName": "One", "users": [{"userUuid": user_id}]}
            groups.open_groups(world, room, [group], operator=None)
    except CloudError:
        pass  # banned


def class_seconds(truth: dict[str, Any], each: Planned, now_s: int) -> tuple[int, int, bool] | None:
    """Return the first second, the end and whether the class is over; None before it begins."""
    if truth["startedAt"] is None:
        return None
    started = (truth["startedAt"] - BEFORE_MIDNIGHT_MS) // 1000
    over = truth["endedAt"] is not None
    stopped = (truth["endedAt"] - BEFORE_MIDNIGHT_MS) // 1000 if over else None
    begin, planned_end = max(started, each.start_s), each.start_s + each.length_s
    if stopped is not None and stopped <= each.start_s:
        begin = started  # over before it should have begun
    end = planned_end if stopped is None else min(planned_end, stopped)
    return None if begin > now_s else (begin, end, over)


def counted(truth: dict[str, Any], each: Planned, ids: list[str], now_s: int) -> dict[str, Any] | None:
    """Return the figures of a person by counting single seconds; None before the class begins."""
    found = class_seconds(truth, each, now_s)
    if found is None:
        return None
    begin, end, over = found
    until = end if over else min(end, now_s)
    stays = [
        (
            (entered - BEFORE_MIDNIGHT_MS) // 1000,
            10**9 if left is None else (left - BEFORE_MIDNIGHT_MS) // 1000,
        )
        for user in truth["users"]
        if user["userUuid"] in ids
        for entered, left, _how in user["presence"]
    ]
    there = sorted({s for entered, left in stays for s in range(max(begin, entered), min(until, left))})
    if not there:
        return {"status": "absent", "minutes_present": 0}
    lasts = not over and until < end and any(left > until for entered, left in stays if entered < until)
    late, early = there[0] - begin, 0 if lasts else end - there[-1] - 1
    share = len(there) / (until - begin)
    status = {
        (True, True): "late_and_left_early",
        (True, False): "late",
        (False, True): "left_early",
        (False, False): "partly" if share < 0.5 else "present",
    }[late >= LATE_S, early >= EARLY_S]
    return {
        "status": status,
        "first_in": each.ms(there[0]),
        "last_out": None if lasts else each.ms(there[-1] + 1),
        "minutes_present": round(len(there) / 60, 4),
        "share": round(share, 4),
        "late_minutes": round(late / 60, 4),
        "left_early_minutes": round(early / 60, 4),
    }


def check(sim: RunningSimulator, planned: list[Planned], now_s: int) -> int:
    """Compare all reports with the truth; return how many people had figures."""
    truths = {each["roomUuid"]: each for each in sim.oracle(events=0)["rooms"]}
    compared = 0
    for each in planned:
        truth = truths[each.uuid]
        report = attendance_as_json(Room.objects.get(room_uuid=each.uuid))
        assert report["evidence"]["complete"]
        assert report["evidence"]["events"] == truth["last"]["room"]
        rows = {row["name"]: row for row in report["rows"]}
        if each.listed:
            assert [row["list_name"] for row in report["rows"]] == sorted(each.ids, key=str.casefold)
        for name, ids in each.ids.items():
            wanted = counted(truth, each, ids if each.listed else ids[:1], now_s)
            if name not in rows:
                assert not each.listed
                assert not any(user["userUuid"] == ids[0] for user in truth["users"])
                continue
            row = rows[name]
            if wanted is None:
                assert row["status"] is None
                continue
            shown = {key: row[key] for key in wanted}
            for key in ("first_in", "last_out"):
                if wanted.get(key) is not None:
                    wanted[key] = clock.from_ms(wanted[key]).isoformat().replace("+00:00", "Z")
            for key in ("minutes_present", "share", "late_minutes", "left_early_minutes"):
                if key in wanted:  # our clock follows the cloud's with some milliseconds of error
                    wanted[key] = pytest.approx(wanted[key], abs=0.0005)
            assert shown == wanted, (each, name, truth)
            compared += 1
    return compared


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_figure_equals_a_count_of_single_seconds(seed: int, settings: Any) -> None:
    chance = random.Random(seed)
    owner = User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR)
    planned = [a_class(number, chance) for number in range(CLASSES)]
    with running_simulator(stepped=True, start_ms=BEFORE_MIDNIGHT_MS) as sim:
        settings.AGORA = config_for(sim)
        settings.LATE_AFTER_MINUTES, settings.LEFT_EARLY_MINUTES = LATE_S / 60, EARLY_S / 60
        with use(ClockOf(sim)):
            for each in planned:
                make(sim, each, owner)
            compared = 0
            for now_s in range(STEP_S, 5400, STEP_S):
                sim.step((STEP_S - 1) * 1000)  # nothing happens in the second before a comparison

                def happen(world: World, second: int = now_s) -> None:
                    for each in planned:
                        act(world, each, chance, second)

                sim.do(happen)
                sim.step(1000)
                if now_s // STEP_S in CHECKS:
                    assert sync_once() == ""
                    compared += check(sim, planned, now_s)
    assert compared > CLASSES * PEOPLE * 2
