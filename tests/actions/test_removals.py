"""A removal with a countdown: seen by all, called off or carried out, once, whoever dies when."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from classroom_admin.actions import participants
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.actions.models import PlannedRemoval
from classroom_admin.actions.removals import carrying_out, planning
from classroom_admin.actions.tasks import carry_out_removal, due_removals
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.models import RoomTeacher
from tests.actions.conftest import kinds, last_detail

State = PlannedRemoval.State


@pytest.fixture
def time():
    """Our clock, to be stepped."""
    with clock.use(clock.SteppedClock(clock.now())) as stepped:
        yield stepped


def plan(school, after_s=60, **more):
    return planning.plan_removal(
        actor=school.teacher, room=school.room, participant=school.pupil, after_s=after_s, **more
    )


def removals():
    return Entry.objects.filter(action="participant.remove")


def test_planned_seen_and_carried_out_when_it_is_due(school, time, person):
    planned = plan(school, 60, duration_s=600, reason="Threw paper")
    entry = Entry.objects.get(action="participant.plan_removal")
    assert (entry.target, entry.target_name, kinds(entry)) == ("ada", "Ada", ["done"])
    assert entry.params == {"after_s": 60, "duration_s": 600, "reason": "Threw paper"}
    time.step(59)
    due_removals()
    assert not removals().exists()
    time.step(1)
    due_removals()
    removed = removals().get()
    assert removed.params["reason"] == "Threw paper"
    assert removed.params["ban_s"] == 600
    assert removed.actor == school.teacher
    assert kinds(removed) == ["requested", "accepted"]
    planned.refresh_from_db()
    assert (planned.state, planned.entry) == (State.DONE, removed)
    assert (person("ada")["online"], person("ada")["isBanned"]) == (False, True)


def test_called_off(school, time, person):
    planned = plan(school, 30)
    assert planning.call_off(actor=school.administrator, planned=planned)
    assert not planning.call_off(actor=school.teacher, planned=planned)
    time.step(31)
    carry_out_removal(planned.pk)
    due_removals()
    assert not removals().exists()
    assert person("ada")["online"]
    assert Entry.objects.filter(action="participant.call_off_removal").count() == 1
    plan(school, 30)  # who was let off may be planned for again


def test_too_late_to_call_off(school, time):
    planned = plan(school, 30)
    time.step(30)
    due_removals()
    assert not planning.call_off(actor=school.teacher, planned=planned)


def test_hints_that_come_twice_early_or_late_act_once(school, time):
    planned = plan(school, 30)
    assert not carrying_out.carry_out(planned.pk)
    time.step(30)
    assert carrying_out.carry_out(planned.pk)
    assert not carrying_out.carry_out(planned.pk)
    due_removals()
    assert removals().count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_moment_act_once(school, time):
    planned = plan(school, 30)
    time.step(30)
    did = []
    barrier = threading.Barrier(4)

    def work():
        try:
            barrier.wait(20)
            did.append(carrying_out.carry_out(planned.pk))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(did) == [False, False, False, True]
    assert removals().count() == 1


def test_a_worker_that_died_before_it_sent_anything(school, time, person):
    planned = plan(school, 30)
    time.step(30)
    PlannedRemoval.objects.update(state=State.TAKEN, taken_at=clock.now())
    due_removals()
    assert not removals().exists()
    time.step(carrying_out.TAKEN_AGAIN_AFTER.total_seconds())
    due_removals()
    assert removals().count() == 1
    assert not person("ada")["online"]
    planned.refresh_from_db()
    assert planned.state == State.DONE


def test_a_worker_that_died_after_it_had_sent_it(school, time):
    planned = plan(school, 30)
    time.step(30)
    participants.remove_participant(
        actor=school.teacher, room=school.room, participant=school.pupil, planned=planned.pk
    )
    PlannedRemoval.objects.update(state=State.TAKEN, taken_at=clock.now() - timedelta(hours=1))
    due_removals()
    planned.refresh_from_db()
    assert (removals().count(), planned.state, planned.entry) == (1, State.DONE, removals().get())


def test_who_left_by_themselves_is_not_removed_but_kept_out_where_asked(school, time, sim):
    planned = plan(school, 30)
    school.pupil.online = False
    school.pupil.save()
    time.step(30)
    due_removals()
    planned.refresh_from_db()
    assert planned.state == State.NOT_DONE
    assert kinds(removals().get()) == ["failed"]
    assert "had left by themselves" in last_detail(removals().get())["sentence"]
    plan(school, 30, for_good=True)
    time.step(30)
    due_removals()
    assert kinds(removals().first())[:2] == ["requested", "accepted"]


def test_who_may_no_longer_do_it(school, time, person):
    planned = plan(school, 30)
    RoomTeacher.objects.all().delete()
    time.step(30)
    due_removals()
    planned.refresh_from_db()
    assert planned.state == State.NOT_DONE
    assert "may not do this" in last_detail(removals().get())["sentence"]
    assert person("ada")["online"]


def test_a_turn_that_was_lost_writes_nothing(school, time, person, monkeypatch):
    """Somebody is so slow that another takes it over; that one removes, and the slow one fails later."""
    planned = plan(school, 30)
    time.step(30)
    remove = carrying_out._remove

    def slowly(slow):
        monkeypatch.setattr(carrying_out, "_remove", remove)
        time.step(carrying_out.TAKEN_AGAIN_AFTER.total_seconds())
        assert carrying_out.carry_out(slow.pk)
        raise carrying_out.NotDone("Too slow.")

    monkeypatch.setattr(carrying_out, "_remove", slowly)
    assert not carrying_out.carry_out(planned.pk)
    planned.refresh_from_db()
    assert (planned.state, planned.entry) == (State.DONE, removals().get())
    assert not person("ada")["online"]


def test_a_cloud_that_refuses_is_on_record_and_not_asked_again(school, time, sim):
    sim.fault("server_error", route="kick")
    planned = plan(school, 30)
    time.step(30)
    due_removals()
    due_removals()
    planned.refresh_from_db()
    assert planned.state == State.DONE
    assert kinds(removals().get()) == ["requested", "failed"]


def test_only_one_at_a_time(school):
    plan(school, 30)
    with pytest.raises(ActionRefused, match="already"):
        plan(school, 60)
    assert Entry.objects.filter(action="participant.plan_removal").count() == 1


@pytest.mark.parametrize("after_s", [0, 4, 10_801])
def test_how_soon_and_how_late(school, after_s):
    with pytest.raises(ActionRefused):
        plan(school, after_s)


def test_what_makes_no_sense(school):
    with pytest.raises(ActionRefused):
        plan(school, 30, duration_s=600, for_good=True)
    with pytest.raises(ActionRefused):
        plan(school, 30, reason="x" * 201)
    assert not Entry.objects.exists()


def test_not_in_a_class_of_somebody_else(school):
    planned = plan(school, 30)
    with pytest.raises(NotYours):
        planning.call_off(actor=school.other_teacher, planned=planned)
    with pytest.raises(NotYours):
        planning.plan_removal(
            actor=school.other_teacher, room=school.room, participant=school.pupil, after_s=30
        )
    planned.refresh_from_db()
    assert planned.state == State.WAITING
