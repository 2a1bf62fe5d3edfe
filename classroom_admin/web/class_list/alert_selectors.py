"""Read the facts that the alert rules need.

This module adds annotations to the query for the tiles. The number of its own queries does not depend on the
number of classes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    Exists,
    Expression,
    F,
    JSONField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, JSONObject

from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.rooms import bans
from classroom_admin.rooms.alert_kinds import Thresholds, thresholds
from classroom_admin.rooms.models import Gap, Participant, Recording, Role, RoomState
from classroom_admin.sync.models import RoomCursor, RoomRefresh, SequenceGap
from classroom_admin.web.class_list.alert_rules import Acknowledged, alerts_of
from classroom_admin.web.models import Acknowledgement

READS_FAILED: Final = 3
"""An alert begins after this number of consecutive failures to read a class from the cloud."""
_DECISIVE: Final = (Step.Kind.ACCEPTED, Step.Kind.CONFIRMED, Step.Kind.FAILED)
Troubles = Mapping[int, Mapping[str, datetime]]
"""For each room id, since when events have been late ("late") or reads have failed ("silent")."""


def alert_annotations() -> dict[str, Expression | Subquery]:
    """Return annotations for a query of rooms. `set_alerts` needs them. The query must have `now_state`."""
    people = Participant.objects.filter(room=OuterRef("pk"))
    teachers = people.filter(Q(was_teacher=True) | Q(role=Role.TEACHER))
    students = people.filter(online=True, role=Role.STUDENT)
    recordings = Recording.objects.filter(room=OuterRef("pk")).order_by("-started_sequence", "-pk")
    no_teacher = Q(teachers_online=0)
    halted = Q(recording_state__in=(Recording.State.ENDED, Recording.State.FAILED))
    return {
        "teacher_left_at": _moment(no_teacher, _one(teachers, Max("left_at"))),
        "students_since": _moment(no_teacher & Q(students_online__gt=0), _one(students, Min("online_since"))),
        "assistant_present": Case(
            When(no_teacher, then=Exists(people.filter(online=True, role=Role.ASSISTANT))),
            default=Value(False),
            output_field=BooleanField(),
        ),
        "oldest_hand_at": _moment(
            Q(hands_raised__gt=0), _one(people.filter(hand_raised=True), Min("hand_raised_at"))
        ),
        "recording_at": _moment(
            halted & Q(now_state=RoomState.STARTED),
            recordings.values(at=Coalesce("ended_at", "started_at"))[:1],
        ),
        "recording_unready": Case(
            When(halted & Q(now_state=RoomState.STARTED), then=Subquery(recordings.values("unready")[:1])),
            default=Value(False),
            output_field=BooleanField(),
        ),
        "gap_at": Subquery(
            Gap.objects.filter(room=OuterRef("pk")).order_by("-found_at").values("found_at")[:1]
        ),
        "refused": Subquery(_refused()),
    }


def _moment(applies: Q, moment: QuerySet[Any]) -> Expression:
    return Case(When(applies, then=Subquery(moment)), default=None, output_field=DateTimeField())


def _one(rows: QuerySet[Any], aggregate: Expression) -> QuerySet[Any]:
    """Return a query for an aggregate over `rows` of one room. It has no row if there are no `rows`."""
    found: QuerySet[Any] = rows.order_by().values("room").annotate(one=aggregate).values("one")
    return found


_TRUE: Final = ("1", "true")
"""The texts that SQLite and PostgreSQL use for true."""


def _refused() -> QuerySet[Any]:
    """Return a query for the last command of a room, if the cloud refused it.

    The query returns a JSON object, or null if the command was not refused.
    """
    refusal = JSONObject(
        at=Cast("at", TextField()),
        error=KT("detail__error"),
        unsure=KT("detail__unknown_outcome"),
        action=F("entry__action"),
    )
    last = Step.objects.filter(room_uuid=OuterRef("room_uuid"), kind__in=_DECISIVE).order_by("-id")
    return last.values(
        refusal=Case(
            When(kind=Step.Kind.FAILED, then=refusal),
            default=None,
            output_field=JSONField(),
        )
    )[:1]


def troubles() -> Troubles:
    """Return the rooms with late events or failed reads. Run one query."""
    late = clock.now() - timedelta(seconds=settings.WALL_STALE_SECONDS)
    gaps = SequenceGap.objects.filter(state=SequenceGap.State.OPEN, found_at__lte=late)
    unread = RoomCursor.objects.filter(project_due_at__lte=late)
    silent = RoomRefresh.objects.filter(profile_due_at__isnull=False, profile_failures__gte=READS_FAILED)
    rows = (
        gaps.order_by().values_list("room_id", Value("late"), "found_at")
        .union(
            unread.order_by().values_list("room_id", Value("late"), "project_due_at"),
            silent.order_by().values_list(
                "room_id", Value("silent"), Coalesce("room__profile_read_at", "room__known_since")
            ),
            all=True,
        )
    )  # fmt: skip
    found: dict[int, dict[str, datetime]] = defaultdict(dict)
    for room_id, kind, at in rows:
        found[room_id][kind] = min(at, found[room_id].get(kind, at))
    return found


def acknowledgements() -> dict[int, list[Acknowledged]]:
    """Return the current acknowledgements by room id. Run one query."""
    found: dict[int, list[Acknowledged]] = defaultdict(list)
    for row in Acknowledgement.objects.filter(until__gt=clock.cloud_now()).select_related("by"):
        found[row.room_id].append(
            Acknowledged(kind=row.kind, at=row.at, until=row.until, by=str(row.by), whole=row.whole)
        )
    return found


@dataclass(frozen=True, slots=True)
class AlertContext:
    """The data for the alerts of all classes that is not stored in the classes. `now` is a cloud time."""

    now: datetime
    thresholds: Thresholds
    troubles: Troubles
    acknowledgements: Mapping[int, list[Acknowledged]]
    banned: Mapping[int, bans.Readmitted]


def read_context() -> AlertContext:
    """Return the current context. Run three queries, and up to four more if people were banned today."""
    now = clock.cloud_now()
    return AlertContext(now, thresholds(), troubles(), acknowledgements(), bans.readmitted(now=now))


def refused_lately() -> Exists:
    """Return a query condition for rooms where the cloud recently refused a command."""
    recently = clock.now() - timedelta(minutes=settings.WALL_REFUSED_MINUTES)
    return Exists(
        Step.objects.filter(room_uuid=OuterRef("room_uuid"), kind=Step.Kind.FAILED, at__gte=recently)
    )


def set_alerts(rooms: Sequence[Any], context: AlertContext | None = None) -> None:
    """Set `alerts` on rooms that have `alert_annotations`. By default, read the current context.

    Also set the other attributes of `AlertInput`.
    """
    if not rooms:
        return
    context = context or read_context()
    for room in rooms:
        refused, of_room = room.refused or {}, context.troubles.get(room.pk, {})
        room.gap_at, room.banned = _cloud_time(room.gap_at), context.banned.get(room.pk)
        room.behind_at, room.silent_since = (
            _cloud_time(of_room.get("late")),
            _cloud_time(of_room.get("silent")),
        )
        room.refused_at = _cloud_time(_parsed(refused.get("at")))
        room.refused_action, room.refused_error = refused.get("action") or "", refused.get("error") or ""
        room.refused_unsure = str(refused.get("unsure")) in _TRUE
        room.alerts = alerts_of(
            room,
            now=context.now,
            thresholds=context.thresholds,
            acknowledgements=context.acknowledgements.get(room.pk, ()),
        )


def _cloud_time(ours: datetime | None) -> datetime | None:
    return None if ours is None else clock.as_cloud_time(ours)


def _parsed(words: str | None) -> datetime | None:
    """Parse a time in JSON from the database. SQLite writes UTC without an offset."""
    if not words:
        return None
    at = datetime.fromisoformat(words)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
