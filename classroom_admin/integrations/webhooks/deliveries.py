"""The queue of outgoing webhooks: claim due deliveries, send them, and store the outcomes.

The table is the queue, as for scheduled commands (`actions.scheduled`): a claim is a conditional UPDATE with
a lease. If a worker dies between the answer of the receiver and the record of it, another worker sends the
message again with the same id.

A delivery waits for the earlier ones of its class and endpoint. If a whole receiver fails, the endpoint
pauses, so that its many messages do not hold up those of others.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts.models import User
from classroom_admin.common import clock, outbound
from classroom_admin.common.encryption import Undecipherable
from classroom_admin.common.outbound import Answer, OutboundFailed, OutboundRefused
from classroom_admin.common.problems import Problem
from classroom_admin.integrations.webhooks import payloads, signatures
from classroom_admin.integrations.webhooks.models import Attempt, Delivery, Endpoint

log = logging.getLogger(__name__)

State = Delivery.State
LEASE: Final = timedelta(seconds=60)
"""The lease of a claimed delivery. It outlasts a request (10 s) and finding the addresses of its host."""
CLOCKS_DIFFER: Final = timedelta(minutes=1)
AT_ONCE: Final = 8
"""How many messages a worker sends at the same time."""
WORK_S: Final = 4.0
"""The time (s) after which a task sends nothing more."""
BACK_OFF_S: Final = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800)
"""The waits (s) after failed attempts. The last one repeats."""
LONGEST_PAUSE_S: Final = 600
TRIED_FOR: Final = timedelta(days=3)
"""How long a message is tried, and how long an endpoint may fail until it is switched off."""
MOST_ANSWER: Final = 2000
"""The number of characters of an error's answer that are stored."""
_GONE: Final = 410
_BUSY: Final = 429


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery that is ready to be sent. `problem` is why it can't be sent."""

    delivery: Delivery
    headers: dict[str, str]
    body: str
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt. `problem` is None if the receiver accepted the message."""

    at: datetime
    took_ms: int
    status: int | None = None
    answer: str = ""
    problem: Problem | None = None

    @property
    def is_of_receiver(self) -> bool:
        """Return whether the whole receiver failed, and not only this message."""
        return self.problem is not None and (
            self.status is None or self.status >= 500 or self.status in (_GONE, _BUSY)
        )


def due() -> QuerySet[Delivery]:
    """Return the deliveries that a worker may claim now. Those of an old backup are too late."""
    now = clock.now()
    is_void = Q(state=State.CLAIMED, claimable_at__gt=now + LEASE + CLOCKS_DIFFER)  # the clock was set back
    earlier = Delivery.objects.filter(
        endpoint=OuterRef("endpoint"),
        room=OuterRef("room"),
        pk__lt=OuterRef("pk"),
        claimable_at__isnull=False,
        is_again=False,
    )
    return Delivery.objects.filter(
        Q(claimable_at__lte=now) | is_void,
        Q(endpoint__paused_until=None) | Q(endpoint__paused_until__lte=now),
        Q(is_again=True) | ~Exists(earlier),
        endpoint__is_on=True,
        queued_at__gt=now - TRIED_FOR,
    )


def claim(most: int = AT_ONCE) -> list[Delivery]:
    """Claim and return due deliveries, the longest-waiting first."""
    claimed: list[Delivery] = []
    for pk in list(due().order_by("claimable_at", "pk").values_list("pk", flat=True)[:most]):
        if one := claim_one(pk):
            claimed.append(one)
    return claimed


def claim_one(pk: int) -> Delivery | None:
    """Claim a delivery if it is due. Return None if it is not, for example because another worker has it."""
    now = clock.now()
    changes = {"state": State.CLAIMED, "claimable_at": now + LEASE, "claims": F("claims") + 1}
    if not due().filter(pk=pk).update(changed_at=now, **changes):
        return None
    return Delivery.objects.select_related("endpoint", "notice__room").get(pk=pk)


def work(*, within_s: float = WORK_S) -> bool:
    """Send due deliveries, several at the same time. Return whether more are due."""
    ends_at = clock.monotonic() + within_s
    while claimed := claim():
        send_all(claimed)
        if clock.monotonic() >= ends_at:
            return due().exists()
    return False


def send_all(claimed: Sequence[Delivery], *, by: User | None = None) -> list[Outcome]:
    """Send claimed deliveries at the same time, and store the outcomes. Return the outcomes.

    Only this thread uses the database.
    """
    messages = [_message(one) for one in claimed]
    with ThreadPoolExecutor(max_workers=max(1, len(messages)), thread_name_prefix="webhook") as threads:
        outcomes = list(threads.map(_send, messages))
    for message, outcome in zip(messages, outcomes, strict=True):
        settle(message.delivery, outcome, by=by)
    return outcomes


@sensitive_variables()
def _message(delivery: Delivery) -> Message:
    now, body = clock.now(), payloads.body_of(delivery)
    try:
        keys = signatures.secrets_of(delivery.endpoint, now)
    except Undecipherable:
        return Message(delivery, {}, body, Problem("webhook_secret_unreadable"))
    fixed = {"Content-Type": "application/json"}
    return Message(delivery, fixed | signatures.headers(delivery.number, now, body, keys), body)


@sensitive_variables()
def _send(message: Message) -> Outcome:
    at, began = clock.now(), clock.monotonic()
    answer: Answer | None = None
    problem = message.problem
    try:
        if problem is None:
            address, body = message.delivery.endpoint.address, message.body.encode()
            answer = outbound.send("POST", address, headers=message.headers, body=body)
    except (OutboundFailed, OutboundRefused) as error:
        problem = error.problem
    took_ms = round((clock.monotonic() - began) * 1000)
    if answer is None:
        return Outcome(at, took_ms, problem=problem)
    if 200 <= answer.status < 300:
        return Outcome(at, took_ms, answer.status)
    gone = answer.status == _GONE
    problem = Problem("webhook_gone") if gone else Problem("webhook_status", {"status": answer.status})
    words = answer.body.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return Outcome(at, took_ms, answer.status, words[:MOST_ANSWER], problem)


def settle(delivery: Delivery, outcome: Outcome, *, by: User | None = None) -> bool:
    """Store the outcome of an attempt. If another worker has claimed the delivery since, store nothing."""
    now = clock.now()
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().filter(pk=delivery.endpoint_id).first()
        mine = Delivery.objects.filter(pk=delivery.pk, state=State.CLAIMED, claims=delivery.claims)
        changes = _after(delivery, outcome, now)
        if endpoint is None or not mine.update(changed_at=now, tries=F("tries") + 1, **changes):
            return False
        Attempt.objects.create(
            delivery=delivery,
            at=outcome.at,
            took_ms=outcome.took_ms,
            status=outcome.status,
            answer=outcome.answer,
            problem=outcome.problem and outcome.problem.as_json(),
            by=by,
        )
        if outcome.problem is None:
            _note_success(endpoint, now)
        elif not delivery.is_test:
            _note_failure(endpoint, outcome, now)
    return True


def _after(delivery: Delivery, outcome: Outcome, now: datetime) -> dict[str, object]:
    if outcome.problem is None:
        return {"state": State.DELIVERED, "claimable_at": None}
    again_at = now + timedelta(seconds=BACK_OFF_S[min(delivery.tries, len(BACK_OFF_S) - 1)])
    if delivery.is_test or again_at > delivery.queued_at + TRIED_FOR:
        return {"state": State.FAILED, "claimable_at": None}
    return {"state": State.WAITING, "claimable_at": again_at}


def _note_success(endpoint: Endpoint, now: datetime) -> None:
    """Remember that the endpoint works. If the whole receiver failed before, try waiting messages at once."""
    if endpoint.failures:
        waiting = Delivery.objects.filter(endpoint=endpoint, state=State.WAITING, claimable_at__gt=now)
        waiting.update(claimable_at=now)
    Endpoint.objects.filter(pk=endpoint.pk).update(
        failures=0, failing_since=None, paused_until=None, last_success_at=now
    )


def _note_failure(endpoint: Endpoint, outcome: Outcome, now: datetime) -> None:
    """Pause the endpoint if the whole receiver failed. Switch it off if it has failed for too long."""
    since = endpoint.failing_since or now
    changes: dict[str, object] = {"failing_since": since}
    if outcome.is_of_receiver:
        wait_s = BACK_OFF_S[min(endpoint.failures, len(BACK_OFF_S) - 1)]
        pause = timedelta(seconds=min(wait_s, LONGEST_PAUSE_S))
        changes |= {"failures": endpoint.failures + 1, "paused_until": now + pause}
    if endpoint.is_on and (outcome.status == _GONE or since < now - TRIED_FOR):
        log.warning("the webhook %s is switched off, because it failed for too long", endpoint.key)
        changes |= {"is_on": False, "off_reason": Endpoint.Off.FAILING, "off_at": now}
    Endpoint.objects.filter(pk=endpoint.pk).update(**changes)
