"""Answers come late, twice, out of order or not at all, and processes restart: the rows are the same.

A state machine of Hypothesis tries sequences of what a cloud and a network may do, and after each of them
checks that each event is stored once and that projecting from nothing gives the same rows. (Invariants 1/2.)
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
from classroom_admin.sync import inbox, lease, room_events, tasks
from classroom_admin.sync.lease import Owner
from classroom_admin.sync.models import InboxAnswer, Lease, Quarantine, StoredEvent
from classroom_admin.sync.polling import Poller
from tests.chaos.checks import assert_nothing_lost_nothing_twice
from tests.stepped_clock import SteppedClock, use
from tests.sync.conftest import config_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

ROOMS = ("r0", "r1", "r2")
IN_ROOM = st.sampled_from(ROOMS)
COUNTS = st.sampled_from([1, 2, 3, 7, 99, 100, 101])
TRIES, STEPS = {"long": (60, 40), "full": (300, 60)}.get(os.environ.get("CHAOS", ""), (5, 14))


class LateAndShuffled(RuleBasedStateMachine):
    """A cloud with three rooms, and an installation that polls it, dies and restarts."""

    sim: RunningSimulator

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.own_clock = self.open.enter_context(use(SteppedClock(clock.now())))
        self.process = 0

    @initialize()
    def begin(self) -> None:
        self.sim.control("POST", "/reset", {"plain": True})
        Room.objects.all().delete()
        Quarantine.objects.all().delete()
        InboxAnswer.objects.all().delete()
        Lease.objects.all().delete()
        for uuid in ROOMS:
            self.sim.make_room(uuid, roomName=uuid, state=1)
        self.client = Client(django_settings.AGORA)
        self.restart()

    @rule()
    def restart(self) -> None:
        """Let another process poll: the previous one is dead."""
        self.process += 1
        held = Lease.objects.filter(app_id=self.sim.app_id).first()
        if held is not None:
            lease.release(lease.Held(app_id=held.app_id, owner=held.owner, fence=held.fence))
        self.poller = Poller(self.client, owner=Owner(host="here", pid=self.process, started="1"))

    @rule(uuid=IN_ROOM, count=COUNTS)
    def people_chat(self, uuid: str, count: int) -> None:
        def speak(world: object) -> None:
            room = self.sim.world.rooms[uuid]
            user = people.enter(self.sim.world, room, uuid="t1", name="Teacher", role=1)
            for number in range(count):
                messages.chat(self.sim.world, room, user, f"{number}")

        self.sim.do(speak)

    @rule(uuid=IN_ROOM)
    def student_joins_or_leaves(self, uuid: str) -> None:
        room = self.sim.world.rooms[uuid]
        here = "p1" in room.users and room.users["p1"].online
        self.sim.room(uuid, "leave" if here else "enter", userUuid="p1")

    @rule(
        kind=st.sampled_from(
            ["duplicate", "reorder", "lose_answer", "cut", "truncate", "too_many", "server_error"]
        ),
        route=st.sampled_from(["poll", "room_events", "*"]),
    )
    def one_request_fails(self, kind: str, route: str) -> None:
        self.sim.fault(kind, route=route, count=1)

    @rule(uuid=IN_ROOM, count=COUNTS)
    def events_are_dropped_from_the_stream(self, uuid: str, count: int) -> None:
        fault = self.sim.fault("withhold")
        self.people_chat(uuid, count)
        self.sim.control("DELETE", f"/faults/{fault}")

    @rule()
    def poll(self) -> None:
        self.poller.poll()

    @rule()
    def die_with_an_uncommitted_answer(self) -> None:
        """Die after the stream is drained and before the answer is committed."""
        with suppress(CloudError):
            self.client.send(PollEvents())
        Lease.objects.filter(app_id=self.sim.app_id).update(owner="here|999999|1|dead", host="here")
        self.process += 1
        self.poller = Poller(self.client, owner=Owner(host="here", pid=self.process, started="1"))
        self.poller.poll()
        self.own_clock.step(lease.LEASE_S)

    @rule()
    def die_before_parsing(self) -> None:
        """Die after the bytes are committed and before they are parsed."""
        try:
            raw = self.client.send(PollEvents())
        except CloudError:
            return
        inbox.keep(raw, source=InboxAnswer.Source.POLL)

    @rule()
    def old_answer_is_parsed_again(self) -> None:
        """Parse an earlier answer a second time."""
        old = InboxAnswer.objects.filter(source=InboxAnswer.Source.POLL).order_by("id").first()
        if old is not None:
            InboxAnswer.objects.filter(pk=old.pk).update(read_at=None)
            inbox.read(old.pk)

    @rule(uuid=IN_ROOM)
    def events_of_a_room_are_fetched(self, uuid: str) -> None:
        with suppress(CloudError):
            room_events.fetch(self.client, room_uuid=uuid, stream="room", first=1)

    @rule(seconds=st.sampled_from([0.5, 2, 3, 11, 25]))
    def time_passes(self, seconds: float) -> None:
        self.own_clock.step(seconds)

    @rule()
    def periodic_tasks_run(self) -> None:
        tasks.fill_gaps()
        tasks.reconcile()
        tasks.project_waiting(within_s=5)

    @rule()
    def project(self) -> None:
        tasks.project_waiting(within_s=5)

    @invariant()
    def no_event_is_stored_twice_or_invented(self) -> None:
        rows = list(StoredEvent.objects.values_list("room__room_uuid", "stream", "sequence"))
        assert len(rows) == len(set(rows))
        assert len(rows) <= self.sim.world.emitted

    def teardown(self) -> None:
        """Check that all is complete two minutes after the last fault."""
        try:
            self.sim.clear_faults()
            if ROOMS[0] in self.sim.world.rooms and hasattr(self, "poller"):
                for uuid in ROOMS:
                    self.people_chat(uuid, 1)
                for _turn in range(12):
                    self.poll()
                    self.periodic_tasks_run()
                    self.own_clock.step(10)
                assert_nothing_lost_nothing_twice(self.sim)
        finally:
            self.open.close()


@pytest.fixture
def machine_sim(settings: object) -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as sim:
        settings.AGORA = config_for(sim)  # type: ignore[attr-defined]
        yield sim


@pytest.mark.usefixtures("own_clock")
def test_late_and_shuffled_answers_give_the_same_rows(machine_sim: RunningSimulator) -> None:
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
