"""A double click acts once: in one process, in two, and after a crash."""

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections

from classroom_admin import agora
from classroom_admin.actions import class_state, participants, recordings, runner
from classroom_admin.actions.files import resources
from classroom_admin.audit.models import Claim, Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms.access import access_to
from tests.actions.conftest import config_for, kinds, make_recording, make_school
from tests.agora.cloud import APP_ID, CERTIFICATE, Cloud, answer, running_cloud
from tests.stepped_clock import SteppedClock, use

PRESS = """
import sys, django
django.setup()
from classroom_admin.accounts.models import User
from classroom_admin.actions.class_state import start_class
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Room
actor, room = User.objects.get(email="teacher@school.test"), Room.objects.get(room_uuid="maths")
print("ready", flush=True)
sys.stdin.readline()
print(start_class(access_to(actor, room)).pk, flush=True)
"""


def configure(settings: Any, url: str) -> None:
    settings.AGORA = config_for(url, app_id=APP_ID, app_certificate=CERTIFICATE)


def in_threads(press, *, times: int, released: threading.Event) -> list[int]:
    """Press so many times at the same time; the ids of the entries that came back.

    The one that is at the cloud gets its answer (``released``) when all others have come back.
    """
    barrier = threading.Barrier(times)
    ids: list[int] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            barrier.wait(10)
            ids.append(press().pk)
            if len(ids) >= times - 1:
                released.set()
        except Exception as failure:  # noqa: BLE001 - shown by the assertion below
            failures.append(failure)
            released.set()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    return ids


def slow(released: threading.Event, done):
    """Answer only when released, so that presses surely overlap."""

    def script(handler):
        released.wait(20)
        done(handler)

    return script


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [2, 6])
def test_pressed_at_once_by_threads(settings, times):
    school = make_school("maths")
    released = threading.Event()
    with running_cloud(slow(released, answer())) as cloud:
        configure(settings, cloud.url)
        ids = in_threads(
            lambda: class_state.start_class(access_to(school.teacher, school.room)),
            times=times,
            released=released,
        )
        agora.client_for(settings.AGORA).close()
    assert len(ids) == times
    assert len(set(ids)) == 1
    assert len(cloud.asked) == 1
    assert kinds(Entry.objects.get()) == ["requested", "accepted"]


@pytest.mark.django_db(transaction=True)
def test_a_second_click_right_after_the_first_is_through(settings):
    school = make_school("maths")
    with running_cloud(answer()) as cloud, use(SteppedClock(clock.now())) as stepped:
        configure(settings, cloud.url)
        first = class_state.start_class(access_to(school.teacher, school.room))
        stepped.step(1.9)
        assert class_state.start_class(access_to(school.teacher, school.room)) == first
        stepped.step(0.2)
        assert class_state.start_class(access_to(school.teacher, school.room)) != first
        agora.client_for(settings.AGORA).close()
    assert len(cloud.asked) == 2


@pytest.mark.django_db(transaction=True)
def test_a_retry_after_a_refusal_is_a_new_command(settings):
    school = make_school("maths")
    ended = answer(status=409, code=30409101, msg="ended")
    with running_cloud(ended) as cloud, use(SteppedClock(clock.now())) as stepped:
        configure(settings, cloud.url)
        first = class_state.start_class(access_to(school.teacher, school.room))
        assert kinds(first) == ["requested", "failed"]
        stepped.step(0.4)
        assert class_state.start_class(access_to(school.teacher, school.room)) == first
        stepped.step(0.2)
        assert class_state.start_class(access_to(school.teacher, school.room)) != first
        agora.client_for(settings.AGORA).close()
    assert len(cloud.asked) == 2


