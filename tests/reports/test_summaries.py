"""The stored figures of classes that are over."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classroom_admin import events
from classroom_admin.accounts.models import User
from classroom_admin.actions import class_lists
from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.reports import corrections, summaries, tasks
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import ClassList, ListedPerson, ListVersion, Presence, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import gap_filling, projector
from classroom_admin.sync.models import SequenceGap
from tests.reports.summarised import person, summarised
from tests.reports.test_report_command import at, join
from tests.stepped_clock import SteppedClock, use
from tests.sync.conftest import room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def head() -> User:
    return User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR)


def a_class(uuid: str, *names: str, **columns: Any) -> Room:
    """Add a class of an hour that is over. Everyone came 10 minutes late."""
    times = {"state": 3, "started_at": at(0), "ended_at": at(60), "last_event_at": at(60)}
    made = Room.objects.create(room_uuid=uuid, **times | columns)
    for name in names:
        join(made, name.lower(), name, (10, 60))
    return made


def outdated() -> list[str]:
    return sorted(summaries.outdated(Room.objects.all()).values_list("room_uuid", flat=True))


def test_a_class_that_is_over_gets_a_summary(sim: RunningSimulator, cloud: Client) -> None:
    sim.make_room("r1", roomName="One", state=1)
    sim.room("r1", "enter", userUuid="u1", userName="Ada", role=2)
    sim.room("r1", "chat", userUuid="u1", message="Hello")
    assert sync_once() == ""
    assert outdated() == []
    with pytest.raises(summaries.NotOver):
        summaries.current(room("r1"))
    sim.room("r1", "state", state=2)
    assert sync_once() == ""
    assert outdated() == ["r1"]
    made = summarised(room("r1"))
    assert (made.students, made.is_complete) == (1, True)
    assert person(room("r1"), "id:u1").chat == 1
    assert summaries.current(room("r1")) == made
    sim.room("r1", "chat", userUuid="u1", message="Bye")
    assert sync_once() == ""
    assert outdated() == ["r1"]
    summaries.current(room("r1"))
    assert PersonSummary.objects.get().chat == 2


def test_people_with_and_without_a_place_on_the_list(head: User) -> None:
    made = a_class("r1", "Ada", "Ben", "Cleo")
    join(made, "t1", "Tess", (0, 60), role="teacher")
    join(made, "guest", "ADA", (20, 60))
    made.class_list = ClassList.objects.create(name="7b")
    made.save()
    for name, user_uuid in (("Ada", ""), ("Ben Best", "ben"), ("Dan", "")):
        ListedPerson.objects.create(class_list=made.class_list, name=name, user_uuid=user_uuid)
    summary = summarised(made)
    assert (summary.students, summary.unlisted, summary.list_number) == (3, 1, 1)
    people = {one.person_key: one for one in PersonSummary.objects.all()}
    assert people.keys() == {"name:ada", "id:ben", "name:dan", "id:cleo", "id:t1"}
    ada, ben, tess = people["name:ada"], people["id:ben"], people["id:t1"]
    assert (ada.user_uuid, ada.more_ids, ada.list_name) == ("ada", ["guest"], "Ada")
    assert (ben.name, ben.list_name, ben.status, ben.late_ms) == ("Ben", "Ben Best", "late", 600_000)
    assert {key for key, one in people.items() if one.counts} == {"name:ada", "id:ben", "name:dan"}
    assert (people["id:cleo"].list_name, tess.role, tess.present_ms) == ("", "teacher", 3_600_000)
    assert (people["name:dan"].status, people["name:dan"].role) == ("absent", "student")


def test_what_makes_a_summary_outdated(head: User) -> None:
    listed = ClassList.objects.create(name="7b", owner=head)
    made = a_class("r1", "Ada", class_list=listed)
    summarised(made)
    changes: tuple[tuple[Any, dict[str, Any]], ...] = (
        (Room, {"version": 7}),
        (Room, {"projection_version": events.PROJECTION_VERSION + 1}),
        (Room, {"class_list": None}),
        (Room, {"class_list": ClassList.objects.create(name="7c")}),
        (ClassList, {"version": 2}),
        (ClassList, {"late_after_minutes": 0.35}),
        (ClassList, {"left_early_minutes": 7.1}),
        (ClassSummary, {"figures_version": 0}),
    )
    for model, change in changes:
        model.objects.update(**change)
        assert outdated() == ["r1"], change
        summarised(Room.objects.get(pk=made.pk))


def test_the_schools_thresholds_count_unless_the_list_has_its_own(head: User, settings: Any) -> None:
    listed = ClassList.objects.create(name="7b", owner=head)
    for uuid, class_list in (("r1", listed), ("r2", None)):
        summarised(a_class(uuid, "Ada", class_list=class_list))
    ListedPerson.objects.create(class_list=listed, name="Ada")
    settings.LATE_AFTER_MINUTES = 12
    assert outdated() == ["r1", "r2"]
    assert class_lists.set_thresholds(
        actor=head, class_list=listed, late_after_minutes=8, left_early_minutes=None
    )
    assert [summarised(room(uuid)).late_s for uuid in ("r1", "r2")] == [480, 720]
    assert [person(room("r1"), "name:ada").status, person(room("r2"), "id:ada").status] == ["late", "present"]
    settings.LATE_AFTER_MINUTES = 13
    assert outdated() == ["r2"]


def test_a_breakout_room_is_part_of_its_class() -> None:
    made = a_class("r1", "Ada", groups_sequence=3)
    inner = a_class("group", "Ben", parent=made, version=4)
    Presence.objects.filter(room=inner).update(user_uuid="ada", entered_at=at(0))
    summarised(made)
    assert person(made, "id:ada").present_ms == 3_600_000
    assert not ClassSummary.objects.exclude(room=made).exists()
    Room.objects.filter(pk=inner.pk).update(version=5)
    assert outdated() == ["r1"]
    with pytest.raises(summaries.NotOver):
        summaries.current(inner)


def test_a_gap_without_events_makes_the_summary_outdated(sim: RunningSimulator, cloud: Client) -> None:
    """The cloud skipped a number. We know this only after two requests, when the class is over."""
    sim.make_room("r1", state=1)
    sim.control("POST", "/emit", {"roomUuid": "r1", "cmd": 3, "sequence": 5, "data": {"message": "Hello"}})
    sim.room("r1", "state", state=2)
    with use(SteppedClock(clock.now())) as stepped:
        sync_once()
        gap = SequenceGap.objects.get()
        projector.project_room(gap.room_id, past_gaps=True)
        assert not summarised(room("r1")).is_complete
        for _again in range(2):
            stepped.step(11)
            gap_filling.fill_due(cloud)
        assert SequenceGap.objects.get().state == SequenceGap.State.VOID
    assert outdated() == ["r1"]
    assert summarised(room("r1")).is_complete


def test_a_class_that_never_began_has_no_time_and_no_status() -> None:
    planned = {"planned_start_at": at(0), "planned_end_at": at(60), "started_at": None, "ended_at": None}
    made = a_class("r1", class_list=ClassList.objects.create(name="7b"), state=0, gone_at=at(90), **planned)
    ListedPerson.objects.create(class_list=made.class_list, name="Ada")
    summary = summarised(made)
    assert (summary.starts_at, summary.ends_at) == (None, None)
    assert person(made, "name:ada").status == ""


def test_the_cost_of_a_summary_does_not_depend_on_the_number_of_people() -> None:
    counts = []
    for uuid, number in (("small", 2), ("large", 30)):
        made = a_class(uuid, *(f"Person {one}" for one in range(number)))
        with CaptureQueriesContext(connection) as asked:
            summaries.refresh(made)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 28
    with CaptureQueriesContext(connection) as asked:
        summaries.current(made)
    assert len(asked) <= 3


def test_a_long_name_has_a_key() -> None:
    made = a_class("r1", class_list=ClassList.objects.create(name="7b"))
    ListedPerson.objects.create(class_list=made.class_list, name="ΐ" * 255)  # each becomes three characters
    summarised(made)
    assert len(PersonSummary.objects.get().person_key) < 300


def test_a_change_during_a_refresh_is_not_lost(monkeypatch: pytest.MonkeyPatch, head: User) -> None:
    """An event and a correction arrive after the figures were read and before they are stored."""
    made = a_class("r1", "Ada")
    summarised(made)
    read = summaries._figures

    def slowly(*given: Any) -> Any:
        figures = read(*given)
        join(made, "ben", "Ben", (0, 60))
        Room.objects.filter(pk=made.pk).update(version=made.version + 1)
        corrections.correct(access_to(head, made), person(made, "id:ada"), status="excused")
        return figures

    with monkeypatch.context() as patched:
        patched.setattr(summaries, "_figures", slowly)
        summaries.refresh(made)
    assert person(made, "id:ada").final_status == "excused"
    assert outdated() == ["r1"]
    summarised(made)
    assert person(made, "id:ada").final_status == "excused"
    assert PersonSummary.objects.count() == 2


def test_an_older_refresh_does_not_replace_newer_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    made = a_class("r1", "Ada")
    read = summaries._figures

    def overtaken(*given: Any) -> Any:
        figures = read(*given)
        monkeypatch.setattr(summaries, "_figures", read)
        join(made, "ben", "Ben", (0, 60))
        Room.objects.filter(pk=made.pk).update(version=made.version + 1)
        summaries.refresh(made)
        return figures

    monkeypatch.setattr(summaries, "_figures", overtaken)
    summaries.refresh(made)
    assert PersonSummary.objects.count() == 2
    assert outdated() == []


def test_several_processes_make_the_same_summary_at_once() -> None:
    made = a_class("r1", *(f"Person {number}" for number in range(20)))
    ready = threading.Barrier(4)

    def work() -> int:
        ready.wait(10)
        try:
            for _again in range(3):
                summaries.refresh(made)
        finally:
            connection.close()
        return 3

    with ThreadPoolExecutor(4) as pool:
        assert sum(one.result(60) for one in [pool.submit(work) for _ in range(4)]) == 12
    assert (ClassSummary.objects.count(), PersonSummary.objects.count()) == (1, 20)
    assert outdated() == []


def test_the_task_makes_the_newest_summaries_first() -> None:
    for day in range(3):
        a_class(f"r{day}", "Ada", ended_at=at(60) + timedelta(days=day))
    assert tasks.refresh(within_s=0) == 1
    assert ClassSummary.objects.get().room.room_uuid == "r2"
    assert tasks.refresh(within_s=60) == 2
    assert tasks.refresh() == 0


def test_the_task_waits_until_no_more_events_arrive() -> None:
    now = clock.now()
    made = a_class("r1", "Ada", last_event_at=now)
    assert tasks.refresh() == 1
    Room.objects.update(version=2)
    with use(SteppedClock(now)) as stepped:
        ClassSummary.objects.update(made_at=now)
        assert tasks.refresh() == 0
        stepped.step(31)
        assert tasks.refresh() == 1
        Room.objects.update(version=3, last_event_at=clock.now() + timedelta(minutes=10))
        assert tasks.refresh() == 0
        stepped.step(301)
        assert tasks.refresh() == 1
    assert summaries.current(made).room_version == 3


def test_a_class_whose_summary_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    a_class("r1", "Ada")
    unreadable = ListVersion.objects.create(number=1, name="7b", people=[{"colour": "blue"}])
    a_class("r2", "Ben", ended_at=at(90), list_version=unreadable)
    assert tasks.refresh() == 1
    assert ClassSummary.objects.get().room.room_uuid == "r1"
    assert "can't be made" in caplog.text
