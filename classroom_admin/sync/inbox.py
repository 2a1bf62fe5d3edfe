"""Store the bytes of a cloud response, then parse and store its events. Quarantine unreadable content.

`keep` and `read` are two transactions. If the process dies between them, `unread` finds the response again.
Reading the same response or the same event twice changes nothing.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from classroom_admin.agora.answers import RawAnswer, read_events_answer
from classroom_admin.agora.errors import CloudError
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.common.problem_texts import in_english
from classroom_admin.common.problems import Problem
from classroom_admin.events import Stream, Undecodable
from classroom_admin.sync import (
    chat_items,
    delays,
    erased_people,
    gaps,
    garbage_collection,
    health,
    notices,
    registry,
    sealed,
    sorting,
    statements,
    webhook_items,
)
from classroom_admin.sync.cursors import Cursor
from classroom_admin.sync.lease import Held, renew
from classroom_admin.sync.models import InboxAnswer, Quarantine, StoredEvent
from classroom_admin.sync.sorting import Item

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=1)
TICK = timedelta(milliseconds=1)
LONGEST_EMPTY = 500
STORED_COLUMNS = (
    "room_id",
    "stream",
    "sequence",
    "digest",
    "cmd",
    "ts_ms",
    "received_at",
    "raw",
    "answer_id",
)
STREAM_OF: dict[str, Stream] = {
    InboxAnswer.Source.POLL.value: Stream.ROOM,
    InboxAnswer.Source.ROOM.value: Stream.ROOM,
    InboxAnswer.Source.QUIZ.value: Stream.QUIZ,
    InboxAnswer.Source.POLL_WIDGET.value: Stream.POLL,
}
OF_CHAT = (InboxAnswer.Source.CHAT_CALL.value, InboxAnswer.Source.CHAT_HOURS.value)
WEBHOOKS = (InboxAnswer.Source.RELAY, InboxAnswer.Source.NOTICE, InboxAnswer.Source.CHAT_CALL)
WEBHOOK_READS_ITS_OWN = timedelta(seconds=5)
"""How long only the webhook request itself may read its items, because it reports how many are new."""


@dataclass(slots=True)
class Found:
    """The result of reading a response.

    `rooms` are ids of rooms with new events to project. `sequences` are all sequence numbers in the response
    in ascending order, including those of events that were already stored. `set_aside` counts the new webhook
    items without a known room. If the whole response could not be read, `problem` is the reason.
    """

    items: int = 0
    stored: int = 0
    quarantined: int = 0
    set_aside: int = 0
    rooms: set[int] = field(default_factory=set)
    sequences: list[int] = field(default_factory=list)
    next_id: str | None = None
    problem: Problem | None = None


def keep(
    raw: RawAnswer, *, source: InboxAnswer.Source, room_uuid: str = "", held: Held | None = None
) -> InboxAnswer:
    """Commit the bytes of a response unchanged.

    Raise `FenceLost` if this process no longer has the lease `held`.
    """
    with transaction.atomic():
        if held is not None:
            renew(held, last_poll_at=clock.now())
        values = {
            "source": source.value,
            "room_uuid": room_uuid,
            "body": raw.body,
            "http_status": raw.http_status,
            "request_id": (raw.request_id or "")[:128],
            "fence": held.fence if held else 0,
            "received_at": clock.from_ms(raw.received_at_ms),
        }
        return InboxAnswer(pk=statements.insert_one(InboxAnswer, values), **values)


def is_empty(body: bytes) -> bool:
    """Return whether a response contains no events. Return False for a long response without parsing it."""
    if len(body) > LONGEST_EMPTY:
        return False
    try:
        content = read_events_answer(body)
    except CloudError:
        return False
    return not content.events and not content.unreadable and content.next_id is None


def unread(*, received_before: datetime | None = None) -> list[int]:
    """Return ids of responses that a process committed but did not read before it died, the oldest first."""
    recent = clock.now() - WEBHOOK_READS_ITS_OWN
    of_webhook = Q(source__in=WEBHOOKS, received_at__gt=recent)
    answers = InboxAnswer.objects.filter(~of_webhook, read_at__isnull=True)
    if received_before is not None:
        answers = answers.filter(received_at__lt=received_before)
    return list(answers.order_by("id").values_list("id", flat=True))


def read(answer_id: int, *, body: bytes | None = None) -> Found:
    """Store the new events of a committed response in one transaction. Quarantine what can't be read.

    A caller that still has the bytes passes them as `body`, because they may be the largest value to read.
    """
    with garbage_collection.paused(), transaction.atomic():
        locked = InboxAnswer.objects.select_for_update()
        answer = (locked if body is None else locked.defer("body")).get(pk=answer_id)
        if body is not None:
            answer.body = body
        if answer.read_at is not None:
            return Found()
        try:
            found = _read(answer)
        except webhook_items.Refused as error:
            answer.delete()  # the sender gets the reason and can send the items again
            return Found(problem=Problem("plain", {"text": str(error)}))
        InboxAnswer.objects.filter(pk=answer.pk).update(read_at=clock.now())
    if found.problem or found.quarantined:
        why = found.problem or f"{found.quarantined} items could not be stored"
        log.warning("answer %s is in quarantine: %s", answer_id, why)
    return found


def read_waiting_calls(chat_room_id: str) -> set[int]:
    """Read the callbacks of a chat room again after its class became known.

    Return the ids of rooms with new events.
    """
    rooms: set[int] = set()
    waiting = InboxAnswer.objects.filter(source=InboxAnswer.Source.CHAT_CALL, room_uuid=chat_room_id)
    for answer_id in waiting.filter(read_at__isnull=False).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            rooms |= _read(InboxAnswer.objects.select_for_update().get(pk=answer_id)).rooms
    return rooms


def read_quarantine_again() -> int:
    """Read quarantined responses again, because a later release may be able to read more of them.

    Return how many events were stored.
    """
    waiting = Quarantine.objects.filter(resolved_at__isnull=True, event__isnull=True, answer__isnull=False)
    stored = 0
    for answer_id in sorted(set(waiting.values_list("answer_id", flat=True))):
        with transaction.atomic():
            answer = InboxAnswer.objects.select_for_update().get(pk=answer_id)
            Quarantine.objects.filter(answer=answer, resolved_at__isnull=True).delete()
            stored += _read(answer).stored
    return stored


def prune() -> int:
    """Delete old responses that were read and have no content in quarantine. Return how many were deleted."""
    aside = Quarantine.objects.filter(answer=OuterRef("pk"))
    old = InboxAnswer.objects.filter(received_at__lt=clock.now() - KEPT_FOR, read_at__isnull=False)
    pruned, _by_model = old.filter(~Exists(aside)).delete()
    return pruned


def _read(answer: InboxAnswer) -> Found:
    body = bytes(answer.body)
    if answer.source == InboxAnswer.Source.RELAY:
        return _read_webhook(answer, body)
    if answer.source == InboxAnswer.Source.NOTICE:
        return _read_notice(answer, body)
    if answer.source in OF_CHAT:
        batch, items = chat_items.sort_items(body, app_key=answer.request_id)
        return _store(answer, batch, Found(items=items))
    try:
        content = read_events_answer(body)
    except CloudError as error:
        text, details = sorting.storable(body), health.details(error)
        # A proxy may send the same sign-in page every second. Quarantine such a response only once.
        latest = Quarantine.objects.filter(whole_answer=True, resolved_at__isnull=True).first()
        if latest is None or latest.raw != text:
            _put_aside(answer, [(in_english(details), text)], whole=True)
        return Found(problem=Problem("poll_unreadable", {"details": details}), quarantined=1)
    batch = sorting.sort(
        content,
        stream=STREAM_OF[answer.source],
        room_uuid=answer.room_uuid,
    )
    found = Found(items=len(content.events) + len(content.unreadable), next_id=content.next_id)
    return _store(answer, batch, found)


def _read_webhook(answer: InboxAnswer, body: bytes) -> Found:
    """Store all items of a webhook request, or none. Quarantine a repeated item only once."""
    items = webhook_items.read_items(body, request=answer.request_id)
    batch = webhook_items.sort_items(items)
    known = set(
        Quarantine.objects.filter(raw__in=[raw for _, raw in batch.aside]).values_list("raw", flat=True)
    )
    batch.aside = list({raw: (why, raw) for why, raw in batch.aside if raw not in known}.values())
    return _store(answer, batch, Found(items=len(items), set_aside=len(batch.aside)))


def _read_notice(answer: InboxAnswer, body: bytes) -> Found:
    rewritten = erased_people.notice_without_erased(body)
    if rewritten != body:
        InboxAnswer.objects.filter(pk=answer.pk).update(body=rewritten)
        body = rewritten
    try:
        stored = notices.store(body, received_at=answer.received_at)
    except Undecodable as error:
        _put_aside(answer, [(error.reason, sorting.storable(body))])
        return Found(items=1, quarantined=1)
    return Found(items=1, stored=int(stored))


def _store(answer: InboxAnswer, batch: sorting.Sorted, found: Found) -> Found:
    """Store the new events of a response that was sorted. Add the result to `found` and return it."""
    cursors = registry.lock(batch.places)
    if erased_people.without_erased(batch):
        body = erased_people.body_without_erased(bytes(answer.body))
        InboxAnswer.objects.filter(pk=answer.pk).update(body=body)
    sealed.leave_out(batch, received_at=answer.received_at)
    fresh: list[statements.Row] = []
    touched: list[Cursor] = []
    for place, items in batch.places.items():
        found.sequences += [item.sequence for item in items.values() if item.sequence is not None]
        new = _only_new(cursors[place], items, batch.aside)
        if new:
            fresh += _rows(cursors[place], new, answer)
            if answer.source == InboxAnswer.Source.POLL:
                delays.note_stored(new)
            gaps.update(cursors[place], sorted(n.sequence for n in new if n.sequence is not None))
            touched.append(cursors[place])
    statements.insert(StoredEvent, STORED_COLUMNS, fresh)
    for place, item in batch.repeats:
        kept = StoredEvent.objects.get(
            room_id=cursors[place].room_id, stream=cursors[place].stream, sequence=item.sequence
        )
        if item.differs_from(cmd=kept.cmd, ts_ms=kept.ts_ms):
            batch.aside.append((sorting.used_before(item), item.raw))
    _put_aside(answer, batch.aside)
    registry.advance(touched)
    for room_id in registry.revive({cursor.room_id for cursor in touched}):
        gaps.recheck(room_id)
    found.sequences.sort()
    found.stored, found.quarantined = len(fresh), len(batch.aside)
    found.rooms = {cursor.room_id for cursor in touched}
    return found


def _only_new(cursor: Cursor, items: Mapping[int | str, Item], aside: list[tuple[str, str]]) -> list[Item]:
    """Return the items that are not stored yet.

    If a different event is stored under an item's sequence number, add the item to `aside`.
    """
    numbers = [name for name in items if isinstance(name, int) and name <= cursor.stored_sequence]
    digests = [name for name in items if isinstance(name, str)]
    if not numbers and not digests:
        return list(items.values())
    of_place = StoredEvent.objects.filter(room_id=cursor.room_id, stream=cursor.stream)
    here: set[int | str] = set()
    for chunk in chunks(numbers):
        for stored in of_place.filter(sequence__in=chunk).only("sequence", "cmd", "ts_ms"):
            number = stored.sequence or 0
            here.add(number)
            if items[number].differs_from(cmd=stored.cmd, ts_ms=stored.ts_ms):
                aside.append((sorting.used_before(items[number]), items[number].raw))
    for of_peers in chunks(digests):
        here.update(of_place.filter(digest__in=of_peers).values_list("digest", flat=True))
    return [item for name, item in items.items() if name not in here]


def _rows(cursor: Cursor, items: list[Item], answer: InboxAnswer) -> list[statements.Row]:
    """Return rows with the values of `STORED_COLUMNS` for new events.

    A later response gets a later time of receipt even if the clock was set back. This time replaces the time
    of an event that has none.
    """
    received_at = answer.received_at
    if cursor.received_to is not None and received_at <= cursor.received_to:
        received_at = cursor.received_to + TICK
    cursor.received_to = received_at
    return [
        (
            cursor.room_id,
            cursor.stream,
            item.sequence,
            item.digest,
            item.cmd,
            item.ts_ms,
            received_at,
            item.raw,
            answer.pk,
        )
        for item in items
    ]


def _put_aside(answer: InboxAnswer, aside: list[tuple[str, str]], *, whole: bool = False) -> None:
    """Quarantine the items in `aside` that are not in quarantine already."""
    if aside and not whole:
        waiting = Quarantine.objects.filter(event__isnull=True, resolved_at__isnull=True)
        known = set(waiting.filter(raw__in=[raw for _, raw in aside]).values_list("reason", "raw"))
        aside = [one for one in dict.fromkeys(aside) if (one[0][:300], one[1]) not in known]
    Quarantine.objects.bulk_create(
        [
            Quarantine(
                answer=answer,
                raw=raw,
                whole_answer=whole,
                reason=reason[:300],
                found_at=answer.received_at,
            )
            for reason, raw in aside
        ]
    )
