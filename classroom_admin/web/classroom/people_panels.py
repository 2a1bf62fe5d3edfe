"""What the page of a class reads about its people beside the roster: raised hands and removals to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import CharField, JSONField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, JSONObject, NullIf
from django.utils.functional import cached_property

from classroom_admin.actions.models import PlannedRemoval
from classroom_admin.common import clock
from classroom_admin.realtime.versions import Seen
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.attendance import Attendance
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.classroom import attendance

MOVES: Final = (1, 20)  # class state, enter and leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A removal to come. `due_at` is by the cloud's clock, as are all times of a page."""

    pk: int
    name: str
    by: str
    reason: str
    due_at: datetime


def with_removals(people: QuerySet[Participant]) -> QuerySet[Participant]:
    """The same people, each with `planned`: what `removal_of` reads, None where nobody wants them out."""
    waiting = PlannedRemoval.objects.filter(
        room=OuterRef("room"), user_uuid=OuterRef("user_uuid"), state=PlannedRemoval.State.WAITING
    )
    named = Coalesce(NullIf("by__name", Value("")), "by__email", output_field=CharField())
    facts = JSONObject(pk="pk", due=Cast("due_at", CharField()), reason="reason", by=named)
    return people.annotate(planned=Subquery(waiting.values(facts=facts)[:1], output_field=JSONField()))


def removal_of(person: Any) -> Removal | None:
    """The removal to come of somebody read by `with_removals`."""
    facts = person.planned
    if not facts:
        return None
    due_at = datetime.fromisoformat(facts["due"])
    due_at = due_at if due_at.tzinfo else due_at.replace(tzinfo=UTC)
    return Removal(
        pk=facts["pk"],
        name=str(person),
        by=facts["by"],
        reason=facts["reason"],
        due_at=clock.as_cloud_time(due_at),
    )


class PeoplePanels:
    """The part of a `ClassReading` about hands and removals."""

    room: Room
    since: int | None
    people: list[Participant]
    names_shown = 12
    """Names of each kind that the panel of a class list tells: it is sent whole whenever somebody comes."""

    @cached_property
    def hands(self) -> list[Participant]:
        """Who waits with a hand up, the longest waiting first (of those read)."""
        waiting = [person for person in self.people if person.online and person.hand_raised]
        return sorted(waiting, key=lambda person: (hand_order(person), person.pk))

    @property
    def hands_down(self) -> list[Participant]:
        """Of the people who changed, those who do not wait: whoever shows them takes them away."""
        return [person for person in self.people if not (person.online and person.hand_raised)]

    @cached_property
    def attendance(self) -> Attendance | None:
        """The class list beside who was there; None where the class has none."""
        return attendance.read(self.room, self.people if self.since is None else None)

    @cached_property
    def removals(self) -> list[Removal]:
        """Who will be removed, the next first. Of a page no query of its own."""
        if self.since is None:
            people = self.people
        else:
            people = list(with_removals(class_selectors.people(self.room)).filter(planned__isnull=False))
            for person in people:
                person.removal = removal_of(person)
        return sorted((one.removal for one in people if one.removal), key=lambda removal: removal.due_at)


def moved_since(room: Room, seen: Seen) -> bool:
    """Whether somebody came or went, or the class began or ended, since a page was made.

    Read from the stored events, so that a raised hand does not have the whole class list compared.
    """
    newer = StoredEvent.objects.filter(room=room, pk__gt=seen.event)
    if newer.count() < Seen.of(room).events - seen.events:
        return True  # one was committed after another with a higher id: which, nobody knows
    return newer.filter(stream="room", cmd__in=MOVES).exists()


def hand_order(person: Any) -> str:
    """The place in the queue as text that sorts."""
    raised = person.hand_raised_at
    return f"{int(raised.timestamp() * 1000) if raised else 0:015d}"
