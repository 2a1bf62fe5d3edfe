"""Make and read the stored figures of classes that are over.

The background task makes them after each class, and again when events arrive late, when the class gets
another list, or when a threshold changes. `current` makes them at once if they are missing or outdated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from classroom_admin.common import clock, names
from classroom_admin.reports.attendance import Attendee
from classroom_admin.reports.class_attendance import ClassReport, report_of, thresholds_of
from classroom_admin.reports.evidence import evidence_of
from classroom_admin.reports.models import ClassSummary, Correction, PersonSummary
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Answer, ChatMessage, Participant, Room, RoomState

OVER: Final = Q(state__in=(RoomState.ENDED, RoomState.CLOSED)) | Q(gone_at__isnull=False) | (
    Q(state=None) & Q(profile_state__in=(RoomState.ENDED, RoomState.CLOSED))
)  # fmt: skip
"""The condition that a room's class is over."""


@dataclass(slots=True)
class Took:
    """What a person did in a class, with durations in ms. `spans` is like `PersonSummary.spans`."""

    chat: int = 0
    hands: int = 0
    stage_ms: int = 0
    camera_ms: int = 0
    answers: int = 0
    correct: int = 0
    graded: int = 0
    rewards: int = 0
    spans: dict[str, list[list[int]]] = field(default_factory=dict)


def outdated(rooms: QuerySet[Room]) -> QuerySet[Room]:
    """Return the classes in `rooms` that are over and whose summary is missing or outdated."""
    late, early = (60.0 * m for m in (settings.LATE_AFTER_MINUTES, settings.LEFT_EARLY_MINUTES))
    same = (
        Q(summary__room_version=F("version"))
        & (Q(summary__class_list=F("class_list")) | Q(summary__class_list=None, class_list=None))
        & (
            Q(summary__list_version=F("list_version"))
            | Q(summary__list_version=None, list_version=None, summary__list_number=F("list_now"))
        )
        & Q(summary__late_s=F("late_now"), summary__early_s=F("early_now"))
    )
    annotated = rooms.filter(OVER, parent=None).annotate(
        list_now=Coalesce(F("class_list__version"), 0),
        late_now=Coalesce(F("class_list__late_after_minutes") * 60.0, late),
        early_now=Coalesce(F("class_list__left_early_minutes") * 60.0, early),
    )
    made = annotated.filter(same).values("pk")
    return annotated.exclude(pk__in=made)


def refresh(room: Room) -> ClassSummary:
    """Make the summary of a class that is over, and store it in the place of an earlier one."""
    report, evidence = report_of(room), evidence_of(room)
    limits = thresholds_of(room)
    took = {one.user_uuid: Took() for one in class_selectors.presence(room)}
    _count(room, took)
    with transaction.atomic():
        ClassSummary.objects.filter(room=room).delete()
        summary = ClassSummary.objects.create(
            room=room,
            made_at=clock.now(),
            room_version=room.version,
            class_list_id=room.class_list_id,
            list_version_id=room.list_version_id,
            list_number=room.class_list.version if room.class_list else 0,
            late_s=limits.late_after.total_seconds(),
            early_s=limits.early_before.total_seconds(),
            starts_at=report.attendance.time.starts_at,
            ends_at=report.attendance.time.ends_at,
            students=report.attendance.total,
            unlisted=len(report.unlisted),
            events=evidence.events,
            gaps=[[_ms(gap.start), _ms(gap.stop)] for gap in evidence.gaps],
        )
        corrections = newest_corrections(room)
        people = _people(summary, report, took, corrections)
        PersonSummary.objects.bulk_create(people, batch_size=500)
    return summary


def current(room: Room) -> ClassSummary:
    """Return the summary of a class that is over. Make it first if it is missing or outdated."""
    if outdated(Room.objects.filter(pk=room.pk)).exists():
        return refresh(room)
    return room.summary


def refresh_outdated(rooms: QuerySet[Room], *, most: int) -> int:
    """Make up to `most` missing or outdated summaries, newest classes first. Return how many were made."""
    found = list(
        outdated(rooms).select_related("class_list", "list_version").order_by("-ended_at", "-pk")[:most]
    )
    for room in found:
        refresh(room)
    return len(found)


