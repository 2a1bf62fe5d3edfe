"""The state of a recording, from the read model and the commands since its start."""

from datetime import UTC, datetime, timedelta

import pytest

from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.rooms.models import Recording, Room
from classroom_admin.rooms.recording_state import recording_now
from tests.stepped_clock import SteppedClock, use

START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def room(db):
    with use(SteppedClock(START)) as stepped:
        room = Room.objects.create(room_uuid="maths")
        room.stepped = stepped
        yield room


def recording(room, record_id="r1", *, sequence=10, state="recording", mode="", started_at=START):
    return Recording.objects.create(
        room=room,
        record_id=record_id,
        started_sequence=sequence,
        started_at=started_at,
        state=state,
        mode=mode,
    )


def command(action, *, target="", taken=True, detail=None, **params):
    entry = record(actor=None, action=f"recording.{action}", room_uuid="maths", target=target, params=params)
    add_step(entry, Step.Kind.ACCEPTED if taken else Step.Kind.FAILED, detail or {})
    return entry


def state(room):
    return recording_now(room).state


def test_room_without_recording_has_no_state(room):
    assert recording_now(room) is None


def test_last_recording_counts(room):
    recording(room, "r1", sequence=10, state="ended")
    recording(room, "r2", sequence=20, mode="web")
    recording(room, "r0", sequence=5, state="failed")
    now = recording_now(room)
    assert (now.state, now.record_id, now.mode) == ("recording", "r2", "web")


def test_pause_and_resume_change_the_state(room):
    recording(room)
    command("pause", target="r1")
    assert state(room) == "paused"
    command("resume", target="r1")
    assert state(room) == "recording"
    command("pause", target="r1", taken=False)
    assert state(room) == "recording"


def test_pause_of_an_earlier_recording_does_not_count(room):
    recording(room, "r1", sequence=10, state="ended")
    command("pause", target="r1")
    recording(room, "r2", sequence=20)
    assert state(room) == "recording"


def test_pause_without_recording_id_counts_by_time(room):
    command("pause")
    recording(room, started_at=START + timedelta(seconds=5))
    assert state(room) == "recording"
    room.stepped.step(10)
    command("pause")
    assert state(room) == "paused"


def test_pause_after_our_start_counts_despite_clock_offset(room):
    command("start", detail={"record_id": "r1"}, mode="web")
    command("pause")
    recording(room, started_at=START + timedelta(minutes=3))  # the cloud's clock is ahead
    assert state(room) == "paused"


@pytest.mark.parametrize("detail", [{"record_id": "r1"}, {"sequence": 10}])
def test_start_can_begin_paused_and_sets_the_mode(room, detail):
    command("start", detail=detail, mode="web", web_config={"onhold": True})
    recording(room)
    now = recording_now(room)
    assert (now.state, now.mode) == ("paused", "web")


def test_change_overwrites_the_pause(room):
    recording(room)
    command("pause", target="r1")
    command("change", target="r1", web_config={"videoFps": 30})
    assert state(room) == "recording"
    command("change", target="r1", web_config={"onhold": True})
    assert state(room) == "paused"


def test_ended_recording_is_not_paused(room):
    recording(room, state="ended")
    command("pause", target="r1")
    assert state(room) == "ended"


def test_mode_is_unknown_if_started_elsewhere(room):
    command("start", detail={"record_id": "r0"}, mode="web")
    recording(room, "r1")
    assert recording_now(room).mode == ""


def test_query_count_is_constant(room, django_assert_num_queries):
    recording(room)
    for _ in range(20):
        command("pause", target="r1")
    with django_assert_num_queries(3):
        assert state(room) == "paused"
