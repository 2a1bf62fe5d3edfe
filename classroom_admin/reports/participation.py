"""Read from the database what people did in a class, and when quizzes, polls and recordings ran.

Counts include everything that happened in the class and its breakout rooms, even before the start and after
the end of the class. Durations and periods count only class time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from django.db.models import Count, Q, QuerySet, Sum

from classroom_admin.common.clock import to_ms
from classroom_admin.events import EventKind, Stream
from classroom_admin.events.hands_and_stage import ROOT
from classroom_admin.reports.spans import (
    CAMERA,
    FOREVER,
    HAND,
    STAGE,
    Followed,
    Span,
    follow,
    length,
    union,
    within,
    without,
)
from classroom_admin.reports.stays import ClassTime
from classroom_admin.rooms import recording_state
from classroom_admin.rooms.models import Answer, ChatMessage, Participant, Poll, Quiz, Recording, Room
from classroom_admin.sync import garbage_collection, presence_corrections
from classroom_admin.sync.models import PresenceCorrection, StoredEvent
from classroom_admin.sync.reader import KEPT_COLUMNS, Kept
from classroom_admin.sync.replay import Frame, frames_of, with_corrections

Track = list[list[Any]]
"""Periods with the cloud id of the quiz, poll or recording: [[from, to, id], ..] in ms since 1970 UTC."""
_ALWAYS: Final = tuple(
    kind.cmd
    for kind in (
        EventKind.CLASS_STATE,
        EventKind.PRESENCE,
        EventKind.HANDS,
        EventKind.STAGE,
        EventKind.STREAM,
        EventKind.STREAM_BATCH,
    )
)
_PROPERTIES: Final = (EventKind.ROOM_PROPERTIES.cmd, EventKind.ROOM_PROPERTIES_BATCH.cmd)
_MATTERS: Final = Q(cmd__in=_ALWAYS) | Q(cmd__in=_PROPERTIES, raw__contains=ROOT)
"""The condition that an event may change who is present, on stage, or has a raised hand or the camera on."""


@dataclass(slots=True)
class Participation:
    """What a person did in a class. `spans` has the periods "stage", "hand" and "camera" in class time."""

    chat: int = 0
    hands: int = 0
    answers: int = 0
    correct: int = 0
    graded: int = 0
    rewards: int = 0
    spans: dict[str, list[Span]] = field(default_factory=dict)

    @property
    def stage_ms(self) -> int:
        return length(self.spans.get(STAGE, ()))

    @property
    def camera_ms(self) -> int:
        return length(self.spans.get(CAMERA, ()))


def combined(parts: Iterable[Participation]) -> Participation:
    """Return what a person did who joined with several ids. Periods that overlap count once."""
    total = Participation()
    spans: dict[str, list[Span]] = defaultdict(list)
    for part in parts:
        total.chat += part.chat
        total.hands += part.hands
        total.answers += part.answers
        total.correct += part.correct
        total.graded += part.graded
        total.rewards += part.rewards
        for kind, own in part.spans.items():
            spans[kind] += own
    total.spans = {kind: union(own) for kind, own in spans.items()}
    return total


def participation_of(rooms: Sequence[int], time: ClassTime) -> dict[str, Participation]:
    """Return what each person did in a class, by cloud user id.

    `rooms` are the ids of the class and its breakout rooms.
    """
    found: dict[str, Participation] = defaultdict(Participation)
    spans: dict[str, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for followed in _followed(rooms):
        for user_uuid, one in followed.items():
            found[user_uuid].hands += len(one.spans[HAND])
            for kind, own in one.spans.items():
                spans[user_uuid][kind] += own
    for user_uuid, kinds in spans.items():
        found[user_uuid].spans = {kind: in_class(own, time) for kind, own in kinds.items()}
    _count(rooms, found)
    return dict(found)


def in_class(spans: Iterable[Span], time: ClassTime) -> list[Span]:
    """Return the parts of the periods in class time, in order and without overlaps."""
    if not time.has_begun:
        return []
    start = None if time.starts_at is None else to_ms(time.starts_at)
    return union(within(spans, start, to_ms(time.until)))


def _followed(rooms: Sequence[int]) -> Iterator[dict[str, Followed]]:
    """Yield the periods of the people in each room."""
    stored = StoredEvent.objects.filter(room__in=rooms, stream=Stream.ROOM).order_by("room", "sequence")
    columns = stored.filter(_MATTERS).values_list(*KEPT_COLUMNS)
    kept = (Kept(*row) for row in columns.iterator(chunk_size=2000))
    corrections = PresenceCorrection.objects.filter(room__in=rooms).order_by()
    corrected = set(corrections.values_list("room_id", flat=True).distinct())
    with garbage_collection.paused():
        for room_id, rows in groupby(kept, key=attrgetter("room_id")):
            frames = _frames(stored.filter(room=room_id), list(rows))
            if room_id in corrected:
                frames = with_corrections(frames, presence_corrections.of(room_id))
            yield follow(frames)


def _frames(stored: QuerySet[StoredEvent], rows: Sequence[Kept]) -> list[Frame]:
    """Return the frames of `rows`. If one has no time, read all events, because its neighbours have times."""
    if all(row.ts_ms is not None for row in rows):
        return frames_of(rows)
    wanted = {row.pk for row in rows}
    everything = stored.values_list(*KEPT_COLUMNS).iterator(chunk_size=2000)
    return [frame for frame in frames_of(Kept(*row) for row in everything) if frame.pk in wanted]


def _count(rooms: Sequence[int], found: Mapping[str, Participation]) -> None:
    """Count messages, answers and rewards. `found` creates missing people."""
    said = ChatMessage.objects.filter(room__in=rooms, kind=ChatMessage.Kind.CHAT).exclude(user_uuid="")
    for user_uuid, number in said.order_by().values_list("user_uuid").annotate(n=Count("pk")):
        found[user_uuid].chat = number
    answers = Answer.objects.filter(room__in=rooms).order_by().values_list("user_uuid")
    is_quiz = Q(of=Answer.Of.QUIZ)
    graded, right = Count("is_correct", is_quiz), Count("pk", is_quiz & Q(is_correct=True))
    for user_uuid, *numbers in answers.annotate(n=Count("pk"), graded=graded, right=right):
        did = found[user_uuid]
        did.answers, did.graded, did.correct = numbers
    rewarded = Participant.objects.filter(room__in=rooms).exclude(rewards=0).order_by()
    for user_uuid, number in rewarded.values_list("user_uuid").annotate(n=Sum("rewards")):
        found[user_uuid].rewards = number


def tracks_of(room: Room, time: ClassTime) -> dict[str, Track]:
    """Return when quizzes, polls and recordings ran, in class time. Pauses of recordings are left out.

    Failed recordings and recordings without files are omitted.
    """
    quizzes = Quiz.objects.filter(room=room).values_list("quiz_id", "started_at", "ended_at")
    polls = Poll.objects.filter(room=room).values_list("poll_id", "started_at", "ended_at")
    return {
        "quiz": _track(((one, [_span(start, stop)]) for one, start, stop in quizzes if start), time),
        "poll": _track(((one, [_span(start, stop)]) for one, start, stop in polls if start), time),
        "recording": _track(_recorded(room), time),
    }


def recorded_ms(tracks: Mapping[str, Track]) -> int:
    """Return how long (ms) a class was recorded. Recordings that overlap count once."""
    return length(union((start, stop) for start, stop, _record_id in tracks["recording"]))


def _recorded(room: Room) -> Iterator[tuple[str, list[Span]]]:
    """Yield the id of each usable recording and its periods without pauses."""
    recordings = list(
        Recording.objects.filter(room=room, started_at__isnull=False, files_missing=False, unready=False)
        .exclude(state=Recording.State.FAILED)
        .order_by("started_at", "pk")
    )
    commands = recording_state.commands_of(room) if recordings else []
    for one in recordings:
        runs = one.state == Recording.State.RECORDING
        whole = _span(one.started_at, None if runs else one.ended_at or one.started_at)
        own = recording_state.accepted_for(one, commands)
        pauses = [_span(start, stop) for start, stop in recording_state.pauses_of(one, own)]
        yield one.record_id, without(whole, pauses)


def _track(periods: Iterable[tuple[str, list[Span]]], time: ClassTime) -> Track:
    return sorted([start, stop, label] for label, spans in periods for start, stop in in_class(spans, time))


def _span(start: Any, stop: Any) -> Span:
    return to_ms(start), FOREVER if stop is None else to_ms(stop)
