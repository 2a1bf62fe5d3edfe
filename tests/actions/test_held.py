"""Deleting files with ten seconds to take it back."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from classroom_admin.actions import held, resources
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.actions.models import HeldDeletion
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms.models import Resource, Room, RoomTeacher
from tests.actions.conftest import School, kinds, last_detail

State = HeldDeletion.State


def files(school: School, sim: Any, *names: str) -> list[Resource]:
    """At the cloud and known here."""
    made = []
    for name in names:
        sim.room(school.room.room_uuid, "resource", resourceUuid=name, resourceName=f"{name}.pdf")
        made.append(Resource.objects.create(room=school.room, resource_uuid=name, name=f"{name}.pdf"))
    return made


@pytest.fixture
def hold(school: School, sim: Any) -> HeldDeletion:
    chosen = files(school, sim, "a", "b", "c")[:2]
    return held.hold_deletion(actor=school.teacher, room=school.room, resources=chosen)


@pytest.fixture
def left(truth: Any) -> Any:
    return lambda: sorted(row["resourceUuid"] for row in truth()["resources"])


def make_due(hold: HeldDeletion) -> None:
    HeldDeletion.objects.filter(pk=hold.pk).update(due_at=clock.cloud_now() - timedelta(milliseconds=1))


def test_nothing_is_sent_before_its_time(hold, left):
    assert held.send_due() == held.send_due(pk=hold.pk) == 0
    assert left() == ["a", "b", "c"]
    assert timedelta(seconds=8) < hold.due_at - clock.cloud_now() <= held.HOLD


def test_then_once(hold, left, school):
    make_due(hold)
    assert [held.send_due(), held.send_due(), held.send_due(pk=hold.pk)] == [1, 0, 0]
    assert left() == ["c"]
    entry = Entry.objects.get(action="resource.delete")
    assert kinds(entry) == [Step.Kind.REQUESTED, Step.Kind.ACCEPTED]
    assert (entry.actor, entry.params) == (
        school.teacher,
        {"resource_uuids": ["a", "b"], "hold": hold.hold_id},
    )
    hold.refresh_from_db()
    assert hold.state == State.SENT
    assert not held.in_force(school.room).exists()


def test_taken_back(hold, left, school):
    held.undo(actor=school.administrator, room=school.room, hold=hold.hold_id)
    make_due(hold)
    assert held.send_due() == 0
    assert left() == ["a", "b", "c"]
    assert not Entry.objects.filter(action="resource.delete").exists()
    undone = Entry.objects.get(action="resource.undo_delete")
    assert (undone.actor, undone.params["hold"]) == (school.administrator, hold.hold_id)
    held.undo(actor=school.teacher, room=school.room, hold=hold.hold_id)  # again: nothing more happens
    assert Entry.objects.filter(action="resource.undo_delete").count() == 1


def test_too_late(hold, school):
    make_due(hold)
    held.send_due()
    with pytest.raises(ActionRefused, match="too late"):
        held.undo(actor=school.teacher, room=school.room, hold=hold.hold_id)


def test_whose_class_it_is_decides(hold, school):
    rows = list(Resource.objects.all())
    with pytest.raises(NotYours):
        held.undo(actor=school.other_teacher, room=school.room, hold=hold.hold_id)
    with pytest.raises(NotYours):
        held.hold_deletion(actor=school.other_teacher, room=school.room, resources=rows)
    elsewhere = Room.objects.create(room_uuid="elsewhere", name="Elsewhere")
    with pytest.raises(NotYours):
        held.undo(actor=school.administrator, room=elsewhere, hold=hold.hold_id)
    with pytest.raises(ActionRefused):
        held.hold_deletion(actor=school.administrator, room=elsewhere, resources=rows)
    with pytest.raises(ActionRefused):
        held.hold_deletion(actor=school.administrator, room=school.room, resources=[])


def test_a_second_press_finds_the_first_and_others_are_told(hold, school):
    rows = list(Resource.objects.order_by("resource_uuid"))
    again = held.hold_deletion(actor=school.teacher, room=school.room, resources=rows[:2])
    assert again == hold
    with pytest.raises(ActionRefused, match="already"):
        held.hold_deletion(actor=school.administrator, room=school.room, resources=rows[1:])
    assert Entry.objects.filter(action="resource.hold_delete").count() == 1


def test_who_may_not_act_any_more_deletes_nothing(hold, left, school):
    RoomTeacher.objects.all().delete()
    make_due(hold)
    held.send_due()
    assert left() == ["a", "b", "c"]
    assert "may not act" in last_detail(hold.hold)["sentence"]
    assert not held.in_force(school.room).exists()


def test_files_that_are_gone_meanwhile(hold, left):
    Resource.objects.update(removed_at=clock.now())
    make_due(hold)
    held.send_due()
    assert not Entry.objects.filter(action="resource.delete").exists()
    assert kinds(hold.hold)[-1] == Step.Kind.FAILED
    assert "gone before" in last_detail(hold.hold)["sentence"]


def test_a_turn_that_was_lost_writes_nothing(hold, left, monkeypatch):
    """Somebody is so slow that another takes the turn; that one ends it, and the slow one fails later."""
    make_due(hold)
    delete = held._delete

    def slowly(slow: HeldDeletion) -> None:
        monkeypatch.setattr(held, "_delete", delete)
        HeldDeletion.objects.filter(pk=slow.pk).update(taken_at=clock.now() - 2 * held.WORKER_DIED_AFTER)
        assert held.send_due() == 1
        raise ActionRefused("Too slow.")

    monkeypatch.setattr(held, "_delete", slowly)
    held.send_due()
    assert left() == ["c"]
    hold.refresh_from_db()
    assert hold.state == State.SENT
    assert kinds(hold.hold) == ["done"]


def test_a_refusal_of_the_cloud_is_on_record(hold, left, sim):
    sim.fault("token_expired", route="delete_resources")
    make_due(hold)
    held.send_due()
    assert left() == ["a", "b", "c"]
    assert kinds(Entry.objects.get(action="resource.delete"))[-1] == Step.Kind.FAILED


def test_a_worker_that_died_before_sending_is_made_good(hold, left):
    make_due(hold)
    HeldDeletion.objects.update(state=State.SENDING, taken_at=clock.now() - timedelta(seconds=30))
    assert held.send_due() == 0  # it may still be at it
    HeldDeletion.objects.update(taken_at=clock.now() - held.WORKER_DIED_AFTER - timedelta(seconds=1))
    assert held.send_due() == 1
    assert left() == ["c"]


def test_a_worker_that_died_after_sending_is_not_repeated(hold, left, school):
    rows = list(Resource.objects.filter(resource_uuid__in=["a", "b"]))
    resources.delete_resources(actor=school.teacher, room=school.room, resources=rows, hold=hold.hold_id)
    HeldDeletion.objects.update(
        state=State.SENDING, taken_at=clock.now() - held.WORKER_DIED_AFTER - timedelta(seconds=1)
    )
    assert held.send_due() == 0
    assert Entry.objects.filter(action="resource.delete").count() == 1
    hold.refresh_from_db()
    assert hold.state == State.SENT


@pytest.mark.django_db(transaction=True)
def test_many_workers_and_one_who_takes_it_back(sim, school, truth):
    """Whoever is first: it is sent once, or not at all."""
    (file,) = files(school, sim, "only")
    hold = held.hold_deletion(actor=school.teacher, room=school.room, resources=[file])
    make_due(hold)
    start, sent, undone = threading.Barrier(5), [], []

    def work() -> None:
        start.wait()
        sent.append(held.send_due(pk=hold.pk))
        connection.close()

    def regret() -> None:
        start.wait()
        try:
            held.undo(actor=school.teacher, room=school.room, hold=hold.hold_id)
            undone.append(True)
        except ActionRefused:
            undone.append(False)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)] + [threading.Thread(target=regret)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(sent) + undone.count(True) == 1
    assert (truth()["resources"] == []) == (undone == [False])
    assert Entry.objects.filter(action="resource.delete").count() == sum(sent)
