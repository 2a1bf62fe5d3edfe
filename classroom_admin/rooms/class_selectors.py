"""Queries for the page of one class. Each function runs one query unless its docstring says otherwise.

With `since`, a function returns only the rows that are newer than that version of the room.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    Expression,
    F,
    IntegerField,
    Max,
    Model,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.common.prepared_queries import PreparedQuery
from classroom_admin.rooms import bans, recording_state
from classroom_admin.rooms.access import access_by_key, visible_rooms
from classroom_admin.rooms.models import (
    Answer,
    ChatMessage,
    Gap,
    Participant,
    PeerMessage,
    Poll,
    Presence,
    Quiz,
    Recording,
    Resource,
    Role,
    Room,
    RoomState,
    RoomTeacher,
    name_or_unnamed,
)
from classroom_admin.rooms.selectors import HEAVY, of_class

COMMANDS: Final = 60
A_WEEK: Final = timedelta(days=7)


def is_over(*, state: int | None, gone: bool, people_online: int) -> bool:
    """Return whether a class is over: it is closed or deleted, or it has ended and everyone has left.

    No query is run.
    """
    return gone or state == RoomState.CLOSED or (state == RoomState.ENDED and not people_online)


def as_shown(**annotations: Expression) -> QuerySet[Room]:
    """Return rooms with `annotations` and those that `PageVersion` needs.

    `last_step` is the id of the last audit step. `group_event` and `group_events` are the newest event and
    the number of events of the breakout rooms. `group_chats` is the number of chat messages in them.
    `join_code` is the code of the link for students, or None. `join_revision` is raised when the people who
    want to come in change.
    """
    return _all_as_shown().annotate(**annotations)


@cache
def _all_as_shown() -> QuerySet[Room]:
    """Return all rooms with the annotations of `as_shown`. To build them takes milliseconds."""
    steps = Step.objects.filter(room_uuid=OuterRef("room_uuid")).order_by("-id").values("id")[:1]
    count = Step.objects.filter(room_uuid=OuterRef("room_uuid")).order_by()
    count = count.values("room_uuid").annotate(n=Count("pk")).values("n")
    gaps = Gap.objects.filter(of_class()).order_by().values(one=Value(1)).annotate(n=Count("pk")).values("n")
    groups = Room.objects.filter(parent=OuterRef("pk")).order_by().values("parent")
    return Room.objects.defer(*HEAVY).annotate(
        last_step=Subquery(steps),
        step_count=Coalesce(Subquery(count), 0, output_field=IntegerField()),
        gap_count=Coalesce(Subquery(gaps), 0, output_field=IntegerField()),
        group_event=Coalesce(Subquery(groups.annotate(n=Max("last_event_id")).values("n")), 0),
        group_events=Coalesce(
            Subquery(groups.annotate(n=Sum(F("event_count") + F("question_events"))).values("n")), 0
        ),
        group_chats=Coalesce(Subquery(groups.annotate(n=Sum("chat_count")).values("n")), 0),
        class_list_name=Coalesce("class_list__name", "list_version__name"),
        class_list_version=F("class_list__version"),
        list_late_after=F("class_list__late_after_minutes"),
        list_left_early=F("class_list__left_early_minutes"),
        kept_list_version=F("list_version__number"),
        # `integrations.joining` has these columns
        join_code=F("join_page__code"),
        join_revision=Coalesce("join_page__revision", 0),
        **_tool_states(),
    )


@PreparedQuery
def _shown(pks: Collection[int]) -> QuerySet[Room]:
    return as_shown().filter(pk__in=pks)


def shown(pks: Collection[int]) -> dict[int, Room]:
    """Return the rooms with these ids by id, as `as_shown` does. Run a query for each chunk of ids."""
    return {room.pk: room for chunk in chunks(pks) for room in _shown.objects(chunk)}


TOOLS: Final = {
    "whiteboard_off": ("widgets__netlessBoard__state", "0"),
    "chat_off": ("widgets__easemobIM__state", "0"),
    "timer_on": ("widgets__countdownTimer__state", "1"),
    "timer_paused": ("widgets__countdownTimer__extra__state", "2"),
    "carousel_on": ("carousel__state", "1"),
    "video_wall_on": ("expandedScope__state", "1"),
    "hands_closed": ("processes__handsUp__enabled", "0"),
}
"""Annotations that show what runs in a room. Each is True if its property has the given value."""


def _tool_states() -> dict[str, Expression]:
    """Return expressions for the state of each classroom tool.

    They do not load the large column `properties`.
    """
    found: dict[str, Expression] = {}
    for name, (path, value) in TOOLS.items():
        key = f"properties__{path}"
        is_so = Q(**{key: int(value)}) | Q(**{key: value})
        if value in ("0", "1"):
            is_so |= Q(**{key: value == "1"})
        found[name] = Case(When(is_so, then=Value(True)), default=Value(False), output_field=BooleanField())
    return found


def room_ids(room: Room) -> list[int]:
    """Return the ids of a class and its breakout rooms."""
    if not room.groups_sequence:
        return [room.pk]
    return [room.pk, *Room.objects.filter(parent_id=room.pk).order_by("pk").values_list("pk", flat=True)]


def class_for(user: User, key: str, **annotations: Any) -> Room:
    """Return the room with this `key`, as `as_shown` does. Raise Http404 if `user` may not see it."""
    return access_by_key(user, key, as_shown(**annotations)).room


def own_identity(user: User) -> Expression:
    """Return an expression for the first cloud user id of `user`, or "" if the user has none."""
    first = CloudIdentity.objects.filter(user=user).order_by("pk").values("user_uuid")[:1]
    return Coalesce(Subquery(first), Value(""), output_field=CharField())


def people(room: Room, *, since: int | None = None, also: Collection[str] = ()) -> QuerySet[Participant]:
    """Return everyone who is or was in the room: teachers first, then assistants, then all others.

    Each group starts with raised hands, longest wait first, and continues by name. If `since` is a version,
    return only rows that are newer, and the people with the cloud user ids in `also`.
    """
    rank = Case(
        When(role=Role.TEACHER, then=0),
        When(role=Role.ASSISTANT, then=1),
        default=2,
        output_field=IntegerField(),
    )
    found = Participant.objects.filter(room=room).exclude(role__in=(Role.SERVER, Role.INVISIBLE))
    found = found.defer("streams", "properties").annotate(rank=rank, seen_on_stage=_seen_on_stage(room))
    if since is not None:
        found = found.filter(Q(version__gt=since) | Q(user_uuid__in=also))
    return found.order_by("rank", "-hand_raised", "hand_raised_at", "name", "pk")


class PersonBrief(NamedTuple):
    """The columns of a participant that decide the attendance, and which rows of the roster a page shows."""

    pk: int
    user_uuid: str
    name: str
    role: str
    online: bool
    entered_at: datetime | None
    left_at: datetime | None

    def __str__(self) -> str:
        return name_or_unnamed(self.name)


def presence(room: Room) -> list[PersonBrief]:
    """Return everyone who is or was in the room in brief. A row costs a tenth of a `Participant`."""
    found = Participant.objects.filter(room=room).exclude(role__in=(Role.SERVER, Role.INVISIBLE))
    return [PersonBrief(*row) for row in found.order_by("pk").values_list(*PersonBrief._fields)]


def all_stays(room: Room) -> list[tuple[str, datetime, datetime | None]]:
    """Return the user id, the start and the end of all stays in the class and its breakout rooms."""
    stays = Presence.objects.filter(room__in=room_ids(room)).order_by("entered_at", "entered_sequence")
    return list(stays.values_list("user_uuid", "entered_at", "left_at"))


def _seen_on_stage(room: Room) -> Expression:
    """Return the condition that a person was recently on stage with one of the room's teachers.

    It is always False if the person's hand is not raised.
    """
    on_stage = Participant.objects.filter(
        _of_its_teachers(room),
        user_uuid=OuterRef("user_uuid"),
        last_on_stage_at__gte=clock.cloud_now() - A_WEEK,
    )
    return Case(When(hand_raised=True, then=Exists(on_stage)), default=Value(False))


def _of_its_teachers(room: Room) -> Q:
    taught = Participant.objects.filter(room=room, was_teacher=True).values("user_uuid")
    given = RoomTeacher.objects.filter(room=room).values("user")
    theirs = Participant.objects.filter(was_teacher=True, user_uuid__in=taught).values("room")
    return Q(room=room) | Q(room__in=theirs) | Q(room__teachers__user__in=given)


def on_stage_elsewhere(room: Room, user_uuids: Collection[str], *, since: datetime) -> set[str]:
    """Return those of `user_uuids` who were on stage after `since` in another class of the teachers.

    The database stores only the last time on stage of each person in each class.
    """
    if not user_uuids:
        return set()
    found = Participant.objects.filter(
        _of_its_teachers(room), user_uuid__in=user_uuids, last_on_stage_at__gte=since
    ).exclude(room=room)
    return set(found.values_list("user_uuid", flat=True))


def recordings(room: Room) -> list[Recording]:
    """Return the room's recordings, newest first."""
    return list(Recording.objects.filter(room=room).order_by("-started_at", "-pk"))


