"""Poll for new events. Each cycle requests the events of all rooms, and stores and parses the responses.

The stream delivers each event once, so repeating a request does not help. If a response may be lost, all
rooms are reconciled instead. No other work may delay polling.
"""

import logging
import random
import threading
from dataclasses import dataclass
from datetime import timedelta

from classroom_admin.agora.answers import RawAnswer, read_events_answer
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, CloudUnavailable, RateLimited
from classroom_admin.agora.event_calls import PollEvents
from classroom_admin.common import clock, disk_space
from classroom_admin.common.due_times import CLOCKS_DIFFER
from classroom_admin.common.problems import Problem, to_text
from classroom_admin.sync import cloud_time, health, inbox, lease, reconciliation
from classroom_admin.sync.lease import FenceLost, Held
from classroom_admin.sync.models import InboxAnswer, Lease
from classroom_admin.sync.polling_pace import Pace
from classroom_admin.sync.room_events import Fetched

log = logging.getLogger(__name__)

CYCLE_S = 4.0
"""A cycle ends after this time (s), even if more events wait. Then another process can get the lease."""
FEW_EVENTS = 50
"""In fast polling, an answer with fewer events ends the cycle, so its events are projected immediately."""
DRAIN_EVERY_S = 1.0
"""In fast polling, a cycle reads the stream to its end and renews the lease at least this often (s)."""
UNREADABLE_IN_A_ROW = 3
"""A cycle with `until_empty` ends after this many unreadable responses in a row, other cycles after one."""
LONGEST_BACK_OFF_S = 8.0
UNREACHABLE_IN_A_ROW = 3
"""After this number of polls in a row that did not reach the cloud, another process may try."""
GIVE_WAY_S = 3.0
"""How long (s) a process leaves a lease that it gave up to others, after its pause."""
DISK_PAUSE_S = 5.0
"""The pause (s) before the next look at the disk if it is almost full."""
LONGEST_PAUSE_S = 3600.0
"""The longest pause (s), even if the cloud asks for a longer pause."""


@dataclass(slots=True)
class Polled(Fetched):
    """The result of a polling cycle.

    `empty` is True if the cloud has no more events. If the cloud's rate limit was reached, `retry_after_s` is
    the pause before the next request in seconds. Otherwise it is None.
    """

    empty: bool = False
    retry_after_s: float | None = None
    unreadable_in_a_row: int = 0


