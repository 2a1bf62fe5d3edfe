"""Collect what an incident report says about a stretch of a class, as JSON values without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Min, Q, QuerySet
from django.utils import timezone
from django.utils.text import capfirst

from classroom_admin.audit.actions import COMMANDS
from classroom_admin.audit.models import Entry, Step
from classroom_admin.audit.selectors import last_step
from classroom_admin.common import clock
from classroom_admin.common.clock import iso
from classroom_admin.common.problem_texts import reason_in
from classroom_admin.common.redaction import shown_address, text_without_secrets, without_secrets
from classroom_admin.reports.evidence import evidence_of
from classroom_admin.rooms import class_selectors, recording_state
from classroom_admin.rooms.class_selectors import room_ids
from classroom_admin.rooms.models import ChatMessage, Participant, PeerMessage, Presence, Recording, Room
from classroom_admin.rooms.recording_offsets import Recorded, nearest_s
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.audit_sentences import describe
from classroom_admin.web.classroom.events import event_rows, groups_of

MOST: Final = 20_000
"""The largest number of entries of each kind. If there are more, `cut` in the report names the kind."""
_EVENTS_AT_ONCE: Final = 500
_ISOLATES: Final = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a class, from `start` to `end` (both inclusive, in cloud time)."""

    start: datetime
    end: datetime


def whole_class(room: Room) -> Span:
    """Return the stretch from the start or the first entry to the end or the last event of a class.

    While the class runs, the end is now.
    """
    first = Presence.objects.filter(room__in=room_ids(room)).aggregate(at=Min("entered_at"))["at"]
    starts = [at for at in (first, room.started_at or room.planned_start_at) if at is not None]
    start = min(starts, default=room.known_since)
    is_over = room.ended_at or room.closed_at or room.gone_at
    ends = [at for at in (room.ended_at, room.last_event_at) if at is not None]
    end = max(ends, default=start) if is_over else clock.cloud_now()
    return Span(start=start, end=max(start, end))


def collect(room: Room, span: Span) -> dict[str, Any]:
    """Return the parts of the report by name. Each part becomes a JSON file."""
    names = dict(
        Participant.objects.filter(room__in=room_ids(room)).exclude(name="").values_list("user_uuid", "name")
    )
    entries = _entries(room, span)
    parts = {
        "presence": _stays(room, span, names),
        "chat": _chat(room, span),
        "direct_messages": _direct_messages(room, span, names),
        "commands": [entry for entry in entries if entry["action"] in COMMANDS],
        "audit": [entry for entry in entries if entry["action"] not in COMMANDS],
        "events": list(_events(room, span)),
        "recordings": list(_recordings(room, span)),
    }
    cut = sorted(name for name, found in parts.items() if len(found) > MOST)
    found = {name: some[:MOST] for name, some in parts.items()}
    return {"evidence": {**_evidence(room, span), "cut": cut}, **found}


def _evidence(room: Room, span: Span) -> dict[str, Any]:
    """Return how complete the events of the stretch are. A gap without a known limit may concern it."""
    found = evidence_of(room)
    gaps = [
        {"from": iso(gap.start), "to": iso(gap.stop)}
        for gap in found.gaps
        if (gap.start is None or gap.start <= span.end) and (gap.stop is None or gap.stop >= span.start)
    ]
    return {
        "complete": not gaps,
        "gaps": gaps,
        "events_of_the_class": found.events,
        "deleted_by_retention": {
            "chat_texts_at": iso(room.chat_deleted_at),
            "direct_messages_at": iso(room.direct_deleted_at),
            "events_at": iso(room.sealed_at),
        },
    }


def _stays(room: Room, span: Span, names: dict[str, str]) -> list[dict[str, Any]]:
    roles = dict(Participant.objects.filter(room__in=room_ids(room)).values_list("user_uuid", "role"))
    overlap = Q(left_at=None) | Q(left_at__gte=span.start)
    stays = Presence.objects.filter(overlap, room__in=room_ids(room), entered_at__lte=span.end)
    return [
        {
            "user_id": stay.user_uuid,
            "name": names.get(stay.user_uuid, ""),
            "role": roles.get(stay.user_uuid, ""),
            "entered_at": iso(stay.entered_at),
            "left_at": iso(stay.left_at),
            "removed": stay.kicked,
            "approximate": stay.approximate,
        }
        for stay in stays.order_by("entered_at", "pk")[: MOST + 1]
    ]


def _chat(room: Room, span: Span) -> list[dict[str, Any]]:
    groups = groups_of(room)
    found = ChatMessage.objects.filter(room__in=room_ids(room), sent_at__range=(span.start, span.end))
    return [
        {
            "at": iso(message.sent_at),
            "user_id": message.user_uuid,
            "name": message.name,
            "role": message.role,
            "kind": message.kind,
            "breakout_room": groups.get(message.room_id, ""),
            "text": text_without_secrets(message.text),
            "text_deleted": message.deleted,
        }
        for message in found.order_by("sent_at", "sequence", "pk")[: MOST + 1]
    ]