def resources(room: Room) -> QuerySet[Resource]:
    """Return the files that are shared with the class, newest first.

    `step`, `pages_done` and `pages_total` are the progress of a conversion, as the cloud sent them. The rest
    of `task` is not loaded, because its list of pages can be long.
    """
    progress = {
        "step": KT("task__taskProgress__currentStep"),
        "pages_done": KT("task__taskProgress__convertedPageSize"),
        "pages_total": KT("task__taskProgress__totalPageSize"),
    }
    found = with_sharer(Resource.objects.filter(room=room, removed_at__isnull=True))
    return found.defer("task").annotate(**progress).order_by("-put_at", "-pk")


def with_sharer(files: QuerySet[Resource]) -> QuerySet[Resource]:
    """Annotate files with `sharer`, the name of the person who shared the file with the class.

    `sharer` is "" if another program shared the file.
    """
    shared_here = Entry.objects.filter(
        room_uuid=OuterRef("room__room_uuid"), action="resource.put", target=OuterRef("resource_uuid")
    )
    name = Subquery(shared_here.order_by("-id").values("actor_name")[:1])
    return files.annotate(sharer=Coalesce(name, F("put_by"), output_field=CharField()))


_PANELS: Final[dict[str, type[Model]]] = {
    "people": Participant,
    "chat": ChatMessage,
    "peer": PeerMessage,
    "recording": Recording,
    "files": Resource,
    "quiz": Quiz,
    "poll": Poll,
    "answer": Answer,
}


