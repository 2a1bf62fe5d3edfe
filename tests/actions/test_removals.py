"""Scheduled removals: run or cancelled, once, whichever worker dies."""

import threading

import pytest
from django.db import connections

from classroom_admin.actions import participants, scheduled
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.tasks import run_scheduled
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.access import NotYours, access_to
from classroom_admin.rooms.models import Room, RoomTeacher
from tests.actions.conftest import kinds, reason_code
from tests.stepped_clock import SteppedClock, use

State = ScheduledCommand.State


@pytest.fixture
def time():
    """Our clock, to be stepped."""
    with use(SteppedClock(clock.now())) as stepped:
        yield stepped


def plan(school, after_s=60, **more):
    return participants.schedule_removal(
        access_to(school.teacher, school.room), participant=school.pupil, after_s=after_s, **more
    )


def removals():
    return Entry.objects.filter(action="participant.remove")


def test_scheduled_removal_runs_when_due(school, time, person):
    planned = plan(school, 60, duration_s=600, reason="Threw paper")
    entry = Entry.objects.get(action="participant.plan_removal")
    assert (entry.target, entry.target_name, kinds(entry)) == ("ada", "Ada", ["done"])
    assert entry.params == {"after_s": 60, "duration_s": 600, "reason": "Threw paper"}
    time.step(59)
    run_scheduled()
    assert not removals().exists()
    time.step(1)
    run_scheduled()
    removed = removals().get()
    assert removed.params["reason"] == "Threw paper"
    assert removed.params["ban_s"] == 600
    assert removed.actor == school.teacher
    assert kinds(removed) == ["requested", "accepted"]
    planned.refresh_from_db()
    assert (planned.state, planned.entry) == (State.DONE, removed)
    assert (person("ada")["online"], person("ada")["isBanned"]) == (False, True)


def test_cancelled_removal_never_runs(school, time, person):
    planned = plan(school, 30)
    assert participants.cancel_removal(access_to(school.administrator, planned.room), command=planned)
    assert not participants.cancel_removal(access_to(school.teacher, planned.room), command=planned)
    time.step(31)
    run_scheduled(planned.pk)
    run_scheduled()
    assert not removals().exists()
    assert person("ada")["online"]
    assert Entry.objects.filter(action="participant.call_off_removal").count() == 1
    plan(school, 30)  # who was let off may be planned for again


def test_removal_that_ran_can_not_be_cancelled(school, time):
    planned = plan(school, 30)
    time.step(30)
    run_scheduled()
    assert not participants.cancel_removal(access_to(school.teacher, planned.room), command=planned)


def test_early_and_doubled_wake_ups_remove_once(school, time):
    planned = plan(school, 30)
    run_scheduled(planned.pk)
    assert not removals().exists()
    time.step(30)
    run_scheduled(planned.pk)
    run_scheduled(planned.pk)
    run_scheduled()
    assert removals().count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_moment_remove_once(school, time):
    planned = plan(school, 30)
    time.step(30)
    barrier = threading.Barrier(4)

    def work():
        try:
            barrier.wait(20)
            run_scheduled(planned.pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert removals().count() == 1


def test_another_worker_takes_over_what_a_dead_worker_had_not_sent(school, time, person):
    planned = plan(school, 30)
    time.step(30)
    scheduled.claim(scheduled.TIMED)
    run_scheduled()
    assert not removals().exists()
    time.step(scheduled.LEASE.total_seconds())
    run_scheduled()
    assert removals().count() == 1
    assert not person("ada")["online"]
    planned.refresh_from_db()
    assert planned.state == State.DONE


def test_what_a_dead_worker_had_sent_is_not_sent_again(school, time):
    planned = plan(school, 30)
    time.step(30)
    scheduled.claim(scheduled.TIMED)
    participants.remove_participant(
        access_to(school.teacher, school.room), participant=school.pupil, planned=planned.pk
    )
    time.step(scheduled.LEASE.total_seconds())
    run_scheduled()
    planned.refresh_from_db()
    assert (removals().count(), planned.state, planned.entry) == (1, State.DONE, removals().get())


def test_person_who_left_is_not_removed_but_is_banned_where_asked(school, time, sim):
    planned = plan(school, 30)
    school.pupil.online = False
    school.pupil.save()
    time.step(30)
    run_scheduled()
    planned.refresh_from_db()
    assert planned.state == State.FAILED
    assert kinds(removals().get()) == ["failed"]
    assert reason_code(removals().get()) == "person_already_left"
    plan(school, 30, for_good=True)
    time.step(30)
    run_scheduled()
    assert kinds(removals().first())[:2] == ["requested", "accepted"]


def test_teacher_without_the_class_removes_nobody(school, time, person):
    planned = plan(school, 30)
    RoomTeacher.objects.all().delete()
    time.step(30)
    run_scheduled()
    planned.refresh_from_db()
    assert planned.state == State.FAILED
    assert reason_code(removals().get()) == "removal_not_allowed"
    assert person("ada")["online"]


def test_a_worker_that_lost_its_lease_writes_nothing(school, time, person, monkeypatch):
    """A worker is so slow that another takes over; that one removes, and the slow one fails later."""
    planned = plan(school, 30)
    time.step(30)
    remove = participants._remove

    def slowly(_slow):
        monkeypatch.setattr(participants, "_remove", remove)
        time.step(scheduled.LEASE.total_seconds())
        run_scheduled(planned.pk)
        raise ActionRefused("Too slow.")

    monkeypatch.setattr(participants, "_remove", slowly)
    run_scheduled(planned.pk)
    planned.refresh_from_db()
    assert (planned.state, planned.entry) == (State.DONE, removals().get())
    assert not person("ada")["online"]


def test_refusal_by_the_cloud_is_recorded_and_not_retried(school, time, sim):
    sim.fault("server_error", route="kick")
    planned = plan(school, 30)
    time.step(30)
    run_scheduled()
    run_scheduled()
    planned.refresh_from_db()
    assert planned.state == State.DONE
    assert kinds(removals().get()) == ["requested", "failed"]


def test_person_has_one_scheduled_removal_at_a_time(school):
    plan(school, 30)
    with pytest.raises(ActionRefused, match="already"):
        plan(school, 60)
    assert Entry.objects.filter(action="participant.plan_removal").count() == 1


@pytest.mark.parametrize("after_s", [0, 4, 10_801])
def test_delay_is_between_five_seconds_and_three_hours(school, after_s):
    with pytest.raises(ActionRefused):
        plan(school, after_s)


def test_invalid_removal_is_refused_and_not_recorded(school):
    with pytest.raises(ActionRefused):
        plan(school, 30, duration_s=600, for_good=True)
    with pytest.raises(ActionRefused):
        plan(school, 30, reason="x" * 201)
    assert not Entry.objects.exists()


def test_teacher_can_neither_schedule_nor_cancel_in_a_class_of_another(school):
    planned = plan(school, 30)
    with pytest.raises(NotYours):
        participants.cancel_removal(access_to(school.other_teacher, planned.room), command=planned)
    with pytest.raises(NotYours):
        participants.schedule_removal(
            access_to(school.other_teacher, school.room), participant=school.pupil, after_s=30
        )
    planned.refresh_from_db()
    assert planned.state == State.WAITING


def test_access_to_another_class_does_not_cancel_a_removal(school):
    planned = plan(school, 30)
    elsewhere = Room.objects.create(room_uuid="elsewhere", name="Elsewhere")
    assert not participants.cancel_removal(access_to(school.administrator, elsewhere), command=planned)
    planned.refresh_from_db()
    assert planned.state == State.WAITING