def newest_corrections(room: Room) -> dict[str, Correction]:
    """Return the correction that counts for each corrected person of a class, by `person_key`."""
    newest: dict[str, Correction] = {}
    for one in Correction.objects.filter(room=room).order_by("pk"):
        newest[one.person_key] = one
    return {key: one for key, one in newest.items() if one.status}


def person_key(row: Attendee) -> str:
    """Return the key of a person that is the same in all classes with the same class list."""
    listed, people = row.match.listed, row.match.people
    if listed.user_uuid:
        return f"id:{listed.user_uuid}"
    return (
        f"name:{names.exact_key(listed.name)}" if listed.name or not people else f"id:{people[0].user_uuid}"
    )


def _people(
    summary: ClassSummary,
    report: ClassReport,
    took: Mapping[str, Took],
    corrections: Mapping[str, Correction],
) -> Iterator[PersonSummary]:
    groups = ((report.listed, True), (report.unlisted, False), (report.others, False))
    seen: set[str] = set()
    for rows, counts in groups:
        for row in rows:
            one = _person(summary, row, took, counts=counts)
            if one.person_key in seen:  # two people on the list have the same name and no id
                one.person_key = f"{one.person_key}#{len(seen)}"
            seen.add(one.person_key)
            one.correction = corrections.get(one.person_key)
            yield one


def _person(summary: ClassSummary, row: Attendee, took: Mapping[str, Took], *, counts: bool) -> PersonSummary:
    listed, people = row.match.listed, row.match.people
    ids = [person.user_uuid for person in people]
    did = [took[user_uuid] for user_uuid in ids if user_uuid in took]
    return PersonSummary(
        summary=summary,
        room_id=summary.room_id,
        person_key=person_key(row),
        user_uuid=listed.user_uuid or (ids[0] if ids else ""),
        more_ids=[one for one in ids if one != (listed.user_uuid or ids[0])],
        name=(people[0].name if people else "") or listed.name,
        list_name=listed.name if summary.list_number or summary.list_version_id else "",
        group=listed.group,
        role=people[0].role if people else "student",
        counts=counts,
        status=row.status or "",
        first_in=row.first_in,
        last_out=row.last_out,
        present_ms=_length_ms(row.present),
        share=row.share,
        late_ms=None if row.late is None else _length_ms(row.late),
        left_early_ms=None if row.left_early is None else _length_ms(row.left_early),
        reconnects=row.reconnects,
        chat=sum(one.chat for one in did),
        hands=sum(one.hands for one in did),
        stage_ms=sum(one.stage_ms for one in did),
        camera_ms=sum(one.camera_ms for one in did),
        answers=sum(one.answers for one in did),
        correct=sum(one.correct for one in did),
        graded=sum(one.graded for one in did),
        rewards=sum(one.rewards for one in did),
    )


def _count(room: Room, took: dict[str, Took]) -> None:
    """Count messages, answers and rewards of each person."""
    rooms = class_selectors.room_ids(room)
    said = ChatMessage.objects.filter(room__in=rooms).exclude(user_uuid="").values_list("user_uuid")
    for user_uuid, number in said.order_by().annotate(n=Count("pk")):
        took.setdefault(user_uuid, Took()).chat = number
    answers = Answer.objects.filter(room=room).values_list("user_uuid").order_by()
    counted = answers.annotate(
        n=Count("pk"), right=Count("pk", Q(is_correct=True)), graded=Count("is_correct")
    )
    for user_uuid, number, right, graded in counted:
        did = took.setdefault(user_uuid, Took())
        did.answers, did.correct, did.graded = number, right, graded
    for user_uuid, number in Participant.objects.filter(room=room).values_list("user_uuid", "rewards"):
        took.setdefault(user_uuid, Took()).rewards = number


def _length_ms(duration: timedelta) -> int:
    return round(duration / timedelta(milliseconds=1))


def _ms(when: Any) -> int | None:
    return None if when is None else round(when.timestamp() * 1000)
