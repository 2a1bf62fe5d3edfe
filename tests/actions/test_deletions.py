"""Deleting files with ten seconds to undo it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from classroom_admin.actions import scheduled
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import deletions, resources
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms.access import NotYours, access_to
from classroom_admin.rooms.models import Resource, Room, RoomTeacher
from tests.actions.conftest import School, kinds, let_it_be_due, reason_code, run_due
from tests.stepped_clock import SteppedClock, use

State = ScheduledCommand.State


def files(school: School, sim: Any, *names: str) -> list[Resource]:
    """At the cloud and known here."""
    made = []
    for name in names:
        sim.room(school.room.room_uuid, "resource", resourceUuid=name, resourceName=f"{name}.pdf")
        made.append(Resource.objects.create(room=school.room, resource_uuid=name, name=f"{name}.pdf"))
    return made


@pytest.fixture
def hold(school: School, sim: Any) -> ScheduledCommand:
    chosen = files(school, sim, "a", "b", "c")[:2]
    return deletions.schedule_deletion(access_to(school.teacher, school.room), resources=chosen)


@pytest.fixture
def left(truth: Any) -> Any:
    return lambda: sorted(row["resourceUuid"] for row in truth()["resources"])


def test_nothing_is_sent_before_its_time(hold, left):
    assert run_due() == run_due(first=hold.pk) == 0
    assert left() == ["a", "b", "c"]
    assert timedelta(seconds=8) < hold.due_at - clock.now() <= deletions.DELAY


def test_deletion_is_sent_once_when_due(hold, left, school):
    let_it_be_due()
    assert [run_due(), run_due(), run_due(first=hold.pk)] == [1, 0, 0]
    assert left() == ["c"]
    entry = Entry.objects.get(action="resource.delete")
    assert kinds(entry) == [Step.Kind.REQUESTED, Step.Kind.ACCEPTED]
    assert (entry.actor, entry.params) == (
        school.teacher,
        {"resource_uuids": ["a", "b"], "hold": hold.entry_id},
    )
    hold.refresh_from_db()
    assert hold.state == State.DONE
    assert not deletions.open_deletions(school.room).exists()


def test_undone_deletion_is_never_sent(hold, left, school):
    deletions.undo_deletion(access_to(school.administrator, school.room), hold=hold.entry_id)
    let_it_be_due()
    assert run_due() == 0
    assert left() == ["a", "b", "c"]
    assert not Entry.objects.filter(action="resource.delete").exists()
    undone = Entry.objects.get(action="resource.undo_delete")
    assert (undone.actor, undone.params["hold"]) == (school.administrator, hold.entry_id)
    deletions.undo_deletion(access_to(school.teacher, school.room), hold=hold.entry_id)  # again
    assert Entry.objects.filter(action="resource.undo_delete").count() == 1


def test_deletion_that_was_sent_can_not_be_undone(hold, school):
    let_it_be_due()
    run_due()
    with pytest.raises(ActionRefused, match="too late"):
        deletions.undo_deletion(access_to(school.teacher, school.room), hold=hold.entry_id)


def test_deletions_of_another_class_are_refused(hold, school):
    rows = list(Resource.objects.all())
    with pytest.raises(NotYours):
        deletions.undo_deletion(access_to(school.other_teacher, school.room), hold=hold.entry_id)
    with pytest.raises(NotYours):
        deletions.schedule_deletion(access_to(school.other_teacher, school.room), resources=rows)
    elsewhere = Room.objects.create(room_uuid="elsewhere", name="Elsewhere")
    with pytest.raises(NotYours):
        deletions.undo_deletion(access_to(school.administrator, elsewhere), hold=hold.entry_id)
    with pytest.raises(ActionRefused):
        deletions.schedule_deletion(access_to(school.administrator, elsewhere), resources=rows)
    with pytest.raises(ActionRefused):
        deletions.schedule_deletion(access_to(school.administrator, school.room), resources=[])


def test_second_press_returns_the_first_deletion_and_others_are_refused(hold, school):
    rows = list(Resource.objects.order_by("resource_uuid"))
    again = deletions.schedule_deletion(access_to(school.teacher, school.room), resources=rows[:2])
    assert again == hold
    with pytest.raises(ActionRefused, match="already"):
        deletions.schedule_deletion(access_to(school.administrator, school.room), resources=rows[1:])
    assert Entry.objects.filter(action="resource.hold_delete").count() == 1


def test_teacher_without_the_class_deletes_nothing(hold, left, school):
    RoomTeacher.objects.all().delete()
    let_it_be_due()
    run_due()
    assert left() == ["a", "b", "c"]
    assert reason_code(hold.entry) == "deletion_not_allowed"
    assert not deletions.open_deletions(school.room).exists()


def test_files_deleted_meanwhile_fail_without_a_command(hold, left):
    Resource.objects.update(removed_at=clock.now())
    let_it_be_due()
    run_due()
    assert not Entry.objects.filter(action="resource.delete").exists()
    assert kinds(hold.entry)[-1] == Step.Kind.FAILED
    assert reason_code(hold.entry) == "files_already_deleted"


def test_a_worker_that_lost_its_lease_writes_nothing(hold, left, monkeypatch):
    """A worker is so slow that another takes the command over and settles it; the slow one fails later."""
    let_it_be_due()
    delete = deletions._delete

    def slowly(_slow: ScheduledCommand) -> None:
        monkeypatch.setattr(deletions, "_delete", delete)
        let_it_be_due()
        assert run_due() == 1
        raise ActionRefused("Too slow.")

    monkeypatch.setattr(deletions, "_delete", slowly)
    run_due()
    assert left() == ["c"]
    hold.refresh_from_db()
    assert hold.state == State.DONE
    assert kinds(hold.entry) == ["done"]


def test_refusal_by_the_cloud_is_recorded(hold, left, sim):
    sim.fault("token_expired", route="delete_resources")
    let_it_be_due()
    run_due()
    assert left() == ["a", "b", "c"]
    assert kinds(Entry.objects.get(action="resource.delete"))[-1] == Step.Kind.FAILED


def test_another_worker_takes_over_what_a_dead_worker_had_not_sent(hold, left):
    let_it_be_due()
    assert scheduled.claim(scheduled.TIMED) == hold  # and here the worker is killed
    assert run_due() == 0
    with use(SteppedClock(clock.now() + scheduled.LEASE)):
        assert run_due() == 1
    assert left() == ["c"]


def test_what_a_dead_worker_had_sent_is_not_sent_again(hold, left, school):
    let_it_be_due()
    scheduled.claim(scheduled.TIMED)
    rows = list(Resource.objects.filter(resource_uuid__in=["a", "b"]))
    resources.delete_resources(access_to(school.teacher, school.room), resources=rows, hold=hold.entry_id)
    let_it_be_due()
    assert run_due() == 1
    assert Entry.objects.filter(action="resource.delete").count() == 1
    hold.refresh_from_db()
    assert hold.state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_many_workers_and_one_undo_send_it_at_most_once(sim, school, truth):
    """Whoever is first: it is sent once, or not at all."""
    (file,) = files(school, sim, "only")
    hold = deletions.schedule_deletion(access_to(school.teacher, school.room), resources=[file])
    let_it_be_due()
    start, undone = threading.Barrier(5), []

    def work() -> None:
        start.wait()
        scheduled.work(scheduled.TIMED, first=hold.pk)
        connection.close()

    def regret() -> None:
        start.wait()
        try:
            deletions.undo_deletion(access_to(school.teacher, school.room), hold=hold.entry_id)
            undone.append(True)
        except ActionRefused:
            undone.append(False)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)] + [threading.Thread(target=regret)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sent = Entry.objects.filter(action="resource.delete").count()
    assert sent + undone.count(True) == 1
    assert (truth()["resources"] == []) == (undone == [False])
