"""Find the classes whose data is too old."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.privacy.limits import Kind
from classroom_admin.reports.summaries import OVER
from classroom_admin.rooms.models import ChatMessage, Participant, PeerMessage, Recording, Room
from classroom_admin.sync.models import StoredEvent, Stream

NEVER_ENDED: Final = timedelta(days=7)
"""A class without a known end counts as over if nothing has happened in it for this time."""
_MOMENTS: Final = (
    "state_at",
    "started_at",
    "ended_at",
    "closed_at",
    "last_event_at",
    "planned_start_at",
    "planned_end_at",
    "planned_close_at",
    "timetable_start_at",
    "timetable_end_at",
)
_OPEN: Final = (ScheduledCommand.State.WAITING, ScheduledCommand.State.CLAIMED)


def older_classes(before: datetime, now: datetime) -> QuerySet[Room]:
    """Return the classes that are over, and in which nothing happened or is scheduled since `before`.

    Leave out classes that an administrator keeps, and breakout rooms, which belong to their class.
    """
    rooms = Room.objects.filter(parent=None, retention__kept_at=None)
    for name in _MOMENTS:
        rooms = rooms.filter(Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__lt": before}))
    has_time = Q(last_event_at__isnull=False) | Q(ended_at__isnull=False) | Q(planned_end_at__isnull=False)
    rooms = rooms.filter(has_time | Q(known_since__lt=before))
    rooms = rooms.filter(OVER | Q(last_event_at=None) | Q(last_event_at__lt=now - NEVER_ENDED))
    groups = Room.objects.filter(parent=OuterRef("pk"), last_event_at__gte=before)
    commands = ScheduledCommand.objects.filter(room=OuterRef("pk"), state__in=_OPEN)
    return rooms.filter(~Exists(groups), ~Exists(commands))


def classes(kind: Kind, before: datetime, now: datetime) -> QuerySet[Room]:
    """Return the classes that have data of this kind to delete, the oldest first."""
    rooms = older_classes(before, now)
    if kind == Kind.CHAT:
        # The mark avoids that every run reads all messages of all earlier classes again.
        late_group = Room.objects.filter(
            parent=OuterRef("pk"), last_event_id__gt=OuterRef("retention__chat_deleted_to")
        )
        is_new = Q(retention=None) | Q(retention__chat_deleted_to__lt=F("last_event_id"))
        rooms = rooms.filter(is_new | Exists(late_group))
    elif kind == Kind.DIRECT_MESSAGES:
        peers = StoredEvent.objects.filter(stream=Stream.PEER)
        rooms = rooms.filter(_has(PeerMessage.objects.all()) | _has(peers))
    elif kind == Kind.RECORDINGS:
        rooms = rooms.filter(_has(Recording.objects.filter(links_deleted_at=None).exclude(file_urls=[])))
    elif kind == Kind.EVENTS:
        rooms = rooms.filter(Q(sealed_at=None) | Q(retention__events_deleted_at=None))
    return rooms.order_by(Coalesce("last_event_at", "known_since"), "pk")


def _has(rows: QuerySet[Any]) -> Q:
    """Return the condition that a class or one of its breakout rooms has one of `rows`."""
    return Q(Exists(rows.filter(room=OuterRef("pk")))) | Q(Exists(rows.filter(room__parent=OuterRef("pk"))))


def rows_of(kind: Kind, rooms: QuerySet[Room]) -> QuerySet[Any]:
    """Return the rows of these classes that will be deleted."""
    ids = rooms.order_by().values("pk")
    of_classes = Q(room__in=ids) | Q(room__parent__in=ids)
    models: dict[Kind, QuerySet[Any]] = {
        Kind.CHAT: ChatMessage.objects.filter(of_classes, deleted=False),
        Kind.DIRECT_MESSAGES: PeerMessage.objects.filter(of_classes),
        Kind.RECORDINGS: Recording.objects.filter(of_classes, links_deleted_at=None).exclude(file_urls=[]),
        Kind.EVENTS: StoredEvent.objects.filter(of_classes),
        Kind.ATTENDANCE: Participant.objects.filter(of_classes),
    }
    return models[kind].order_by()
