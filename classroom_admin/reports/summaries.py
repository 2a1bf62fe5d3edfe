"""Make and read the stored figures of classes that are over.

The background task makes them after each class, and again when events arrive late, when the class gets
another list, or when a threshold changes. `current` makes them at once if they are missing or outdated.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.common.clock import to_ms
from classroom_admin.reports import person_keys
from classroom_admin.reports.alert_history import alerts_of
from classroom_admin.reports.attendance import Attendee, Thresholds
from classroom_admin.reports.class_attendance import ClassReport, report_of, thresholds_of
from classroom_admin.reports.evidence import Evidence, evidence_of
from classroom_admin.reports.models import FIGURES_VERSION, ClassSummary, Correction, PersonSummary
from classroom_admin.reports.participation import (
    Participation,
    Track,
    combined,
    in_class,
    participation_of,
    recorded_ms,
    tracks_of,
)
from classroom_admin.reports.stays import ClassTime
from classroom_admin.rooms import class_lists, class_selectors
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.rooms.selectors import HEAVY
from classroom_admin.sync.reader import UNFORESEEN

log = logging.getLogger(__name__)

QUIET: Final = timedelta(seconds=30)
"""The task makes an outdated summary again when no event has arrived for this time."""
LATEST: Final = timedelta(minutes=5)
"""The task makes an outdated summary again after this time, even if events still arrive."""
_SAME_S: Final = 0.001
OVER: Final = Q(state__in=(RoomState.ENDED, RoomState.CLOSED)) | Q(gone_at__isnull=False) | (
    Q(state=None) & Q(profile_state__in=(RoomState.ENDED, RoomState.CLOSED))
)  # fmt: skip
"""The condition that a room's class is over."""


NOT_FROZEN: Final = Q(sealed_at=None) | Q(summary=None)
"""The condition that the figures of a class may be made again. Those of a sealed class stay as they are."""


class NotOver(Exception):
    """Raised if the summary of a class is requested that is not over, or of a breakout room."""


def is_over(room: Room) -> bool:
    """Return whether a class is over. The result is equal to the condition `OVER`."""
    return room.current_state in (RoomState.ENDED, RoomState.CLOSED) or room.gone_at is not None


def outdated(rooms: QuerySet[Room]) -> QuerySet[Room]:
    """Return the classes in `rooms` that are over and whose summary is missing or outdated."""
    of_list = Q(made_list=F("own_list"), made_version=F("own_version")) & (
        Q(own_version__gt=0) | Q(summary__list_number=F("list_now"))
    )
    same_limits = Q(
        summary__late_s__gt=F("late_now") - _SAME_S,
        summary__late_s__lt=F("late_now") + _SAME_S,
        summary__early_s__gt=F("early_now") - _SAME_S,
        summary__early_s__lt=F("early_now") + _SAME_S,
    )
    is_current = When(
        of_list
        & same_limits
        & Q(
            summary__room_version=F("versions_now"),
            summary__projection_version=F("projection_version"),
            summary__figures_version=FIGURES_VERSION,
        ),
        then=Value(1),
    )
    late, early = (60.0 * minutes for minutes in (settings.LATE_AFTER_MINUTES, settings.LEFT_EARLY_MINUTES))
    return (
        rooms.filter(OVER, NOT_FROZEN, parent=None)
        .annotate(
            versions_now=_versions(),
            own_list=Coalesce(F("class_list_id"), 0),
            own_version=Coalesce(F("list_version_id"), 0),
            made_list=Coalesce(F("summary__class_list_id"), 0),
            made_version=Coalesce(F("summary__list_version_id"), 0),
            list_now=Coalesce(F("class_list__version"), 0),
            late_now=Coalesce(F("class_list__late_after_minutes") * 60.0, late),
            early_now=Coalesce(F("class_list__left_early_minutes") * 60.0, early),
        )
        .annotate(is_current=Case(is_current, default=Value(0)))
        .filter(is_current=0)
    )


def _versions() -> Any:
    """Return an expression for the sum of the versions of a class and its breakout rooms."""
    rooms = Room.objects.filter(parent=OuterRef("pk")).order_by().values("parent")
    total = Coalesce(Subquery(rooms.annotate(n=Sum("version")).values("n")), 0)
    return F("version") + Case(When(groups_sequence__gt=0, then=total), default=Value(0))


