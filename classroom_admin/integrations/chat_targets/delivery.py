"""Send the messages that are due. The table `ChatMessage` is the queue.

A message is sent at least once: if a worker is killed while it sends, another one sends the message again
after the lease. For an alert, a second message does less harm than none. Notices of one class that wait for
the same target become one message, so that many alerts at once are not many messages.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.common.public_address import absolute
from classroom_admin.integrations.chat_targets import services
from classroom_admin.integrations.chat_targets.models import ChatMessage, ChatTarget
from classroom_admin.integrations.chat_targets.receiving import gets
from classroom_admin.integrations.notices.sentences import sentence

log = logging.getLogger(__name__)

State = ChatMessage.State
LEASE: Final = timedelta(minutes=3)
"""Longer than sending takes: at most a few requests of `services.TIMEOUT_S` each."""
RETRIES: Final = tuple(timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 1800, 3600))
"""The waits after the first failed attempts. Later ones wait as long as the last."""
USEFUL_FOR: Final = timedelta(hours=6)
"""How long a message is tried. Later it says nothing new."""
MOST_LINES: Final = 15
KEPT_FOR: Final = timedelta(days=30)
WORK_S: Final = 4.0
_TIDY_AT_ONCE: Final = 500


def due() -> QuerySet[ChatMessage]:
    """Return the messages that a worker may claim now, also those of killed workers."""
    return ChatMessage.objects.filter(claimable_at__lte=clock.now(), target__is_on=True)


def work(within_s: float = WORK_S) -> bool:
    """Send due messages, and return whether more are due. None is begun after `within_s` seconds."""
    ends_at = clock.monotonic() + within_s
    while batch := claim():
        _deliver(batch)
        if clock.monotonic() >= ends_at:
            return due().exists()
    return False


def claim() -> list[ChatMessage]:
    """Claim and return the due messages of one target about one class, oldest first."""
    first = due().order_by("claimable_at", "pk").values_list("target", "notice__room").first()
    if first is None:
        return []
    of_class = due().filter(target=first[0], notice__room=first[1]).order_by("notice__at", "pk")
    now = clock.now()
    claimed = []
    for pk in of_class.values_list("pk", flat=True)[:MOST_LINES]:
        values = {"state": State.CLAIMED, "claimable_at": now + LEASE, "changed_at": now}
        if ChatMessage.objects.filter(pk=pk, claimable_at__lte=now).update(
            attempts=F("attempts") + 1, **values
        ):
            claimed.append(pk)
    found = ChatMessage.objects.filter(pk__in=claimed).select_related("target", "notice__room")
    return list(found.order_by("notice__at", "pk"))


def tidy() -> int:
    """Delete messages that were finished `KEPT_FOR` ago. Return how many."""
    old = ChatMessage.objects.filter(claimable_at=None, made_at__lt=clock.now() - KEPT_FOR)
    pks = list(old.values_list("pk", flat=True)[:_TIDY_AT_ONCE])
    return ChatMessage.objects.filter(pk__in=pks).delete()[0]


def retry_at(now: datetime, *, made_at: datetime, attempts: int) -> datetime | None:
    """Return when a message is tried again after `attempts` failures, or None if it is too late then."""
    at = now + RETRIES[min(attempts, len(RETRIES)) - 1]
    return at if at <= made_at + USEFUL_FOR else None


def words(messages: Sequence[ChatMessage]) -> tuple[str, str]:
    """Return the title and the text of one message about the notices of a class.

    Times are in the time zone of the school, because many people read the message.
    """
    target, room = messages[0].target, messages[0].notice.room
    zone = ZoneInfo(settings.TIME_ZONE)
    with translation.override(target.language):
        lines = [
            f"{date_format(one.notice.at.astimezone(zone), 'H:i')} {sentence(one.notice)}" for one in messages
        ]
        title = str(room)
    return title, "\n".join([*lines, absolute(reverse("live:class", args=[room.key]))])


def _deliver(batch: Sequence[ChatMessage]) -> None:
    """Send a batch as one message, and store the outcome."""
    target = batch[0].target
    earliest = clock.now() - USEFUL_FOR
    wanted = [one for one in batch if gets(target, one.notice) and one.made_at >= earliest]
    # Delete what the target no longer gets, and what is old, such as messages of a restored backup.
    ChatMessage.objects.filter(pk__in={one.pk for one in batch} - {one.pk for one in wanted}).delete()
    if not wanted:
        return
    title, text = words(wanted)
    problem = services.send(target, title=title, text=text)
    now = clock.now()
    if problem is None:
        _settle(wanted, state=State.SENT, claimable_at=None, problem=None)
        note_success(target)
        return
    log.warning("a message to the chat service %s was not sent: %s", target.key, problem)
    note_failure(target, problem)
    for one in wanted:
        at = retry_at(now, made_at=one.made_at, attempts=one.attempts)
        state = State.FAILED if at is None else State.WAITING
        _settle([one], state=state, claimable_at=at, problem=problem.as_json())
    _postpone_others(target, now + RETRIES[0])


def note_success(target: ChatTarget) -> None:
    """Remember that a message arrived."""
    ChatTarget.objects.filter(pk=target.pk).update(sent_at=clock.now(), failed_at=None, problem=None)


def note_failure(target: ChatTarget, problem: Problem) -> None:
    """Remember why the last attempt failed, for the page of administrators."""
    ChatTarget.objects.filter(pk=target.pk).update(failed_at=clock.now(), problem=problem.as_json())


def _postpone_others(target: ChatTarget, at: datetime) -> None:
    """Let the other messages of a target that fails wait, so that it does not block the other targets."""
    waiting = ChatMessage.objects.filter(target=target, state=State.WAITING, claimable_at__lt=at)
    waiting.update(claimable_at=at)


def _settle(batch: Collection[ChatMessage], **values: object) -> None:
    """Store the outcome of claimed messages, unless another worker has claimed them since."""
    for one in batch:
        own = ChatMessage.objects.filter(pk=one.pk, state=State.CLAIMED, attempts=one.attempts)
        own.update(changed_at=clock.now(), **values)
