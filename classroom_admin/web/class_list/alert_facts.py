"""What the wall needs to know of classes, beside what their tiles show anyway: expressions that the query for
the tiles brings along, and two small queries for whatever the number of classes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from classroom_admin.rooms.models import Gap, Participant, Recording, Role, Room, RoomState
from classroom_admin.sync.models import RoomCursor, RoomRefresh, SequenceGap
from classroom_admin.web.class_list.alert_rules import Facts, Snoozed, Thresholds, standing
from classroom_admin.web.class_list.models import Snooze
from classroom_admin.web.class_list.rows import LiveClass

READS_FAILED: Final = 3
"""So often in a row the cloud has to refuse to tell about a class before it is worth a word."""
_DECISIVE: Final = (Step.Kind.ACCEPTED, Step.Kind.CONFIRMED, Step.Kind.FAILED)
Troubles = Mapping[int, Mapping[str, datetime]]
"""By the id of a room: since when events are "late", since when the cloud is "silent" about it."""


def thresholds() -> Thresholds:
    """As the environment sets them."""
    return Thresholds(
        no_teacher=timedelta(minutes=settings.WALL_NO_TEACHER_MINUTES),
        alone=timedelta(minutes=settings.WALL_ALONE_MINUTES),
        hand=timedelta(minutes=settings.WALL_HAND_MINUTES),
        recording=timedelta(minutes=settings.WALL_RECORDING_MINUTES),
        over=timedelta(minutes=settings.WALL_OVER_MINUTES),
        refused_for=timedelta(minutes=settings.WALL_REFUSED_MINUTES),
        stale=timedelta(seconds=settings.WALL_STALE_SECONDS),
        record_all=settings.RECORD_EVERY_CLASS,
    )


def brought_along() -> dict[str, Expression]:
    """For a query of rooms annotated with `now_state`. Looked up only for rooms about which there is a
    question: the others cost nothing.
    """
    people = Participant.objects.filter(room=OuterRef("pk"))
    teachers = people.filter(Q(was_teacher=True) | Q(role=Role.TEACHER))
    pupils = people.filter(online=True, role=Role.STUDENT)
    recordings = Recording.objects.filter(room=OuterRef("pk")).order_by("-started_sequence", "-pk")
    stops = Step.objects.filter(
        room_uuid=OuterRef("room_uuid"), kind__in=_DECISIVE[:2], entry__action="recording.stop"
    )
    untaught = Q(teachers_online=0)
    halted = Q(recording_state__in=(Recording.State.ENDED, Recording.State.FAILED))
    return {
        "teacher_left_at": _moment(untaught, _one(teachers, Max("left_at"))),
        "pupils_since": _moment(untaught & Q(students_online__gt=0), _one(pupils, Min("online_since"))),
        "assistant_there": Case(
            When(untaught, then=Exists(people.filter(online=True, role=Role.ASSISTANT))),
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
        "stopped_at": _moment(
            Q(recording_state=Recording.State.ENDED, now_state=RoomState.STARTED),
            _one(stops, Max("at"), of="room_uuid"),
        ),
        "gap_at": Subquery(
            Gap.objects.filter(room=OuterRef("pk")).order_by("-found_at").values("found_at")[:1]
        ),
        "refused": Subquery(_refused()),
    }


def _moment(asked: Q, answer: QuerySet[Any]) -> Expression:
    return Case(When(asked, then=Subquery(answer)), default=None, output_field=DateTimeField())


def _one(rows: QuerySet[Any], aggregate: Expression, *, of: str = "room") -> QuerySet[Any]:
    """One row with the aggregate over all `rows`, which have the same `of`; none where there are none."""
    return rows.order_by().values(of).annotate(one=aggregate).values("one")


_TRUE: Final = ("1", "true")
"""True in JSON as SQLite and as PostgreSQL give it as text."""


def _refused() -> QuerySet[Any]:
    """The last command whose end is known, as a JSON object where the cloud refused it lately, else null."""
    told = JSONObject(
        at=Cast("at", TextField()),
        error=KT("detail__error"),
        unsure=KT("detail__unknown_outcome"),
        action=F("entry__action"),
    )
    lately = clock.now() - timedelta(minutes=settings.WALL_REFUSED_MINUTES)
    last = Step.objects.filter(room_uuid=OuterRef("room_uuid"), kind__in=_DECISIVE).order_by("-id")
    return last.values(
        told=Case(
            When(kind=Step.Kind.FAILED, at__gte=lately, then=told), default=None, output_field=JSONField()
        )
    )[:1]


def troubles() -> Troubles:
    """What is wrong with the data of single classes; one query, empty where all is well."""
    late = clock.now() - timedelta(seconds=settings.WALL_STALE_SECONDS)
    holes = SequenceGap.objects.filter(state=SequenceGap.State.OPEN, found_at__lte=late)
    unread = RoomCursor.objects.filter(project_due_at__lte=late)
    silent = RoomRefresh.objects.filter(profile_due_at__isnull=False, profile_failures__gte=READS_FAILED)
    rows = (
        holes.order_by().values_list("room_id", Value("late"), "found_at")
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


def snoozes() -> dict[int, list[Snoozed]]:
    """What somebody looks after, by the id of the room; one query for the few that there are."""
    found: dict[int, list[Snoozed]] = defaultdict(list)
    for row in Snooze.objects.filter(until__gt=clock.cloud_now()).select_related("by"):
        found[row.room_id].append(
            Snoozed(kind=row.kind, at=row.at, until=row.until, by=str(row.by), whole=row.whole)
        )
    return found


def facts_of(room: Room | LiveClass, trouble: Mapping[str, datetime]) -> Facts:
    """`room` has what `brought_along` brings. Our own times are told by the cloud's clock."""
    refused = room.refused or {}
    return Facts(
        state=room.now_state,
        gone=room.gone_at is not None,
        started_at=room.started_at,
        planned_end_at=room.planned_end_at,
        teachers=room.teachers_online,
        pupils=room.students_online,
        hands=room.hands_raised,
        teacher_left_at=room.teacher_left_at,
        pupils_since=room.pupils_since,
        assistant_there=room.assistant_there,
        oldest_hand_at=room.oldest_hand_at,
        recording_state=room.recording_state,
        recording_at=room.recording_at,
        recording_failed=room.recording_state == Recording.State.FAILED or bool(room.recording_unready),
        stopped_at=_theirs(room.stopped_at),
        gap_at=_theirs(room.gap_at),
        behind_at=_theirs(trouble.get("late")),
        refused_at=_theirs(_parsed(refused.get("at"))),
        refused_action=refused.get("action") or "",
        refused_error=refused.get("error") or "",
        refused_unsure=str(refused.get("unsure")) in _TRUE,
        silent_since=_theirs(trouble.get("silent")),
    )


def judge(rooms: Sequence[Room | LiveClass]) -> None:
    """Give each of these rooms its `standing`; two queries, none where there is no room."""
    if not rooms:
        return
    now, limits, known, snoozed = clock.cloud_now(), thresholds(), troubles(), snoozes()
    for room in rooms:
        room.standing = standing(
            facts_of(room, known.get(room.pk, {})),
            now=now,
            thresholds=limits,
            snoozes=snoozed.get(room.pk, ()),
        )


def _theirs(ours: datetime | None) -> datetime | None:
    return None if ours is None else clock.as_cloud_time(ours)


def _parsed(words: str | None) -> datetime | None:
    """A moment as the database wrote it into JSON: SQLite without a zone, which is UTC."""
    if not words:
        return None
    at = datetime.fromisoformat(words)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
