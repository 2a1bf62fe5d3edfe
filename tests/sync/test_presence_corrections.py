"""Who is present is corrected where the cloud's number of people differs from ours."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant, Presence
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import health, presence_corrections, projector, replay, tasks
from classroom_admin.sync.models import PresenceCorrection, RoomRefresh, StoredEvent
from tests.stepped_clock import SteppedClock
from tests.sync.conftest import room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)


def here() -> set[str]:
    return set(Participant.objects.filter(online=True).values_list("user_uuid", flat=True))


def correct(hands: SteppedClock) -> None:
    """Let the numbers differ long enough, read the people, and project the corrections."""
    hands.step(presence_corrections.FIRST.total_seconds())
    tasks.refresh_rooms()
    tasks.project_waiting(within_s=10)


@pytest.fixture
def classroom(sim: RunningSimulator, cloud: Client, hands: SteppedClock) -> RunningSimulator:
    sim.make_room("r1", state=1)
    for user_uuid in ("ada", "ben", "cem"):
        sim.room("r1", "enter", userUuid=user_uuid, userName=user_uuid.title())
    return sim


def rebuilt() -> int:
    """Project the room again from its first event; return how many rows that changed."""
    return projector.project_again(room("r1").pk).rows


def test_person_whose_first_tab_closed_is_still_present(
    classroom: RunningSimulator, hands: SteppedClock
) -> None:
    classroom.room("r1", "tab", userUuid="ada", open=True)
    classroom.room("r1", "tab", userUuid="ada", open=False)
    sync_once()
    assert here() == {"ben", "cem"}, "the events say that Ada left"
    assert (room("r1").people_online, room("r1").people_total) == (2, 3)
    correct(hands)
    assert here() == {"ada", "ben", "cem"}
    assert room("r1").people_online == 3
    stays = Presence.objects.filter(user_uuid="ada").order_by("entered_at")
    assert stays[0].left_at == stays[1].entered_at, "no minute is lost"
    assert rebuilt() == 0
    assert health.health().corrections == 1
    assert RoomRefresh.objects.get().people_due_at is None

    classroom.room("r1", "leave", userUuid="ada")
    sync_once()
    assert here() == {"ben", "cem"}
    assert rebuilt() == 0
    assert PresenceCorrection.objects.count() == 1


def test_person_who_left_without_an_event_is_not_present(
    classroom: RunningSimulator, hands: SteppedClock
) -> None:
    classroom.room("r1", "vanish", userUuid="ben")
    classroom.room("r1", "enter", userUuid="dora", userName="Dora")
    sync_once()
    assert here() == {"ada", "ben", "cem", "dora"}
    correct(hands)
    assert here() == {"ada", "cem", "dora"}
    assert Presence.objects.get(user_uuid="ben").left_at is not None
    assert rebuilt() == 0
    call_command("rebuild")
    assert here() == {"ada", "cem", "dora"}

    classroom.room("r1", "enter", userUuid="ben", userName="Ben")
    sync_once()
    assert here() == {"ada", "ben", "cem", "dora"}
    assert rebuilt() == 0
    assert Presence.objects.filter(user_uuid="ben").count() == 2


def test_late_events_and_corrections_are_projected_in_order(
    classroom: RunningSimulator, hands: SteppedClock
) -> None:
    classroom.room("r1", "vanish", userUuid="ben")
    classroom.room("r1", "enter", userUuid="dora", userName="Dora")
    sync_once()
    correct(hands)
    for number in range(5):
        classroom.room("r1", "chat", userUuid="ada", message=f"Message {number}")
    sync_once()
    before = here()
    assert rebuilt() == 0
    assert here() == before
    film, _upto = replay.film_of(room("r1"))
    rows = film.rows_at(film.end_ms or 0)
    assert rows.online == before
    assert rows.room.event_count == StoredEvent.objects.filter(stream="room").count()
    assert 0 not in film.newest(film.end_ms or 0, 100)


def test_numbers_that_agree_cost_no_request(classroom: RunningSimulator, hands: SteppedClock) -> None:
    sync_once()
    assert RoomRefresh.objects.get().people_due_at is None
    assert not PresenceCorrection.objects.exists()


def test_a_number_that_no_person_explains_is_asked_about_less_and_less(
    classroom: RunningSimulator, hands: SteppedClock
) -> None:
    """Such as a cloud that also counts people whom no event names."""
    sync_once()
    current = room("r1")
    current.people_total = 9
    current.save()
    waits = []
    RoomRefresh.objects.update(people_due_at=clock.cloud_now())
    for _round in range(8):
        tasks.refresh_rooms()
        due = RoomRefresh.objects.get().people_due_at
        assert due is not None
        waits.append(due - clock.cloud_now())
        hands.step(waits[-1].total_seconds() + 1)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=1)
    assert not PresenceCorrection.objects.exists()