def current(room: Room) -> ClassSummary:
    """Return the summary of a class that is over. Make it first if it is missing or outdated.

    Raise NotOver if the class is not over.
    """
    found = Room.objects.filter(pk=room.pk)
    if not found.filter(OVER, parent=None).exists():
        raise NotOver
    if outdated(found).exists():
        return refresh(room)
    return ClassSummary.objects.get(room=room)


def refresh_outdated(rooms: QuerySet[Room], *, within_s: float) -> int:
    """Make missing and outdated summaries for about `within_s` seconds, newest classes first.

    Leave out classes with an outdated summary whose events still arrive. If the summary of a class can't be
    made, log the error and go on. Return how many summaries were made.
    """
    ends_at = clock.monotonic() + within_s
    due = Q(summary=None) | Q(summary__made_at__lt=clock.now() - LATEST)
    due |= Q(last_event_at=None) | Q(last_event_at__lt=clock.cloud_now() - QUIET)
    newest_first = Coalesce("ended_at", "closed_at", "last_event_at", "known_since").desc()
    found = outdated(rooms).filter(due).order_by(newest_first, "-pk").values_list("pk", flat=True)
    made = 0
    for pk in list(found):
        try:
            refresh(Room(pk=pk))
            made += 1
        except (DatabaseError, *UNFORESEEN):
            log.exception("the summary of room %s can't be made", pk)
        if clock.monotonic() >= ends_at:
            break
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """The figures of a class before they are stored. `people` are in the order of the report."""

    room: Room
    begun_at: datetime
    thresholds: Thresholds
    report: ClassReport
    evidence: Evidence
    tracks: dict[str, Track]
    people: list[PersonSummary]
    other_keys: dict[str, list[str]]

    @property
    def time(self) -> ClassTime:
        return self.report.attendance.time


def refresh(room: Room) -> ClassSummary:
    """Make the summary of a class that is over, and store it in the place of an earlier one.

    Read what the summary is made of before the figures. If something changes meanwhile, the summary is
    outdated and is made again. Two processes may do this for the same class at the same time.
    """
    begun_at = clock.now()
    rooms = Room.objects.defer(*HEAVY).select_related("class_list", "list_version")
    fresh = rooms.annotate(versions_now=_versions()).get(pk=room.pk)
    return _store(_figures(fresh, begun_at))


def _figures(room: Room, begun_at: datetime) -> _Figures:
    report = report_of(room)
    time = report.attendance.time
    did = participation_of(class_selectors.room_ids(room), time)
    people: list[PersonSummary] = []
    other_keys: dict[str, list[str]] = {}
    counted = len(report.listed)
    rows = person_keys.keyed([*report.listed, *report.unlisted, *report.others])
    for number, (key, row) in enumerate(rows):
        people.append(_person(room, key, row, did, time, counts=number < counted))
        other_keys[key] = person_keys.other_keys_of(key, row)
    return _Figures(
        room=room,
        begun_at=begun_at,
        thresholds=thresholds_of(room),
        report=report,
        evidence=evidence_of(room),
        tracks=tracks_of(room, time),
        people=people,
        other_keys=other_keys,
    )


def _store(figures: _Figures) -> ClassSummary:
    with transaction.atomic():
        summary, is_newer = _stored(figures)
        if is_newer:
            return summary
        newest = newest_corrections(figures.room.pk, figures.other_keys)
        for one in figures.people:
            one.summary, one.correction = summary, newest.get(one.person_key)
        _replace_people(summary, figures.people)
    return summary


def _stored(figures: _Figures) -> tuple[ClassSummary, bool]:
    """Store the row of the class and lock it. The second value is True if another process has newer figures.

    The lock makes corrections wait, so none is lost.
    """
    columns = _columns(figures)
    stored = ClassSummary.objects.select_for_update().filter(room=figures.room).first()
    if stored is None:
        try:
            with transaction.atomic():
                return ClassSummary.objects.create(room=figures.room, **columns), False
        except IntegrityError:  # Another process has stored the first summary in the meantime.
            stored = ClassSummary.objects.select_for_update().get(room=figures.room)
    if stored.made_at >= figures.begun_at and stored.room_version > columns["room_version"]:
        return stored, True
    for name, value in columns.items():
        setattr(stored, name, value)
    stored.save()
    return stored, False


