"""Sort the roster and split it into parts, and prepare the raised hands and the scheduled removals.

The browser loads a long roster in parts while a person scrolls.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

from django.db.models import CharField, JSONField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, JSONObject, NullIf
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.common import clock
from classroom_admin.realtime.versions import PageVersion, ShownRoom
from classroom_admin.rooms.class_selectors import room_ids
from classroom_admin.rooms.models import Participant
from classroom_admin.sync.models import StoredEvent
from classroom_admin.web.render_once import render_once

FIRST_PEOPLE: Final = 48
PART: Final = 150
HERE: Final = "here"
GONE: Final = "gone"


def roster_order(person: Any) -> str:
    """Return a person's unique sort key by role and name. A raised hand does not change it.

    The list of people who left has a different order. The person who left last is first.
    """
    rank = {"teacher": "0", "assistant": "1"}.get(person.role, "2")
    if not person.online:
        left = int(person.left_at.timestamp()) if person.left_at else 0
        return f"{10**11 - left:012d}{person.pk or 0:x}"
    return f"{rank}{person.name.casefold()[:24]} {person.pk or 0:x}"


SHOWN: Final = (
    "pk", "name", "role", "online", "left_at", "times_left", "kicked_at", "on_stage", "hand_raised",
    "hand_raised_at", "is_chat_muted", "rewards", "camera_on", "microphone_on", "sharing_screen", "waiting",
    "banned_until", "is_being_removed", "removal",
)  # fmt: skip
"""All attributes of a person that the template of a roster row reads."""


def row(
    person: Any, *, room: ShownRoom, may: frozenset[str], may_remove: bool, read_only: bool
) -> SafeString:
    """Return a row of the roster as HTML. `may` has the names of the commands that it offers."""
    shown = (*attrgetter(*SHOWN)(person), room.key, may, may_remove, read_only)
    context = {"person": person, "room": room, "may": may, "may_remove": may_remove, "read_only": read_only}
    return render_once("classroom/_roster_row.html", shown, context)


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of the roster.

    `left` is the number of rows after these. `last` is the last row's sort key.
    """

    who: str
    rows: list[Any]
    left: int
    last: str


def part(people: Iterable[Any], who: str, *, after: str = "", most: int | None = FIRST_PEOPLE) -> Part:
    """Return the next people after the sort key `after`.

    `who` is HERE or GONE. If `most` is None, return all. A sort key does not change if other people join or
    leave, so no one is skipped.
    """
    wanted = [(roster_order(person), person) for person in people if person.online == (who == HERE)]
    wanted.sort(key=lambda found: found[0])
    following = [(place, person) for place, person in wanted if place > after]
    chosen = following if most is None else following[:most]
    return Part(
        who=who,
        rows=[person for _, person in chosen],
        left=len(following) - len(chosen),
        last=chosen[-1][0] if chosen else after,
    )


PRESENCE_EVENTS: Final = (1, 20)  # the class state changed; people joined and left
_ORDINALS: Final = {
    2: _("second removal this week"),
    3: _("third removal this week"),
    4: _("fourth removal this week"),
    5: _("fifth removal this week"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A scheduled removal. `due_at` is a cloud time."""

    pk: int
    name: str
    by: str
    reason: str
    due_at: datetime


def with_removals(people: QuerySet[Participant]) -> QuerySet[Any]:
    """Add the annotation `planned` to people. `removal_of` needs it."""
    waiting = _scheduled_removals(OuterRef("room")).filter(key=OuterRef("user_uuid"))
    named = Coalesce(NullIf("by__name", Value("")), "by__email", output_field=CharField())
    facts = JSONObject(pk="pk", due=Cast("due_at", CharField()), reason=KT("payload__reason"), by=named)
    return people.annotate(planned=Subquery(waiting.values(facts=facts)[:1], output_field=JSONField()))


def to_be_removed(room: ShownRoom) -> QuerySet[Any, Any]:
    """Return the user ids of the people whose removal is scheduled, as a subquery."""
    return _scheduled_removals(room.pk).values("key")


def shown_first(room: ShownRoom, first: Iterable[Part]) -> Q:
    """Return the condition for the people on a new page: these rows, raised hands and scheduled removals."""
    rows = Q(pk__in=[one.pk for part_shown in first for one in part_shown.rows])
    return rows | Q(online=True, hand_raised=True) | Q(user_uuid__in=to_be_removed(room))


def _scheduled_removals(room: Any) -> QuerySet[ScheduledCommand]:
    removal, waiting = ScheduledCommand.Kind.REMOVAL, ScheduledCommand.State.WAITING
    return ScheduledCommand.objects.filter(kind=removal, state=waiting, room=room)


def removal_of(person: Any) -> Removal | None:
    """Return the scheduled removal of a person, or None.

    The person needs the annotation of `with_removals`.
    """
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


def presence_changed(room: ShownRoom, seen: PageVersion) -> bool:
    """Return whether people joined or left, or the class started or ended, since version `seen`."""
    newer = StoredEvent.objects.filter(room__in=room_ids(room), pk__gt=seen.event)
    if newer.count() < PageVersion.of(room).events - seen.events:
        return True  # an event was committed after an event with a higher id
    return newer.filter(stream="room", cmd__in=PRESENCE_EVENTS).exists()


def hand_order(person: Any) -> str:
    """Return a sort key for raised hands. The person who has waited longest is first."""
    raised = person.hand_raised_at
    return f"{int(raised.timestamp() * 1000) if raised else 0:015d}"


def times_this_week(number: int) -> str:
    """Return a phrase such as "third removal this week" for 3. Return "" for less than 2."""
    if number < 2:
        return ""
    return str(_ORDINALS.get(number) or gettext("removal number %(number)s this week") % {"number": number})


def removed_this_week(number: int) -> str:
    """Return a phrase such as "removed 2 times this week". Return "" for 0."""
    if not number:
        return ""
    words = ngettext("removed %(number)s time this week", "removed %(number)s times this week", number)
    return words % {"number": number}
