"""The values of the panels about people: the roster, raised hands, attendance and scheduled removals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property

from classroom_admin.common import clock
from classroom_admin.integrations.joining.selectors import NONE_WAIT, WaitingPeople, waiting
from classroom_admin.reports.attendance import Attendance
from classroom_admin.reports.class_attendance import ClassReport, attendance_of, report_of
from classroom_admin.rooms import bans, class_lists, class_selectors
from classroom_admin.rooms.models import Participant
from classroom_admin.web.classroom.controls import waiting_cells
from classroom_admin.web.classroom.presenter_head import HeadPresenter
from classroom_admin.web.classroom.roster import (
    GONE,
    HERE,
    PART,
    Part,
    Removal,
    hand_order,
    part,
    removal_of,
    shown_first,
    to_be_removed,
    with_removals,
)

HANDS_IN_VIEW: Final = 5
"""The number of raised hands that the panel shows without scrolling."""


class PeoplePresenter(HeadPresenter):
    """The people of the class."""

    names_shown = 12
    """The maximum number of names of each kind in the attendance panel. Each arrival resends the panel."""

    @cached_property
    def roster(self) -> Sequence[Any]:
        """Everyone who is or was in the class, in brief."""
        return self.people if self.everyone else class_selectors.presence(self.room)

    @cached_property
    def people(self) -> list[Any]:
        """The people whose rows the page shows or, with `since`, the changed people.

        A whole page shows the first rows of the roster, all raised hands, and all scheduled removals.
        """
        found = class_selectors.people(self.room, since=self.since, also=self.also)
        if self.since is None and not self.everyone:
            found = found.filter(shown_first(self.room, self._first.values()))
        return self._with_details(found)

    def _with_details(self, people: QuerySet[Participant]) -> list[Any]:
        """Load people with the attributes that the templates need."""
        found = list(with_removals(people))
        banned = bans.bans_of(found, self._effective_entries, now=clock.cloud_now())
        waiting = self._waiting
        being_removed = {command.target for command in waiting if command.action == bans.REMOVE}
        cells = waiting_cells(waiting)
        for person in found:
            person.waiting = cells.get(person.user_uuid, ())
            person.banned_until = banned.get(person.user_uuid)
            person.is_being_removed = person.online and person.user_uuid in being_removed
            person.removal = removal_of(person)
        return found

    @cached_property
    def _first(self) -> dict[str, Part]:
        """The first rows of the roster, in brief."""
        return {who: part(self.roster, who) for who in (HERE, GONE)}

    def part(self, who: str, *, after: str = "") -> Part:
        """Return the roster rows after the sort key `after`. `who` is HERE or GONE."""
        if self.since is not None or self.everyone:
            return part(self.people, who, after=after, most=None)
        if after:
            chosen = part(self.roster, who, after=after, most=PART)
            pks = [one.pk for one in chosen.rows]
            loaded = self._with_details(class_selectors.people(self.room).filter(pk__in=pks))
        else:
            chosen, loaded = self._first[who], self.people
        found = {one.pk: one for one in loaded}
        return replace(chosen, rows=[found[one.pk] for one in chosen.rows if one.pk in found])

    @property
    def more_people(self) -> str:
        """The URL of the next roster rows. The template adds the parameters."""
        return reverse("live:more_people", args=[self.room.key]) + "?"

    @property
    def all_people(self) -> str:
        """The URL of the page with the whole roster. Browsers without JavaScript need it."""
        return "?people=all#people"

    @cached_property
    def here(self) -> Part:
        return self.part(HERE)

    @cached_property
    def gone(self) -> Part:
        """The people who left. The person who left last is first."""
        return self.part(GONE)

    @cached_property
    def hands(self) -> list[Any]:
        """The people with a raised hand. The person who has waited longest is first."""
        waiting = [person for person in self.people if person.online and person.hand_raised]
        return sorted(waiting, key=lambda person: (hand_order(person), person.pk))

    @property
    def hands_beyond(self) -> int:
        """The number of raised hands that are hidden until the panel is scrolled."""
        raised: int = self.room.hands_raised
        return max(0, raised - HANDS_IN_VIEW)

    @property
    def hands_down(self) -> list[Any]:
        """The people without a raised hand. The panel removes their rows."""
        return [person for person in self.people if not (person.online and person.hand_raised)]

    @cached_property
    def attendance(self) -> Attendance | None:
        """The attendance of the people on the class list, or None if the class has no class list."""
        if not class_lists.has_list(self.room):
            return None
        if self.is_over:
            return self.report.attendance
        return attendance_of(self.room, self.roster, at=self.past_time)

    @cached_property
    def report(self) -> ClassReport:
        """The attendance of everyone. It is for a class that is over."""
        return report_of(self.room, self.roster)

    @cached_property
    def removals(self) -> list[Removal]:
        """The scheduled removals in chronological order. A page with a roster needs no more queries."""
        if self.since is None and not self.is_over:
            found = [person.removal for person in self.people]
        else:
            people = class_selectors.people(self.room).filter(user_uuid__in=to_be_removed(self.room))
            found = [removal_of(person) for person in with_removals(people)]
        return sorted((removal for removal in found if removal), key=lambda removal: removal.due_at)

    @cached_property
    def waiting_people(self) -> WaitingPeople:
        """The people who wait to be let in. No query is run if nobody ever asked to join the class."""
        asked = self.room.join_revision and not self.read_only and not self.is_over
        return waiting(self.room) if asked else NONE_WAIT
