"""Sort the roster and split it into parts, and prepare the raised hands and the scheduled removals.

The browser loads a long roster in parts while a person scrolls.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import CharField, JSONField, OuterRef, QuerySet, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, JSONObject, NullIf
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.common import clock
from classroom_admin.realtime.versions import PageVersion, ShownRoom
from classroom_admin.rooms.models import Participant
from classroom_admin.sync.models import StoredEvent

FIRST_PEOPLE: Final = 48
PART: Final = 150
HERE: Final = "here"
GONE: Final = "gone"


def roster_order(person: Any) -> str:
    """Return a person's unique sort key (place) by role, raised hand, waiting time and name.

    People who left have a separate list, in which the last person to leave is first.
    """
    rank = {"teacher": "0", "assistant": "1"}.get(person.role, "2")
    if not person.online:
        left = int(person.left_at.timestamp()) if person.left_at else 0
        return f"{10**11 - left:012d}{person.pk or 0:x}"
    raised = person.hand_raised_at
    hand = f"0{int(raised.timestamp()) if raised else 0:012d}" if person.hand_raised else "1"
    return f"{rank}{hand}{person.name.casefold()[:24]} {person.pk or 0:x}"


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of the roster. `left` is the number of rows after these; `last` is the last row's place."""

    who: str
    rows: list[Any]
    left: int
    last: str


def part(people: Iterable[Any], who: str, *, after: str = "", most: int | None = FIRST_PEOPLE) -> Part:
    """Return up to `most` people (None means all) after the place `after`. `who` is HERE or GONE.

    Select by place and not by number, so no one is skipped if people join or leave between two requests.
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
    2: _("second time this week"),
    3: _("third time this week"),
    4: _("fourth time this week"),
    5: _("fifth time this week"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A scheduled removal. `due_at` is cloud time, like all times on the page."""

    pk: int
    name: str
    by: str
    reason: str
    due_at: datetime


def with_removals(people: QuerySet[Participant]) -> QuerySet[Any]:
    """Annotate people with `planned` for `removal_of`. `planned` is None if no removal is scheduled."""
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


def presence_changed(room: ShownRoom, seen: PageVersion) -> bool:
    """Return whether people joined or left, or the class started or ended, since `seen`.

    Check the stored events, because a raised hand, for example, must not cause a new attendance panel.
    """
    newer = StoredEvent.objects.filter(room=room, pk__gt=seen.event)
    if newer.count() < PageVersion.of(room).events - seen.events:
        return True  # an event was committed after an event with a higher id
    return newer.filter(stream="room", cmd__in=PRESENCE_EVENTS).exists()


def hand_order(person: Any) -> str:
    """Return a person's sort key among the raised hands. The person who has waited longest is first."""
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
