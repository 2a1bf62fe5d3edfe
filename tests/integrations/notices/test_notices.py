"""What happens in classes gives exactly one notice for each occurrence."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.integrations.notices import alerts, attendance, tasks
from classroom_admin.integrations.notices.models import Notice, OpenAlert
from classroom_admin.reports import summaries
from classroom_admin.reports.models import ClassSummary
from classroom_admin.rooms.models import Participant, Recording, Role, Room, RoomState
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import gaps, projector, room_events
from classroom_admin.sync import tasks as sync_tasks
from tests.school import make_person, make_room
from tests.stepped_clock import SteppedClock
from tests.sync.conftest import room, sync_once
from tests.sync.test_order import arrive

pytestmark = pytest.mark.django_db(transaction=True)
EARLIER = timedelta(minutes=50)


def event(sequence: int, cmd: int, minute: float, **data: Any) -> dict[str, Any]:
    """Return an event of the class r1 that happened `minute` minutes after the start of the test."""
    ts = clock.to_ms(clock.now() - EARLIER + timedelta(minutes=minute))
    return {"roomUuid": "r1", "cmd": cmd, "sequence": sequence, "ts": ts, "data": data}


def state(sequence: int, number: int, minute: float) -> dict[str, Any]:
    return event(sequence, 1, minute, state=number)


def person(user: str) -> dict[str, Any]:
    return {"userUuid": user, "userName": user.title(), "role": 2}


def enter(sequence: int, minute: float, user: str = "ada") -> dict[str, Any]:
    return event(sequence, 20, minute, onlineUsers=[person(user)], offlineUsers=[])


def kick(sequence: int, minute: float, user: str = "ada") -> dict[str, Any]:
    return event(sequence, 20, minute, onlineUsers=[], offlineUsers=[{**person(user), "type": 2}])


def a_lesson() -> list[dict[str, Any]]:
    """Return the events of a class that starts twice, and removes a person twice."""
    return [
        state(1, 1, 0),
        enter(2, 1),
        kick(3, 2),
        enter(4, 3),
        kick(5, 4),
        state(6, 2, 10),
        state(7, 1, 12),
        state(8, 2, 20),
        state(9, 3, 21),
    ]


OF_LESSON = [
    "class_started",
    "participant_removed",
    "participant_removed",
    "class_ended",
    "class_started",
    "class_ended",
]


def project() -> None:
    for pk in Room.objects.values_list("pk", flat=True):
        projector.project_room(pk, past_gaps=True)


def kinds() -> list[str]:
    return list(Notice.objects.order_by("at", "pk").values_list("kind", flat=True))


def test_each_event_gives_its_notice_once_however_often_the_class_is_projected(hands: SteppedClock) -> None:
    for one in a_lesson():
        arrive([one])
        project()
    assert kinds() == OF_LESSON
    first = Notice.objects.order_by("pk")[0]
    assert first.data == {"started_at": clock.iso(first.at)}
    assert first.at == clock.now() - EARLIER
    ada = Participant.objects.get()
    assert [one.data for one in Notice.objects.filter(kind="participant_removed")] == 2 * [
        {"participant": ada.pk}
    ]
    numbers = set(Notice.objects.values_list("number", flat=True))
    assert len(numbers) == 6
    call_command("rebuild")
    Room.objects.update(projection_version=0)
    assert sync_tasks.project_outdated(within_s=60) == 1
    assert set(Notice.objects.values_list("number", flat=True)) == numbers
    # A restored database reads the same events again, and gives the same notices the same ids.
    Room.objects.all().delete()
    assert not Notice.objects.exists()
    for one in a_lesson():
        arrive([one])
        project()
    assert set(Notice.objects.values_list("number", flat=True)) == numbers


def test_events_that_arrive_together_or_late_give_the_notices_of_the_last_start(hands: SteppedClock) -> None:
    arrive(a_lesson())
    project()
    assert kinds() == ["class_started", "participant_removed", "participant_removed", "class_ended"]
    Room.objects.all().delete()
    single = [state(1, 1, 0), enter(2, 1), kick(3, 2), state(4, 2, 10)]
    for order in list(itertools.permutations(single))[::4]:
        for one in order:
            arrive([one])
            project()
        found = Notice.objects.order_by("at", "pk").values_list("kind", flat=True)
        assert list(found) == ["class_started", "participant_removed", "class_ended"], order
        Room.objects.all().delete()


def test_corrected_times_and_a_closed_class_that_never_started_give_no_notice(hands: SteppedClock) -> None:
    arrive([state(1, 1, 0)])
    project()
    arrive([event(2, 1, 5, state=1, startTime=clock.to_ms(clock.now() - timedelta(minutes=40)))])
    project()
    assert kinds() == ["class_started"]
    Room.objects.all().delete()
    arrive([state(1, 3, 0)])
    project()
    assert kinds() == []


def test_old_classes_give_no_notices(hands: SteppedClock) -> None:
    """They are old when the dashboard first reads them, and when an upgraded one projects them again."""
    events = a_lesson()
    hands.step(3 * 24 * 3600)
    arrive(events)
    project()
    assert room("r1").state == RoomState.CLOSED
    assert kinds() == []
    call_command("rebuild")
    assert kinds() == []


def test_class_that_the_cloud_lost_has_ended(hands: SteppedClock) -> None:
    arrive([state(1, 1, 0)])
    project()
    for _again in range(2):
        room_events.mark_gone(room("r1").pk)
    assert kinds() == ["class_started", "class_ended"]
    assert Notice.objects.get(kind="class_ended").data["ended_at"] is None


def test_a_kill_during_the_projection_leaves_neither_rows_nor_notices(
    hands: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notice is in the transaction of the projection. So a kill undoes both or none."""

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    arrive([state(1, 1, 0)])
    with monkeypatch.context() as patch:
        patch.setattr(gaps, "show_gaps", die)
        patch.setattr(projector, "record_repeats", die)
        with pytest.raises(Killed):
            project()
    assert (kinds(), room("r1").state) == ([], None)
    project()
    assert kinds() == ["class_started"]


