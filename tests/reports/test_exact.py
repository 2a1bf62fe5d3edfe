"""Random simulated classes: every figure equals what a count of single seconds of the cloud's truth gives."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.utils import timezone

from classroom_admin.accounts.models import User
from classroom_admin.agora import client_for
from classroom_admin.common import clock
from classroom_admin.reports import summaries
from classroom_admin.reports.attendance_json import attendance_as_json
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms import registry
from classroom_admin.rooms.models import ClassList, ListedPerson, Room
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.simulator.world import World
from classroom_admin.simulator.world import classes as cloud_classes
from classroom_admin.simulator.world.model import Schedule
from classroom_admin.sync import cloud_time
from classroom_admin.sync.polling import Poller
from tests.reports import truth
from tests.reports.random_classes import EARLY_S, LATE_S, PEOPLE, Moment, Planned, a_class, act, moment
from tests.stepped_clock import use
from tests.sync.conftest import config_for, sync_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

CLASSES = 35
MANY_CLASSES = 101
UNTIL_S = 4900
"""All classes are over by then, and the cloud has not yet destroyed a room with a recording."""
CHECKS_S = (1900, UNTIL_S)
"""The seconds after which all reports are compared: while the classes run, and after them."""
BEFORE_MIDNIGHT_MS = 1_792_882_200_000
"""24 October 2026, 22:50 UTC: a new day begins in each class."""
BEFORE_WINTER_MS = BEFORE_MIDNIGHT_MS + 5_400_000
"""25 October 2026, 00:20 UTC: 40 minutes later, summer time ends in Europe."""


class SkewedClock(clock.SystemClock):
    """Our clock: the clock of a simulator, but wrong by `skew_s` seconds."""

    def __init__(self, sim: RunningSimulator) -> None:
        self._of_cloud = sim.cloud.clock
        self.skew_s = 0

    def now_ms(self) -> int:
        return self._of_cloud.now_ms() + self.skew_s * 1000


@dataclass
class School:
    """The simulated classes and what happened in them."""

    sim: RunningSimulator
    planned: list[Planned]
    moments: dict[str, list[Moment]] = field(default_factory=dict)

    def happen(self, chance: random.Random, second: int) -> None:
        """Let something happen in each class, and write down how it is then."""

        def work(world: World) -> None:
            for each in self.planned:
                act(world, each, chance, second)
                if (now := moment(world, each, second)) is not None:
                    self.moments.setdefault(each.uuid, []).append(now)

        self.sim.do(work)

    def truths(self) -> dict[str, dict[str, Any]]:
        return {each["roomUuid"]: each for each in self.sim.oracle(events=0)["rooms"]}


def make(sim: RunningSimulator, each: Planned, owner: User) -> None:
    """Create a class. The cloud plans and starts it, or only we plan it, and a person starts and ends it."""
    schedule = Schedule(start_ms=each.ms(each.start_s), duration_s=each.length_s) if each.by_cloud else None
    sim.do(
        lambda world: cloud_classes.create(world, uuid=each.uuid, name=each.uuid, type=4, schedule=schedule)
    )
    start, end = (clock.from_ms(each.ms(s)) for s in (each.start_s, each.start_s + each.length_s))
    plan = {"planned_start_at": start, "planned_end_at": end, "planned_close_at": None}
    room = registry.register(room_uuid=each.uuid, name=each.uuid, room_type=4, created_by=owner, **plan)
    if not each.listed:
        return
    made = ClassList.objects.create(name=each.uuid)
    for index, (name, ids) in enumerate(each.ids.items()):
        user_uuid = ids[0] if each.is_by_id(index) else ""
        ListedPerson.objects.create(class_list=made, name=name, user_uuid=user_uuid, group=f"g{index}")
    Room.objects.filter(pk=room.pk).update(class_list=made)


def check_reports(school: School, now_s: int) -> int:
    """Compare the reports of all classes with the truth; return how many people had figures."""
    truths = school.truths()
    compared = 0
    for each in school.planned:
        rooms = [truths[uuid] for uuid in sorted(each.rooms)]
        report = attendance_as_json(Room.objects.get(room_uuid=each.uuid))
        assert report["evidence"]["complete"]
        assert report["evidence"]["events"] == sum(room["last"]["room"] for room in rooms)
        if each.listed:
            assert [row["list_name"] for row in report["rows"]] == sorted(each.ids, key=str.casefold)
        rows = {row["list_name"] or row["user_id"]: row for row in report["rows"]}
        time = truth.class_seconds(truths[each.uuid], each, now_s)
        for name, ids in each.ids.items():
            row = rows.get(name if each.listed else ids[0])
            own = ids if each.listed else ids[:1]
            if row is None:
                assert not any(user["userUuid"] in own for room in rooms for user in room["users"])
            elif time is None:
                assert row["status"] is None
            else:
                assert_same_row(row, truth.attendance(rooms, each, own, time), over=time.over)
                compared += 1
    return compared


def assert_same_row(row: dict[str, Any], wanted: dict[str, Any], *, over: bool) -> None:
    """Compare a row of a report. While a class runs, our knowledge of the cloud's time counts, too."""
    assert row["status"] == wanted["status"]
    assert row["minutes_present"] * 60 == pytest.approx(wanted["present_s"], abs=0.01 if over else 1)
    if wanted["status"] == "absent":
        return
    for name in ("first_in", "last_out"):
        when = wanted[name]
        assert row[name] == (None if when is None else clock.iso(clock.from_ms(when)))
    assert row["share"] == pytest.approx(wanted["share"], abs=0.0001 if over else 0.01)
    assert row["late_minutes"] * 60 == pytest.approx(wanted["late_s"], abs=0.01)
    assert row["left_early_minutes"] * 60 == pytest.approx(wanted["left_early_s"], abs=0.01)
    assert row["reconnects"] == wanted["reconnects"]


