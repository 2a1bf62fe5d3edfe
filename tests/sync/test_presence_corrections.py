"""Who is present is corrected where the cloud's number of people differs from ours."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from classroom_admin.agora.client import Client
from classroom_admin.agora.models import RoomUser
from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant, Presence
from classroom_admin.simulator.testing import ControlFailed, RunningSimulator
from classroom_admin.sync import health, presence_corrections, projector, replay, tasks
from classroom_admin.sync.models import PresenceCorrection, RoomRefresh, StoredEvent
from classroom_admin.sync.polling import Poller
from classroom_admin.sync.presence_corrections import differences
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


def asked(sim: RunningSimulator, route: str) -> int:
    """Return how many requests a fault that changes nothing saw."""
    faults = sim.control("GET", "/faults")["faults"]
    return sum(fault["hits"] for fault in faults if fault["route"] == route)


def test_one_request_compares_all_people(classroom: RunningSimulator, hands: SteppedClock) -> None:
    for route in ("list_users", "read_user"):
        classroom.fault("delay", route=route, params={"ms": 0})
    classroom.room("r1", "vanish", userUuid="ben")
    for user_uuid in ("ada", "cem"):
        classroom.room("r1", "tab", userUuid=user_uuid, open=False)
    sync_once()
    assert here() == {"ben"}
    correct(hands)
    assert here() == {"ada", "cem"}
    assert (asked(classroom, "list_users"), asked(classroom, "read_user")) == (1, 0)
    assert rebuilt() == 0


def test_people_are_compared_at_the_end_of_the_class(
    classroom: RunningSimulator, hands: SteppedClock
) -> None:
    """Even if no event since told a number that differs."""
    sync_once()
    classroom.room("r1", "vanish", userUuid="ben")
    classroom.room("r1", "state", state=2)
    sync_once()
    assert here() == {"ada", "ben", "cem"}
    hands.step(presence_corrections.AFTER_THE_END.total_seconds() - 1)
    tasks.refresh_rooms()
    assert not PresenceCorrection.objects.exists()
    hands.step(1)
    tasks.refresh_rooms()
    tasks.project_waiting(within_s=10)
    assert here() == {"ada", "cem"}
    assert rebuilt() == 0


class MeanwhileClient(Client):
    """A client that lets something happen while the answer to its first call is on its way."""

    def __init__(self, cloud: Client, meanwhile: Callable[[], None]) -> None:
        super().__init__(cloud.config)
        self._meanwhile: Callable[[], None] | None = meanwhile

    def send(self, call: Any, **limits: Any) -> Any:
        answer = super().send(call, **limits)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return answer


def test_class_that_ends_while_its_people_are_read_is_compared_at_its_end(
    classroom: RunningSimulator, cloud: Client, hands: SteppedClock
) -> None:
    def end_class() -> None:
        classroom.room("r1", "state", state=2)
        assert Poller(cloud).poll() is not None
        tasks.project_waiting(within_s=10)

    sync_once()
    RoomRefresh.objects.update(people_due_at=clock.cloud_now())
    presence_corrections.read(MeanwhileClient(cloud, end_class), RoomRefresh.objects.get())
    due_at = RoomRefresh.objects.get().people_due_at
    assert due_at is not None
    assert due_at > clock.cloud_now()


def test_closed_class_is_not_compared(classroom: RunningSimulator, hands: SteppedClock) -> None:
    classroom.room("r1", "state", state=2)
    sync_once()
    classroom.room("r1", "state", state=3)
    sync_once()
    hands.step(presence_corrections.AFTER_THE_END.total_seconds())
    tasks.refresh_rooms()
    assert here() == set()
    assert not PresenceCorrection.objects.exists()
    assert RoomRefresh.objects.get().people_due_at is None


def test_cloud_without_a_list_of_people_is_asked_for_each_person(
    classroom: RunningSimulator, hands: SteppedClock
) -> None:
    classroom.fault("not_offered", route="list_users")
    classroom.room("r1", "vanish", userUuid="ben")
    classroom.room("r1", "enter", userUuid="dora", userName="Dora")
    sync_once()
    correct(hands)
    assert here() == {"ada", "cem", "dora"}
    assert rebuilt() == 0


def test_person_whom_no_event_named_gets_name_and_role(
    classroom: RunningSimulator, hands: SteppedClock
) -> None:
    sync_once()
    classroom.do(lambda world: world.room("r1").users["ben"].presence)  # the room is the cloud's own
    classroom.fault("withhold", params={"room": "r1"})
    classroom.room("r1", "enter", userUuid="dora", userName="Dora", role=1)
    RoomRefresh.objects.update(people_due_at=clock.cloud_now())
    tasks.refresh_rooms()
    tasks.project_waiting(within_s=10)
    dora = Participant.objects.get(user_uuid="dora")
    assert (dora.online, dora.name, dora.role) == (True, "Dora", "teacher")
    assert rebuilt() == 0


def user(user_uuid: str, state: int | None = None, **more: str) -> RoomUser:
    return RoomUser(user_uuid=user_uuid, state=state, **more)


def test_list_that_lacks_somebody_leaves_a_doubt() -> None:
    listed = [user("ada", 1), user("ben", 0), user("cem"), user("dora", 1, user_name="Dora", role="1")]
    ours = {"ada": True, "ben": True, "cem": False, "eve": True, "finn": False}
    found = {one.user_uuid: (one.online, one.sure) for one in differences(listed, ours)}
    assert found == {"ben": (False, True), "cem": (True, False), "dora": (True, True), "eve": (False, False)}
    (dora,) = [one for one in differences(listed, ours) if one.user_uuid == "dora"]
    assert (dora.name, dora.role) == ("Dora", "teacher")


def test_odd_lists_correct_nobody() -> None:
    assert differences([], {}) == []
    assert differences([user(""), RoomUser(), user("x" * 300, 1)], {"ada": False}) == []
    assert differences([user("ada", 1), user("ada", 0)], {"ada": True}) == []


@pytest.mark.parametrize("seed", range(8))
def test_projection_from_scratch_is_equal_after_random_corrections(
    classroom: RunningSimulator, hands: SteppedClock, seed: int
) -> None:
    """Whatever people do, the cloud is right, and projecting again changes nothing."""
    chance = random.Random(seed)
    people = ["ada", "ben", "cem", "dora", "eve"]
    for _round in range(4):
        for _step in range(chance.randrange(1, 6)):
            action = chance.choice(["enter", "leave", "vanish", "tab", "chat"])
            body = {"message": "x"} if action == "chat" else {"open": False} if action == "tab" else {}
            present = [
                one["userUuid"] for one in classroom.control("GET", "/rooms/r1")["users"] if one["online"]
            ]
            who = chance.choice(people if action == "enter" else present or people)
            with suppress(ControlFailed):
                classroom.room(
                    "r1", action, userUuid=who, **({"userName": who} if action == "enter" else body)
                )
        sync_once()
        RoomRefresh.objects.update(people_due_at=clock.cloud_now())
        correct(hands)
        truth = classroom.control("GET", "/rooms/r1")["users"]
        assert here() == {one["userUuid"] for one in truth if one["online"]}
        assert rebuilt() == 0


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