def _columns(figures: _Figures) -> dict[str, Any]:
    room: Any = figures.room
    attendance, time = figures.report.attendance, figures.time
    return {
        "made_at": clock.now(),
        "room_version": room.versions_now,
        "projection_version": room.projection_version,
        "figures_version": FIGURES_VERSION,
        "class_list_id": room.class_list_id,
        "list_version_id": room.list_version_id,
        "list_number": room.class_list.version if room.class_list else 0,
        "late_s": figures.thresholds.late_after.total_seconds(),
        "early_s": figures.thresholds.early_before.total_seconds(),
        "starts_at": time.starts_at if time.has_begun else None,
        "ends_at": time.ends_at if time.has_begun else None,
        "students": attendance.total,
        "unlisted": len(figures.report.unlisted),
        "events": figures.evidence.events,
        "gaps": [[_ms(gap.start), _ms(gap.stop)] for gap in figures.evidence.gaps],
        "recorded_ms": recorded_ms(figures.tracks),
        "tracks": figures.tracks,
        "alerts": alerts_of(room, time, figures.tracks, figures.people),
    }


_UPDATED: Final = [
    column.name
    for column in PersonSummary._meta.concrete_fields
    if column.name not in ("id", "summary", "person_key")
]


def _replace_people(summary: ClassSummary, people: Iterable[PersonSummary]) -> None:
    """Store the people. Rows with the same key keep their ids, because pages refer to them."""
    rows = list(people)
    stored = dict(PersonSummary.objects.filter(summary=summary).values_list("person_key", "pk"))
    for one in rows:
        stored.pop(one.person_key, None)
    for gone in chunks(stored.values()):
        PersonSummary.objects.filter(pk__in=gone).delete()
    PersonSummary.objects.bulk_create(
        rows,
        batch_size=200,
        update_conflicts=True,
        unique_fields=["summary", "person_key"],
        update_fields=_UPDATED,
    )


def newest_corrections(room_id: int, people: Mapping[str, Sequence[str]]) -> dict[str, Correction]:
    """Return the correction that counts for each corrected person of a class, by the person's key.

    `people` has the other keys of each person (`person_keys.other_keys`).
    """
    by_key: dict[str, Correction] = {}
    for one in Correction.objects.filter(room=room_id).select_related("by").order_by("pk"):
        by_key[one.person_key] = one
    newest: dict[str, Correction] = {}
    for key, found in person_keys.assigned(people, by_key).items():
        last = max(found, key=lambda one: one.pk)
        if last.status:
            newest[key] = last
    return newest


def _person(
    room: Room,
    key: str,
    row: Attendee,
    participation: dict[str, Participation],
    time: ClassTime,
    *,
    counts: bool,
) -> PersonSummary:
    listed, people = row.match.listed, row.match.people
    ids = [person.user_uuid for person in people]
    user_uuid = listed.user_uuid or (ids[0] if ids else "")
    did = combined(participation[one] for one in dict.fromkeys(ids) if one in participation)
    present = [(to_ms(part.first), to_ms(part.stop)) for part in row.parts]
    return PersonSummary(
        room=room,
        person_key=key,
        user_uuid=user_uuid,
        more_ids=[one for one in ids if one != user_uuid],
        name=(people[0].name if people else "") or listed.name,
        list_name=listed.name if counts and class_lists.has_list(room) else "",
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
        chat=did.chat,
        hands=did.hands,
        stage_ms=did.stage_ms,
        camera_ms=did.camera_ms,
        answers=did.answers,
        correct=did.correct,
        graded=did.graded,
        rewards=did.rewards,
        spans={"present": in_class(present, time), **did.spans},
    )


def _length_ms(duration: timedelta) -> int:
    return round(duration / timedelta(milliseconds=1))


def _ms(when: datetime | None) -> int | None:
    return None if when is None else to_ms(when)