def check_summaries(school: School) -> int:
    """Compare the stored figures of all classes with the truth; return how many people had figures."""
    truths = school.truths()
    compared = 0
    for each in school.planned:
        room, moments = Room.objects.get(room_uuid=each.uuid), school.moments[each.uuid]
        rooms = [truths[uuid] for uuid in sorted(each.rooms)]
        time = truth.class_seconds(truths[each.uuid], each, UNTIL_S)
        assert time is not None
        assert time.over
        assert_same_class(summaries.current(room), each, time, moments)
        stored = {one.list_name or one.user_uuid: one for one in PersonSummary.objects.filter(room=room)}
        for name, ids in each.ids.items():
            one = stored.get(name if each.listed else ids[0])
            own = ids if each.listed else ids[:1]
            if one is not None:
                assert_same_person(one, truth.attendance(rooms, each, own, time))
                assert done_by(one) == truth.participation(rooms, moments, own, time), (each, name)
                compared += 1
    return compared


def assert_same_class(
    summary: ClassSummary, each: Planned, time: truth.ClassSeconds, moments: list[Moment]
) -> None:
    assert summary.is_complete
    assert summary.starts_at == clock.from_ms(each.ms(time.begin))
    assert summary.ends_at == clock.from_ms(each.ms(time.end))
    assert summary.recorded_ms == 1000 * truth.seconds(moments, time, lambda one: one.recording)
    ran = {kind: sum(stop - start for start, stop, _id in summary.tracks[kind]) for kind in ("quiz", "poll")}
    assert ran["quiz"] == 1000 * truth.seconds(moments, time, lambda one: one.quiz)
    assert ran["poll"] == 1000 * truth.seconds(moments, time, lambda one: one.poll)


def assert_same_person(one: PersonSummary, wanted: dict[str, Any]) -> None:
    assert one.status == wanted["status"]
    assert one.present_ms == wanted["present_s"] * 1000
    assert one.present_ms == sum(stop - start for start, stop in one.spans["present"])
    if one.status == "absent":
        return
    assert one.first_in == clock.from_ms(wanted["first_in"])
    assert one.last_out == clock.from_ms(wanted["last_out"])
    assert (one.late_ms, one.left_early_ms) == (wanted["late_s"] * 1000, wanted["left_early_s"] * 1000)
    assert one.share == pytest.approx(wanted["share"], abs=1e-9)
    assert one.reconnects == wanted["reconnects"]


def done_by(one: PersonSummary) -> dict[str, float]:
    """Return the stored figures of a person in the form of `truth.participation`."""
    counts = {name: getattr(one, name) for name in ("chat", "hands", "answers", "correct", "rewards")}
    return {
        **counts,
        "stage_s": one.stage_ms / 1000,
        "camera_s": one.camera_ms / 1000,
        "hand_s": sum(stop - start for start, stop in one.spans.get("hand", ())) / 1000,
    }


def poll_all(poller: Poller) -> None:
    """Poll until there are no more events.

    The cloud destroys breakout rooms a minute after the class, with the events that nobody has polled.
    """
    while (polled := poller.poll()) is not None and not polled.empty:
        pass
    assert polled is not None


@pytest.mark.parametrize(
    "classes", [CLASSES, pytest.param(MANY_CLASSES, marks=pytest.mark.long)], ids=["few", "many"]
)
@pytest.mark.parametrize(
    ("seed", "dialect", "start_ms"), [(1, "2021", BEFORE_MIDNIGHT_MS), (2, "sdk", BEFORE_WINTER_MS)]
)
def test_every_figure_equals_a_count_of_single_seconds(
    seed: int, dialect: Any, start_ms: int, classes: int, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the second world, breakout rooms have events of their own."""
    chance = random.Random(seed)
    owner = User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR)
    planned = [a_class(number, chance, start_ms) for number in range(classes)]
    simulator = running_simulator(stepped=True, start_ms=start_ms, dialect=dialect, group_rooms=seed == 2)
    monkeypatch.setattr(cloud_time, "READ_EVERY_S", 0.0)
    with simulator as sim, use(SkewedClock(sim)) as ours, timezone.override("Europe/Berlin"):
        settings.AGORA = config_for(sim)
        settings.LATE_AFTER_MINUTES, settings.LEFT_EARLY_MINUTES = LATE_S / 60, EARLY_S / 60
        sim.do(lambda world: setattr(world, "stamps_every_event", True))
        school, poller = School(sim, planned), Poller(client_for(settings.AGORA))
        ours.skew_s = -61
        for each in planned:
            make(sim, each, owner)
        second = compared = 0
        for check_s in CHECKS_S:
            while second < check_s:
                pause_s = min(chance.randrange(20, 58), check_s - second)
                sim.step(pause_s * 1000)
                second += pause_s
                if second < check_s:
                    school.happen(chance, second)
                    poll_all(poller)
            assert sync_once() == ""
            compared += check_reports(school, second)
            ours.skew_s = chance.choice((-420, 187, 540))
        assert compared > classes * PEOPLE * 1.5
        assert check_summaries(school) > classes * PEOPLE * 0.9
        assert not summaries.outdated(Room.objects.all()).exists()
