"""The regular question whether the cloud still has the files of recordings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from classroom_admin.agora.client import Client
from classroom_admin.rooms.models import Recording
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import recording_checks, tasks
from tests.school import make_room
from tests.stepped_clock import SteppedClock

pytestmark = pytest.mark.django_db


def record(sim: RunningSimulator, name: str) -> Recording:
    """Make a recording in the cloud and here."""
    sim.make_room(name, state=1)
    sim.room(name, "record", state=1, mode="web")
    sim.room(name, "record", state=0)
    row = sim.control("GET", f"/rooms/{name}")["recordings"][-1]
    return Recording.objects.create(
        room=make_room(name),
        record_id=row["recordId"],
        state="ended",
        started_at=timezone.now() - timedelta(hours=2),
        ended_at=timezone.now() - timedelta(hours=1),
        file_urls=[f"{sim.base_url}/recorded/{row['recordId']}/class_0.mp4"],
    )


def test_deleted_files_are_found_and_each_recording_is_asked_for_once_a_day(
    sim: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    kept, deleted = record(sim, "kept"), record(sim, "deleted")
    assert recording_checks.check_due(cloud.config) == 2
    sim.room("deleted", "record", deleted=True)
    assert recording_checks.check_due(cloud.config) == 0, "not twice a day"
    hands.step(24 * 3600 + 1)
    tasks.check_recordings()
    kept.refresh_from_db()
    deleted.refresh_from_db()
    assert kept.files_deleted_at is None
    assert kept.files_checked_at is not None
    assert deleted.files_deleted_at is not None
    assert deleted.version == deleted.room.version == 2
    hands.step(24 * 3600 + 1)
    assert recording_checks.check_due(cloud.config) == 1, "a deleted recording is not asked for again"


def test_number_of_requests_is_limited_and_the_longest_unchecked_come_first(
    sim: RunningSimulator, cloud: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_checks, "AT_ONCE", 2)
    for name in ("a", "b", "c"):
        record(sim, name)
    assert [recording_checks.check_due(cloud.config) for _hour in range(3)] == [2, 1, 0]
    assert not Recording.objects.filter(files_checked_at=None).exists()


def test_host_without_answer_changes_nothing(cloud: Client, sim: RunningSimulator) -> None:
    recording = record(sim, "a")
    Recording.objects.update(file_urls=["http://127.0.0.1:1/a.mp4"])
    recording.refresh_from_db()
    assert recording_checks.check(cloud.config, recording) is None
    recording.refresh_from_db()
    assert recording.files_deleted_at is None


def test_recording_is_deleted_only_if_all_files_are(sim: RunningSimulator, cloud: Client) -> None:
    recording = record(sim, "a")
    Recording.objects.update(file_urls=[*recording.file_urls, f"{sim.base_url}/recorded/nothing/class_1.mp4"])
    recording.refresh_from_db()
    assert recording_checks.check(cloud.config, recording) is True
    recording.refresh_from_db()
    assert recording.files_deleted_at is None
