"""Whatever arrives late, twice, out of order or not at all, and whoever is restarted: the same in the end.

A state machine of Hypothesis tries sequences of what a cloud and a network may do, and after each of them
asks: is all here once, in order, and does projecting from nothing give the same rows? (Invariants 1 and 2.)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError
from classroom_admin.agora.event_calls import PollEvents
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.simulator.world import messages, people
from classroom_admin.sync import background, inbox, lease, room_events
from classroom_admin.sync.lease import Owner
from classroom_admin.sync.models import InboxAnswer, Lease, StoredEvent
from classroom_admin.sync.polling import Poller
from tests.chaos.checks import assert_nothing_lost_nothing_twice
from tests.sync.conftest import config_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

ROOMS = ("r0", "r1", "r2")
IN_ROOM = st.sampled_from(ROOMS)
COUNTS = st.sampled_from([1, 2, 3, 7, 99, 100, 101])
TRIES, STEPS = {"long": (60, 40), "full": (300, 60)}.get(os.environ.get("CHAOS", ""), (5, 14))


class LateAndShuffled(RuleBasedStateMachine):
    """A cloud with three rooms, and an installation that polls it, dies, and is started again."""

    sim: RunningSimulator

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.hands = self.open.enter_context(clock.use(clock.SteppedClock(clock.now())))
        self.process = 0

    @initialize()
    def begin(self) -> None:
        self.sim.control("POST", "/reset", {"plain": True})
        Room.objects.all().delete()
        InboxAnswer.objects.all().delete()
        Lease.objects.all().delete()
        for uuid in ROOMS:
            self.sim.make_room(uuid, roomName=uuid, state=1)
        self.client = Client(django_settings.AGORA)
        self.restart()

    @rule()
    def restart(self) -> None:
        """Another process is the poller: the one before is dead."""
        self.process += 1
        held = Lease.objects.filter(app_id=self.sim.app_id).first()
        if held is not None:
            lease.release(lease.Held(app_id=held.app_id, owner=held.owner, fence=held.fence))
        self.poller = Poller(self.client, owner=Owner(host="here", pid=self.process, started="1"))

    @rule(uuid=IN_ROOM, count=COUNTS)
    def people_talk(self, uuid: str, count: int) -> None:
        def speak(world: object) -> None:
            room = self.sim.world.rooms[uuid]
            user = people.enter(self.sim.world, room, uuid="t1", name="Teacher", role=1)
            for number in range(count):
                messages.chat(self.sim.world, room, user, f"{number}")

        self.sim.do(speak)

    @rule(uuid=IN_ROOM)
    def a_person_enters_or_leaves(self, uuid: str) -> None:
        room = self.sim.world.rooms[uuid]
        here = "p1" in room.users and room.users["p1"].online
        self.sim.room(uuid, "leave" if here else "enter", userUuid="p1")

    @rule(
        kind=st.sampled_from(
            ["duplicate", "reorder", "lose_answer", "cut", "truncate", "too_many", "server_error"]
        ),
        route=st.sampled_from(["poll", "room_events", "*"]),
    )
    def something_breaks_once(self, kind: str, route: str) -> None:
        self.sim.fault(kind, route=route, count=1)

    @rule(uuid=IN_ROOM, count=COUNTS)
    def events_are_dropped_from_the_stream(self, uuid: str, count: int) -> None:
        fault = self.sim.fault("withhold")
        self.people_talk(uuid, count)
        self.sim.control("DELETE", f"/faults/{fault}")

    @rule()
    def poll(self) -> None:
        self.poller.poll()

    @rule()
    def die_with_an_answer_in_hand(self) -> None:
        """The stream is drained, nothing is committed, the process is gone."""
        with suppress(CloudError):
            self.client.send(PollEvents())
        Lease.objects.filter(app_id=self.sim.app_id).update(owner="here|999999|1|dead", host="here")
        self.process += 1
        self.poller = Poller(self.client, owner=Owner(host="here", pid=self.process, started="1"))
        self.poller.poll()
        self.hands.step(lease.LEASE_S)

    @rule()
    def die_before_reading(self) -> None:
        """The bytes are committed, and nobody read them."""
        try:
            raw = self.client.send(PollEvents())
        except CloudError:
            return
        inbox.keep(raw, source=InboxAnswer.Source.POLL)

    @rule()
    def an_old_answer_is_read_again(self) -> None:
        """Late and twice: an answer of before, as a copy that came by another way."""
        old = InboxAnswer.objects.filter(source=InboxAnswer.Source.POLL).order_by("id").first()
        if old is not None:
            InboxAnswer.objects.filter(pk=old.pk).update(read_at=None)
            inbox.read(old.pk)

    @rule(uuid=IN_ROOM)
    def a_room_is_requested(self, uuid: str) -> None:
        with suppress(CloudError):
            room_events.fetch(self.client, room_uuid=uuid, stream="room", first=1)

    @rule(seconds=st.sampled_from([0.5, 2, 3, 11, 25]))
    def time_passes(self, seconds: float) -> None:
        self.hands.step(seconds)

    @rule()
    def the_beats_beat(self) -> None:
        background.fill_gaps()
        background.reconcile()
        background.project_due(within_s=5)

    @rule()
    def project(self) -> None:
        background.project_due(within_s=5)

    @invariant()
    def nothing_is_there_twice_or_made_up(self) -> None:
        rows = list(StoredEvent.objects.values_list("room__room_uuid", "stream", "sequence"))
        assert len(rows) == len(set(rows))
        assert len(rows) <= self.sim.world.emitted

    def teardown(self) -> None:
        """The trouble is over: within two minutes all is as it happened."""
        try:
            self.sim.clear_faults()
            if ROOMS[0] in self.sim.world.rooms and hasattr(self, "poller"):
                for uuid in ROOMS:
                    self.people_talk(uuid, 1)
                for _turn in range(12):
                    self.poll()
                    self.the_beats_beat()
                    self.hands.step(10)
                assert_nothing_lost_nothing_twice(self.sim)
        finally:
            self.open.close()


@pytest.fixture
def machine_sim(settings: object) -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as sim:
        settings.AGORA = config_for(sim)  # type: ignore[attr-defined]
        yield sim


@pytest.mark.usefixtures("hands")
def test_late_and_shuffled(machine_sim: RunningSimulator) -> None:
    assert connection.vendor
    LateAndShuffled.sim = machine_sim
    run_state_machine_as_test(
        LateAndShuffled,
        settings=settings(
            max_examples=TRIES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="CHAOS" not in os.environ,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