def test_ordinary_events_cost_no_query_for_notices(hands: SteppedClock) -> None:
    arrive([state(1, 1, 0), enter(2, 1)])
    project()
    chat = {"fromUser": person("ada"), "message": "hello", "type": 1}
    arrive([event(3, 3, 2, **chat), enter(4, 3, "ben"), event(5, 1101, 4, rewardDetails=[])])
    with CaptureQueriesContext(connection) as asked:
        project()
    assert not [one["sql"] for one in asked if "notices_" in one["sql"]]


def test_attendance_is_ready_when_the_figures_contain_everything(hands: SteppedClock) -> None:
    arrive([state(1, 1, 0), enter(2, 1), state(3, 2, 49)])
    project()
    hands.step(1)
    assert attendance.find_ready() == 0, "there are no figures yet"
    summaries.refresh(room("r1"))
    assert attendance.find_ready() == 1, "the last event is a minute old"
    assert attendance.find_ready() == 0
    ready = Notice.objects.get(kind="attendance_ready")
    assert ready.data == {"students": 1, "complete": True}
    assert ready.at == clock.now()
    # A class that starts again gets its attendance once more, when it has ended for good.
    arrive([state(4, 1, 50)])
    project()
    hands.step(600)
    assert attendance.find_ready() == 0
    ended = event(5, 1, 50, state=2, endTime=clock.now_ms())
    arrive([ended])
    project()
    hands.step(1)
    summaries.refresh(room("r1"))
    assert attendance.find_ready() == 0, "events may still arrive"
    arrive([{**event(6, 3, 60, fromUser=person("ada"), message="late"), "ts": clock.now_ms()}])
    project()
    hands.step(31)
    assert attendance.find_ready() == 0, "the figures are outdated"
    summaries.refresh(room("r1"))
    assert attendance.find_ready() == 1
    assert kinds().count("attendance_ready") == 2
    assert ClassSummary.objects.count() == 1


def test_alert_is_raised_once_until_it_is_over() -> None:
    made = make_room("Choir", teachers_online=0)
    make_person(made, 1, role=Role.TEACHER, was_teacher=True, online=False, left_at=clock.now() - EARLIER)
    for _again in range(3):
        tasks.look()
    (raised,) = Notice.objects.all()
    assert (raised.kind, raised.data["alert"]) == ("alert_raised", "no_teacher")
    Room.objects.update(teachers_online=1)
    assert alerts.find_raised() == 0
    assert not OpenAlert.objects.exists()
    Room.objects.update(teachers_online=0)
    left = clock.now() - timedelta(minutes=5)
    Participant.objects.update(left_at=left)
    assert alerts.find_raised() == 1
    assert Notice.objects.order_by("-pk")[0].data["since"] == clock.iso(left)
    Room.objects.update(state=RoomState.ENDED)
    assert alerts.find_raised() == 0
    assert not OpenAlert.objects.exists()


def test_recording_is_ready_when_its_first_file_exists(
    sim: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    sim.make_room("r1", state=1)
    sim.room("r1", "record", state=1, mode="web")
    sim.room("r1", "record", state=0)
    assert sync_once() == ""
    for _ask in range(40):
        hands.step(30)
        sim.control("POST", "/clock", {"speed": 1000})
        sync_tasks.refresh_rooms()
        if Recording.objects.get().file_urls:
            break
    recording = Recording.objects.get()
    ready = Notice.objects.get(kind="recording_ready")
    assert ready.data["recording"] == recording.pk
    assert ready.data["ended_at"] == clock.iso(recording.ended_at)
    Recording.objects.update(file_urls=[])
    hands.step(300)
    sync_tasks.refresh_rooms()
    assert Recording.objects.get().file_urls, "the cloud made the files again"
    assert Notice.objects.filter(kind="recording_ready").count() == 1