@pytest.mark.django_db(transaction=True)
def test_different_people_targets_and_params_are_different_commands(settings):
    school = make_school("maths")
    with running_cloud(answer()) as cloud:
        configure(settings, cloud.url)
        access = access_to(school.teacher, school.room)
        entries = [
            participants.remove_participant(access, participant=school.pupil),
            participants.remove_participant(access, participant=school.pupil, duration_s=600),
            participants.remove_participant(access, participant=school.pupil, duration_s=3600),
            participants.remove_participant(
                access_to(school.administrator, school.room), participant=school.pupil
            ),
        ]
        agora.client_for(settings.AGORA).close()
    assert len({entry.pk for entry in entries}) == len(cloud.asked) == 4


@pytest.mark.django_db(transaction=True)
def test_ids_made_here_do_not_make_two_of_a_double_click(settings):
    school = make_school("maths")
    asked = {"name": "F", "url": "https://f.test/a.pdf?key=1", "ext": "pdf", "size": 1}
    with running_cloud(answer()) as cloud:
        configure(settings, cloud.url)
        access = access_to(school.teacher, school.room)
        put = [resources.put_resource_by_url(access, **asked) for _ in range(2)]
        assert put[0] == put[1]
        other = resources.put_resource_by_url(access, **{**asked, "url": "https://f.test/a.pdf?key=2"})
        assert other != put[0]  # the record shows the same address, and yet it is another file
        made = [class_state.create_class(school.teacher, name="Latin", room_type=0) for _ in range(2)]
        assert made[0] == made[1]
        agora.client_for(settings.AGORA).close()
    assert [asked.method for asked in cloud.asked] == ["PUT", "PUT", "POST", "GET"]


@pytest.mark.django_db(transaction=True)
def test_for_the_class_is_one_command_although_the_seconds_run(settings):
    school = make_school("maths")
    with running_cloud(answer()) as cloud, use(SteppedClock(clock.now())) as stepped:
        configure(settings, cloud.url)
        school.room.planned_close_at = clock.now() + timedelta(hours=1)
        access = access_to(school.teacher, school.room)
        first = participants.remove_participant(access, participant=school.pupil, for_the_class=True)
        stepped.step(1.5)
        assert participants.remove_participant(access, participant=school.pupil, for_the_class=True) == first
        agora.client_for(settings.AGORA).close()
    assert len(cloud.asked) == 1


@pytest.mark.django_db(transaction=True)
def test_pause_resume_pause_are_three_commands(settings):
    school = make_school("maths")
    make_recording(school.room, "r")
    access = access_to(school.teacher, school.room)
    with running_cloud(answer()) as cloud:
        configure(settings, cloud.url)
        recordings.pause_recording(access)
        recordings.resume_recording(access)
        recordings.pause_recording(access)
        agora.client_for(settings.AGORA).close()
    held = [asked.json["webRecordConfig"]["onhold"] for asked in cloud.asked if asked.method != "GET"]
    assert held == [True, False, True]


