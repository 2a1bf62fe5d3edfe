"""Panels beside the roster of a class: raised hands, scheduled removals and attendance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import CharField, JSONField, OuterRef, QuerySet, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, JSONObject, NullIf
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.common import clock
from classroom_admin.realtime.versions import PageVersion, ShownRoom
from classroom_admin.reports.attendance import Attendance
from classroom_admin.reports.class_attendance import attendance_of
from classroom_admin.rooms import class_lists, class_selectors
from classroom_admin.rooms.models import Participant
from classroom_admin.sync.models import StoredEvent

PRESENCE_EVENTS: Final = (1, 20)  # class state, enter and leave
_ORDINALS: Final = {
    2: _("second time this week"),
    3: _("third time this week"),
    4: _("fourth time this week"),
    5: _("fifth time this week"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A scheduled removal. `due_at`: cloud time, like all times on the page."""

    pk: int
    name: str
    by: str
    reason: str
    due_at: datetime


def with_removals(people: QuerySet[Participant]) -> QuerySet[Any]:
    """Annotate people with `planned` for `removal_of`. It is None if no removal is scheduled."""
    waiting = ScheduledCommand.objects.filter(
        kind=ScheduledCommand.Kind.REMOVAL,
        state=ScheduledCommand.State.WAITING,
        room=OuterRef("room"),
        key=OuterRef("user_uuid"),
    )
    named = Coalesce(NullIf("by__name", Value("")), "by__email", output_field=CharField())
    facts = JSONObject(pk="pk", due=Cast("due_at", CharField()), reason=KT("payload__reason"), by=named)
    return people.annotate(planned=Subquery(waiting.values(facts=facts)[:1], output_field=JSONField()))


def removal_of(person: Any) -> Removal | None:
    """Return the scheduled removal of a person, who must be annotated by `with_removals`."""
    planned = person.planned
    if not planned:
        return None
    due_at = datetime.fromisoformat(planned["due"])
    due_at = due_at if due_at.tzinfo else due_at.replace(tzinfo=UTC)
    return Removal(
        pk=planned["pk"],
        name=str(person),
        by=planned["by"],
        reason=planned["reason"],
        due_at=clock.as_cloud_time(due_at),
    )


class PeoplePanels:
    """The part of `ClassPresenter` for raised hands, removals and attendance."""

    room: ShownRoom
    since: int | None
    past_time: datetime | None = None
    """The past time that the page shows (cloud time); None for now."""
    names_shown = 12
    """Maximum number of names of each kind in the attendance panel, which is resent when a person joins."""

    @cached_property
    def people(self) -> list[Any]:
        raise NotImplementedError

    @cached_property
    def hands(self) -> list[Any]:
        """The people in `people` with a raised hand, the longest-waiting person first."""
        waiting = [person for person in self.people if person.online and person.hand_raised]
        return sorted(waiting, key=lambda person: (hand_order(person), person.pk))

    @property
    def hands_down(self) -> list[Any]:
        """The people in `people` without a raised hand, to be removed from the panel."""
        return [person for person in self.people if not (person.online and person.hand_raised)]

    @cached_property
    def attendance(self) -> Attendance | None:
        """The comparison with the class list; None if the class has no list."""
        if not class_lists.has_list(self.room):
            return None
        return attendance_of(self.room, self.people if self.since is None else None, at=self.past_time)

    @cached_property
    def removals(self) -> list[Removal]:
        """The scheduled removals in order of time. A whole page needs no extra query for them."""
        if self.since is None:
            found = [person.removal for person in self.people]
        else:
            people = with_removals(class_selectors.people(self.room))
            found = [removal_of(person) for person in people.filter(planned__isnull=False)]
        return sorted((removal for removal in found if removal), key=lambda removal: removal.due_at)


def presence_changed(room: ShownRoom, seen: PageVersion) -> bool:
    """Return whether a person joined or left, or the class began or ended, since `seen`.

    Check the stored events, so that a raised hand does not cause a comparison with the class list.
    """
    newer = StoredEvent.objects.filter(room=room, pk__gt=seen.event)
    if newer.count() < PageVersion.of(room).events - seen.events:
        return True  # an event was committed after an event with a higher id
    return newer.filter(stream="room", cmd__in=PRESENCE_EVENTS).exists()


def hand_order(person: Any) -> str:
    """Return a person's sort key in the queue of raised hands."""
    raised = person.hand_raised_at
    return f"{int(raised.timestamp() * 1000) if raised else 0:015d}"


def times_this_week(number: int) -> str:
    """Return a phrase such as "third time this week" for 3; "" for less than 2."""
    if number < 2:
        return ""
    return str(_ORDINALS.get(number) or gettext("%(number)s times this week") % {"number": number})


def removed_this_week(number: int) -> str:
    """Return a phrase such as "removed 2 times this week"; "" for 0."""
    if not number:
        return ""
    words = ngettext("removed %(number)s time this week", "removed %(number)s times this week", number)
    return words % {"number": number}