def _direct_messages(room: Room, span: Span, names: dict[str, str]) -> list[dict[str, Any]]:
    found = PeerMessage.objects.filter(room__in=room_ids(room), sent_at__range=(span.start, span.end))
    return [
        {
            "at": iso(message.sent_at),
            "user_id": message.user_uuid,
            "name": message.name or names.get(message.user_uuid, ""),
            "to_user_id": message.to_user_uuid,
            "to_name": names.get(message.to_user_uuid, ""),
            "text": text_without_secrets(message.text),
        }
        for message in found.order_by("sent_at", "arrived")[: MOST + 1]
    ]


def _entries(room: Room, span: Span) -> list[dict[str, Any]]:
    """Return the entries of the audit log about the class. The log has the times of this machine."""
    between = (clock.as_our_time(span.start), clock.as_our_time(span.end))
    found = Entry.objects.filter(room_uuid=room.room_uuid, at__range=between).order_by("id")
    return [_entry(entry) for entry in found.prefetch_related("steps")[: MOST + 1]]


def _entry(entry: Entry) -> dict[str, Any]:
    description, step = describe(entry), last_step(entry)
    kind = Step.Kind(step.kind) if step else Step.Kind.REQUESTED
    return {
        "at": iso(entry.at),
        "person": entry.actor_name,
        "action": entry.action,
        "words": _plain(" · ".join([description.sentence, *description.more])),
        "reason": text_without_secrets(description.reason),
        "target": entry.target,
        "target_name": entry.target_name,
        "outcome": kind.value,
        "outcome_words": capfirst(str(kind.label)),
        "message": text_without_secrets(reason_in(step.detail if step else {})),
        "steps": [{"kind": one.kind, "at": iso(one.at)} for one in entry.steps.all()],
        "params": without_secrets(entry.params),
    }


def _events(room: Room, span: Span) -> Iterator[dict[str, Any]]:
    """Return the events of the stretch in words. Direct messages are a part of their own."""
    first, last = (round(at.timestamp() * 1000) for at in (span.start, span.end))
    received = Q(ts_ms=None, received_at__range=(span.start, span.end))
    found: QuerySet[StoredEvent] = StoredEvent.objects.exclude(stream="peer").filter(
        Q(ts_ms__range=(first, last)) | received, room__in=room_ids(room)
    )
    rows = list(found.order_by("ts_ms", "sequence", "pk")[: MOST + 1])
    for start in range(0, len(rows), _EVENTS_AT_ONCE):
        some = rows[start : start + _EVENTS_AT_ONCE]
        for stored, shown in zip(some, event_rows(room, some), strict=True):
            yield {
                "at": iso(shown["at"]),
                "stream": stored.stream,
                "sequence": stored.sequence,
                "type": stored.cmd,
                "words": text_without_secrets(_plain(str(shown["words"]))),
                "readable": not stored.unreadable,
            }


def _recordings(room: Room, span: Span) -> Iterator[dict[str, Any]]:
    """Return the recordings that cover a part of the stretch, and from which second to which."""
    commands = recording_state.commands_of(room)
    for recording in reversed(class_selectors.recordings(room)):
        start = recording.started_at
        end = recording.ended_at or clock.cloud_now()
        if start is None or start > span.end or end < span.start:
            continue
        pauses = recording_state.pauses_of(recording, recording_state.accepted_for(recording, commands))
        recorded = Recorded(key=recording.pk, start=start, end=end, pauses=tuple(pauses))
        yield {
            "recording": recording.record_id,
            "state": recording.state,
            "started_at": iso(start),
            "ended_at": iso(recording.ended_at),
            "pauses": [{"from": iso(first), "to": iso(last)} for first, last in pauses],
            "from_second": nearest_s(recorded, span.start),
            "to_second": nearest_s(recorded, span.end),
            "files": [
                shown_address(str(url)).partition("?")[0].rpartition("/")[2] for url in _files(recording)
            ],
        }


def _files(recording: Recording) -> list[Any]:
    return recording.file_urls if isinstance(recording.file_urls, list) else []


def _plain(words: str) -> str:
    """Return a sentence without the invisible characters around names."""
    return words.translate(_ISOLATES)


def local(moment: str | None) -> str:
    """Return an ISO time as text in the active time zone, exact to the second."""
    if not moment:
        return ""
    return timezone.localtime(datetime.fromisoformat(moment)).strftime("%Y-%m-%d %H:%M:%S")