def process(url: str) -> subprocess.Popen[str]:
    """Another process of the same product, on the test's database, that presses when it is told to."""
    name = connection.settings_dict["NAME"]
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AGORA_")},
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        "DATA_DIR": str(django_settings.DATA_DIR),
        "AGORA_BASE_URL": url,
        "AGORA_FALLBACK_URL": "",
        "AGORA_REGION": "eu",
        "AGORA_APP_ID": APP_ID,
        "AGORA_APP_CERTIFICATE": CERTIFICATE,
    }
    if connection.vendor == "sqlite":
        environment["DATABASE_URL"] = f"sqlite:///{name}"
    else:
        environment["DATABASE_URL"] = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    return subprocess.Popen(
        [sys.executable, "-c", PRESS],
        cwd=Path(__file__).parents[2],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(condition, *, seconds: float = 20.0) -> None:
    ticks = threading.Event()
    deadline = clock.monotonic() + seconds
    while not condition():
        assert clock.monotonic() < deadline, "it did not happen in time"
        ticks.wait(0.02)


@pytest.mark.django_db(transaction=True)
def test_pressed_at_once_by_processes():
    make_school("maths")
    released = threading.Event()
    with running_cloud(slow(released, answer())) as cloud:
        both = [process(cloud.url) for _ in range(2)]
        try:
            for each in both:
                assert each.stdout.readline() == "ready\n"
            for each in both:
                each.stdin.write("go\n")
                each.stdin.flush()
            # One of them is at the cloud, the other has its answer already: the entry of the first.
            wait_for(lambda: len(cloud.asked) == 1)
            wait_for(lambda: any(each.poll() is not None for each in both))
            released.set()
            ids = {json.loads(each.communicate(timeout=20)[0]) for each in both}
        finally:
            released.set()
            for each in both:
                each.kill()
                each.wait(10)
    assert len(ids) == 1
    assert len(cloud.asked) == 1
    assert kinds(Entry.objects.get()) == ["requested", "accepted"]


@pytest.mark.django_db(transaction=True)
def test_a_crash_leaves_the_request_on_record_and_a_claim_that_runs_out(settings):
    school = make_school("maths")
    cloud: Cloud

    def never(handler):
        cloud.released.wait(30)
        handler.close_connection = True

    with running_cloud(never, answer()) as cloud:
        pressed = process(cloud.url)
        try:
            assert pressed.stdout.readline() == "ready\n"
            pressed.stdin.write("go\n")
            pressed.stdin.flush()
            wait_for(lambda: len(cloud.asked) == 1)
        finally:
            os.killpg(pressed.pid, signal.SIGKILL)
            pressed.wait(10)
            pressed.stdin.close()
            pressed.stdout.close()
        left = Entry.objects.get()
        assert kinds(left) == ["requested"]
        assert (left.actor, left.action, left.room_uuid) == (school.teacher, "class.start", "maths")

        configure(settings, cloud.url)
        with use(SteppedClock(clock.now())) as stepped:
            assert class_state.start_class(access_to(school.teacher, school.room)) == left
            stepped.step(runner.KEY_LEASE.total_seconds() + 1)
            again = class_state.start_class(access_to(school.teacher, school.room))
        agora.client_for(settings.AGORA).close()
    assert again != left
    assert kinds(again) == ["requested", "accepted"]
    assert kinds(left) == ["requested"]
    assert Claim.objects.get().entry == again


@pytest.mark.django_db(transaction=True)
def test_requested_is_committed_before_the_cloud_is_called(settings):
    school = make_school("maths")
    seen: list[Any] = []

    def look(handler):
        try:
            seen.extend(Step.objects.values_list("kind", flat=True))
        finally:
            connections.close_all()
        answer()(handler)

    with running_cloud(look) as cloud:
        configure(settings, cloud.url)
        class_state.start_class(access_to(school.teacher, school.room))
        agora.client_for(settings.AGORA).close()
    assert seen == ["requested"]


@pytest.mark.django_db(transaction=True)
def test_claims_do_not_pile_up(settings):
    school = make_school("maths")
    with running_cloud(answer()) as cloud, use(SteppedClock(clock.now())) as stepped:
        configure(settings, cloud.url)
        for _ in range(5):
            class_state.start_class(access_to(school.teacher, school.room))
            class_state.end_class(access_to(school.teacher, school.room))
            stepped.step(60)
        agora.client_for(settings.AGORA).close()
    assert len(cloud.asked) == 10
    assert Claim.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_clock_set_back_does_not_lengthen_an_idempotency_key(settings):
    school = make_school("maths")
    with running_cloud(answer()) as cloud, use(SteppedClock(clock.now())) as stepped:
        configure(settings, cloud.url)
        first = class_state.start_class(access_to(school.teacher, school.room))
        # A command of a worker that died: its key would be valid for the whole lease.
        Claim.objects.update(expires_at=clock.now() + runner.KEY_LEASE)
        stepped.set_wall(clock.now() - timedelta(seconds=50))
        assert class_state.start_class(access_to(school.teacher, school.room)) == first
        stepped.set_wall(clock.now() - timedelta(hours=1))
        again = class_state.start_class(access_to(school.teacher, school.room))
        agora.client_for(settings.AGORA).close()
    assert again != first