@PreparedQuery
def _newer_rows(pk: int, since: int) -> QuerySet[Room, Any]:
    """Return whether each panel has rows that are newer than version ``since`` of the room ``pk``."""
    newer = (Exists(model._default_manager.filter(room=pk, version__gt=since)) for model in _PANELS.values())
    return Room.objects.filter(pk=pk).values_list(*newer)


def changed_panels(room: Room, since: int) -> set[str]:
    """Return the panels ("people", "chat", "files", …) with a row that is newer than version `since`."""
    row = _newer_rows.row(room.pk, since) or ()
    return {panel for panel, is_newer in zip(_PANELS, row, strict=False) if is_newer}


def commands(room: Room) -> list[Entry]:
    """Return the newest commands for this room, at most `COMMANDS`, with their steps."""
    entries = Entry.objects.filter(room_uuid=room.room_uuid).order_by("-id")
    return list(entries.prefetch_related("steps")[:COMMANDS])


def earlier_commands(room: Room, *, before: int, until: datetime | None = None) -> list[Entry]:
    """Return commands about bans and recordings before the entry `before`, oldest first, with their steps.

    These commands may still have an effect. If `until` (our time) is given, later steps are omitted.
    """
    kinds = (bans.REMOVE, bans.UNBAN, *recording_state.KINDS)
    entries = Entry.objects.filter(room_uuid=room.room_uuid, id__lt=before, action__in=kinds)
    steps = Step.objects.all() if until is None else Step.objects.filter(at__lte=until)
    return list(entries.order_by("id").prefetch_related(Prefetch("steps", steps)))


def targets_since(room: Room, step: int) -> list[str]:
    """Return the ids of up to 200 people who are targets of commands with a step after the id `step`."""
    steps = Step.objects.filter(
        room_uuid=room.room_uuid, id__gt=step, entry__action__startswith="participant."
    )
    return list(steps.order_by().values_list("entry__target", flat=True).distinct()[:200])


def files_touched_since(room: Room, step: int) -> bool:
    """Return whether a command about files has a step after the id `step`."""
    steps = Step.objects.filter(room_uuid=room.room_uuid, id__gt=step, entry__action__startswith="resource.")
    return steps.exists()


def stays(person: Participant) -> list[Presence]:
    """Return a person's stays in the room, latest first."""
    found = Presence.objects.filter(room_id=person.room_id, user_uuid=person.user_uuid)
    return list(found.order_by("-entered_at", "-entered_sequence"))


def removals_this_week(user: User, *, user_uuid: str) -> int:
    """Return how often a person was removed in the last seven days from the classes that `user` may see.

    Removals by other programs count, too.
    """
    if not user_uuid:
        return 0
    joined = Participant.objects.filter(user_uuid=user_uuid).values("room")
    return Presence.objects.filter(
        room__in=visible_rooms(user, Room.objects.filter(pk__in=joined)),
        user_uuid=user_uuid,
        kicked=True,
        left_at__gte=clock.cloud_now() - A_WEEK,
    ).count()


def removals_on_record(person: Participant, room: Room) -> list[Entry]:
    """Return the last 50 removals and unbans of a person with their steps, latest first.

    This includes removals that were scheduled or cancelled.
    """
    kinds = (bans.REMOVE, bans.UNBAN, "participant.plan_removal", "participant.call_off_removal")
    found = Entry.objects.filter(room_uuid=room.room_uuid, action__in=kinds, target=person.user_uuid)
    return list(found.order_by("-id").prefetch_related("steps")[:50])