class Poller:
    """The poller of a process for one App ID. It polls while it has the lease."""

    def __init__(self, client: Client, *, owner: lease.Owner | None = None) -> None:
        self.client = client
        self.app_id = client.config.app_id
        self._owner = owner
        self._watch = lease.Watch()
        self._busy = threading.Lock()
        self.pace = Pace(per_second=client.config.requests_per_second)
        self._drained_at = self._well_at = float("-inf")
        self._in_hand: RawAnswer | None = None  # received, but not committed because the database is away
        self._waits_for_disk = False
        self._unreachable = 0
        self._gives_way_until = float("-inf")
        self._suspicion = ""  # why an answer may be lost, until the database knows it

    @property
    def owner(self) -> lease.Owner:
        return self._owner or lease.this_process()

    def poll(self, *, fast: bool = False) -> Polled | None:
        """Run a polling cycle if this process can get the lease. Return None if no cycle was completed.

        If another process has asked for the lease, give it away afterwards. `fast` means that the next cycle
        follows within a second.
        """
        if not self._busy.acquire(blocking=False):
            return None
        try:
            held = self.take()
            if held is None or self._must_wait():
                return None
            if disk_space.is_too_low_to_poll():
                self._wait_for_disk(held)
                return None
            self._waits_for_disk = False
            try:
                polled = self.cycle(held, fast=fast)
            except FenceLost:
                self._in_hand = None
                self._suspect("another process took the lease while this one had an answer in hand")
                return None
            lease.hand_over(held)
            return polled
        finally:
            self._busy.release()

    def watch(self) -> None:
        """Between two cycles, look whether the owner of the lease still renews it. Take the lease if not.

        Otherwise a slow pace would also make it slow to take over from a machine that has disappeared.
        """
        if self._busy.acquire(blocking=False):
            try:
                self.take()
            finally:
                self._busy.release()

    def _wait_for_disk(self, held: Held) -> None:
        """Pause instead of fetching events that could perhaps not be stored. Pages say why."""
        if not self._waits_for_disk:
            log.warning("polling pauses until there is space: the disk of the database is almost full")
        self._waits_for_disk = True
        self._back_off(held, Polled(problems=[Problem("poll_disk_full")]), wait_s=DISK_PAUSE_S)

    def take(self) -> Held | None:
        """Take the lease. Return None if another process has it.

        If the previous owner died, it may have lost a response, so all rooms are reconciled.
        """
        if clock.monotonic() < self._gives_way_until:
            return None
        held = lease.take(app_id=self.app_id, owner=self.owner, watch=self._watch)
        if held is not None and held.taken_over:
            self._suspect("the process that polled before has died")
        return held

    def _suspect(self, why: str) -> None:
        """Reconcile all rooms, because an answer may be lost. If the database is away, do it later."""
        self._suspicion = why
        reconciliation.soon(why=why)
        self._suspicion = ""

    def _keep(self, held: Held, raw: RawAnswer) -> InboxAnswer:
        """Commit an answer. If the database is away, the next cycle commits it before it asks for more."""
        self._in_hand = raw
        answer = inbox.keep(raw, source=InboxAnswer.Source.POLL, held=held)
        self._in_hand = None
        return answer

    def _catch_up(self, held: Held, result: Polled) -> None:
        """Store what an earlier cycle could not store."""
        if self._suspicion:
            self._suspect(self._suspicion)
        if self._in_hand is not None:
            result.add_read(inbox.read(self._keep(held, self._in_hand).pk))

    def _must_wait(self) -> bool:
        """Return whether a pause lasts. A pause that began in the future ended: the clock was set back."""
        lease = Lease.objects.filter(app_id=self.app_id)
        not_before, began = lease.values_list("not_before", "last_poll_at").first() or (None, None)
        now = clock.now()
        was_set_back = began is not None and began - CLOCKS_DIFFER > now
        return not_before is not None and now < not_before and not was_set_back

    def cycle(self, held: Held, *, until_empty: bool = False, fast: bool = False) -> Polled:
        """Poll until the cloud has no more events, a request fails, or the cycle's time is over.

        With `until_empty`, ignore the cycle's time and single unreadable responses. With `fast`, also stop
        after a response with few events. Raise `FenceLost` if another process has the lease.
        """
        result = Polled()
        self._catch_up(held, result)
        for answer_id in inbox.unread():
            result.add_read(inbox.read(answer_id))
        ends_at = clock.monotonic() + CYCLE_S
        fast = fast and clock.monotonic() - self._drained_at < DRAIN_EVERY_S
        while not result.empty and result.unreadable_in_a_row < UNREADABLE_IN_A_ROW:
            try:
                raw = self.client.send(PollEvents())
            except CloudError as error:
                self._failed(held, error, result)
                return result
            self._receive(held, raw, result)
            if not until_empty and (result.unreadable_in_a_row or clock.monotonic() >= ends_at):
                break
            if fast and result.stored + result.quarantined < FEW_EVENTS:
                break
        if result.empty:
            self._drained_at = clock.monotonic()
        self._went_well(held, result, fast=fast)
        return result

    def _receive(self, held: Held, raw: RawAnswer, result: Polled) -> None:
        result.requests += 1
        if inbox.is_empty(raw.body):
            result.empty = True
            self._note_time(raw)
            return
        answer = self._keep(held, raw)
        if self.client.transport.clock_offset_ms is None:
            self._note_time(raw)
        found = inbox.read(answer.pk, body=raw.body)
        result.add_read(found)
        if found.problem:
            result.unreadable_in_a_row += 1
            self._suspect("an answer of the stream of all rooms could not be read")
        else:
            result.unreadable_in_a_row = 0
            result.empty = found.items == 0

    def _note_time(self, raw: RawAnswer) -> None:
        """Update the offset of the cloud's clock from the time in a response.

        Short responses give an exact time at low cost. Pass a long response only if no offset is known yet.
        """
        transport = self.client.transport
        try:
            time_ms = read_events_answer(raw.body).ts_ms
        except CloudError:
            return  # reading the response's events reports the problem
        transport.note_cloud_time(time_ms, received_at_ms=raw.received_at_ms, took_ms=raw.took_ms)
        if transport.clock_offset_ms is not None:
            cloud_time.remember(transport.clock_offset_ms)

    def _went_well(self, held: Held, result: Polled, *, fast: bool) -> None:
        now = clock.now()
        self._unreachable = 0
        if fast and not result.unreadable_in_a_row and clock.monotonic() - self._well_at < DRAIN_EVERY_S:
            return  # each write costs a commit, and makes every open page check for changes
        if result.unreadable_in_a_row:
            self._back_off(held, result, wait_s=None)
        else:
            drained = {"drained_at": now} if result.empty else {}
            lease.renew(
                held,
                **drained,
                last_poll_at=now,
                last_good_at=now,
                last_error="",
                failures=0,
                not_before=None,
                clock_offset_ms=self.client.transport.clock_offset_ms,
            )
            self._well_at = clock.monotonic()

    def _failed(self, held: Held, error: CloudError, result: Polled) -> None:
        log.warning("poll failed: %s", error)
        result.problems.append(health.problem_of(error))
        if isinstance(error, CloudUnavailable) and error.may_have_happened:
            self._suspicion = "an answer of the stream of all rooms was lost on its way"
            if error.partial_body:
                broken = RawAnswer(
                    body=error.partial_body,
                    http_status=error.http_status or 0,
                    received_at_ms=clock.now_ms(),
                    request_id=error.request_id,
                    path="",
                )
                result.add_read(inbox.read(self._keep(held, broken).pk))
            self._suspect(self._suspicion)
        limited = isinstance(error, RateLimited)
        waited_s = self._back_off(held, result, wait_s=error.retry_after_s if limited else None)
        result.retry_after_s = waited_s if limited else None
        self._give_way_if_unreachable(held, error, waited_s)

    def _give_way_if_unreachable(self, held: Held, error: CloudError, pause_s: float) -> None:
        """Release the lease if this process does not reach the cloud, because another server may reach it.

        All events are still at the cloud, or the rooms are due for reconciliation already.
        """
        self._unreachable = self._unreachable + 1 if isinstance(error, CloudUnavailable) else 0
        if self._unreachable >= UNREACHABLE_IN_A_ROW:
            self._unreachable = 0
            self._gives_way_until = clock.monotonic() + pause_s + GIVE_WAY_S
            lease.release(held)

    def _back_off(self, held: Held, result: Polled, *, wait_s: float | None) -> float:
        """Record the failure, and return the pause before the next cycle in seconds.

        If `wait_s` is None, the pause grows with each failure.
        """
        now = clock.now()
        self._well_at = float("-inf")
        failures = Lease.objects.filter(app_id=self.app_id).values_list("failures", flat=True)[0] + 1
        if wait_s is None:
            wait_s = min(LONGEST_BACK_OFF_S, 0.5 * 2.0 ** min(failures, 10)) * random.uniform(0.5, 1.0)
        lease.renew(
            held,
            last_poll_at=now,
            last_error=to_text(result.problems[-1]),
            last_error_at=now,
            failures=failures,
            not_before=now + timedelta(seconds=min(wait_s, LONGEST_PAUSE_S)),
        )
        return wait_s


_pollers: dict[Client, Poller] = {}
_making = threading.Lock()


def poller_for(client: Client) -> Poller:
    """Return the poller of this process for a client. Create it if necessary."""
    with _making:
        if client not in _pollers:
            _pollers[client] = Poller(client)
        return _pollers[client]
