"""Decide what a change of a series does to each of its classes, without the database or the clock.

The times of a series are local times. A class that moves to another day keeps its local time, whether or not
the clocks change in between.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from math import gcd
from typing import Final
from zoneinfo import ZoneInfo

from classroom_admin.actions.class_plans import ClassPlan
from classroom_admin.actions.recurrence import Start, Weekly, local_start, starts


class Scope(StrEnum):
    """The classes that a change applies to."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"


class Standing(StrEnum):
    """The progress of a class. An earlier change of the series' days or end sets DROPPED."""

    OPEN = "open"
    BUSY = "busy"
    MADE = "made"
    OVER = "over"
    CANCELLED = "cancelled"
    DROPPED = "dropped"


LIVE: Final = (Standing.OPEN, Standing.BUSY, Standing.MADE)


class How(StrEnum):
    """What a change does to a class."""

    CHANGED = "changed"
    REMADE = "remade"
    ADDED = "added"
    RESTORED = "restored"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    STAYS = "stays"
    BUSY = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A class of a series as it is now."""

    pk: int
    starts_at: datetime
    plan: ClassPlan
    standing: Standing

    def local(self, zone: ZoneInfo) -> datetime:
        return self.starts_at.astimezone(zone).replace(tzinfo=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The days of a series, up to and including `until`. `weekdays` has numbers (0: Monday).

    If `every` is 2, there are classes every other week.
    """

    weekdays: frozenset[int]
    every: int
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change of a series, as a person filled in the form for the class `anchor`.

    Each value that differs from the anchor's value changes in every class of the scope. `day` applies only to
    `Scope.THIS`, and `rule` only to the other scopes.
    """

    anchor: int
    scope: Scope
    day: date
    at: time
    plan: ClassPlan
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The change of one class. `slot` is None for a new class. `start` is None if the time stays the same."""

    how: How
    slot: Slot | None
    plan: ClassPlan
    start: Start | None = None

    @property
    def starts_at(self) -> datetime:
        """Return the time of the class after the change."""
        if self.start is not None:
            return self.start.at
        assert self.slot is not None
        return self.slot.starts_at


def rule_of(slots: Sequence[Slot], zone: ZoneInfo, *, weekdays: Collection[int], every: int | None) -> Rule:
    """Return the rule of a series.

    If `weekdays` or `every` is missing, infer it from the dates of the classes.
    """
    days = [slot.local(zone).date() for slot in slots if slot.standing is not Standing.DROPPED]
    if not days:
        return Rule(weekdays=frozenset(weekdays), every=every or 1, until=date.min)
    live = [slot.local(zone).date() for slot in slots if slot.standing in (*LIVE, Standing.OVER)]
    weeks = [(_week(day) - _week(days[0])).days // 7 for day in days]
    return Rule(
        weekdays=frozenset(weekdays or {day.weekday() for day in days}),
        every=every or gcd(*weeks) or 1,
        until=max(live or days),
    )


def decide(slots: Sequence[Slot], edit: Edit, *, rule: Rule, zone: ZoneInfo, now: datetime) -> list[Change]:
    """Return the change of each class, in order of the new times. Unchanged classes are omitted.

    `rule` is the rule of the series before the edit. Classes in the past never change.
    """
    anchor = next(slot for slot in slots if slot.pk == edit.anchor)
    ahead = [slot for slot in slots if slot.starts_at > now]
    if edit.scope is Scope.THIS:
        chosen = [anchor]
        targets = {anchor.pk: datetime.combine(edit.day, edit.at)}
        added: list[datetime] = []
    else:
        chosen = ahead
        if edit.scope is Scope.FOLLOWING:
            chosen = [slot for slot in ahead if slot.starts_at >= anchor.starts_at]
        at = edit.at if edit.at != anchor.local(zone).time().replace(second=0, microsecond=0) else None
        targets, added = _targets(chosen, anchor, edit, at=at, rule=rule, zone=zone)
        # Add no class before the class that precedes the chosen ones. If none does, the first class counts.
        begins = min((local_start(local, zone).at for local in targets.values()), default=now)
        after = max(now, max((slot.starts_at for slot in slots if slot not in chosen), default=begins))
        # Add no class after the end date, or after the last moved class if that is later.
        ends = max([edit.rule.until, *(local.date() for local in targets.values())])
        added = [each for each in added if local_start(each, zone).at > after and each.date() <= ends]
    changes = [
        found
        for slot in chosen
        if (
            found := _change(slot, targets.get(slot.pk), slot.plan.with_changes(anchor.plan, edit.plan), zone)
        )
    ]
    usual = _usual_plan([anchor, *chosen]).with_changes(anchor.plan, edit.plan)
    changes += [
        Change(how=How.ADDED, slot=None, plan=usual, start=local_start(local, zone)) for local in added
    ]
    return sorted(changes, key=lambda one: one.starts_at)


def digest(changes: Iterable[Change]) -> str:
    """Return a hash of the changes. It shows whether the series has changed since a preview."""
    said = [
        [one.how, one.slot and one.slot.pk, one.starts_at.isoformat(), one.plan.as_json()] for one in changes
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]


def _usual_plan(slots: Sequence[Slot]) -> ClassPlan:
    """Return the plan that most of the classes have. At least one class must be live.

    If two plans are equally common, return that of the later classes.
    """
    plans = [slot.plan for slot in reversed(slots) if slot.standing in LIVE]
    return max(plans, key=plans.count)


def _change(slot: Slot, local: datetime | None, plan: ClassPlan, zone: ZoneInfo) -> Change | None:
    """Return the change of a class that moves to `local`. If `local` is None, the class leaves the series."""
    standing = slot.standing
    if standing is Standing.CANCELLED or (standing is Standing.DROPPED and local is None):
        return Change(how=How.CHANGED, slot=slot, plan=plan) if plan != slot.plan else None
    if standing is Standing.DROPPED and local is not None:
        return Change(how=How.RESTORED, slot=slot, plan=plan, start=local_start(local, zone))
    moved = local is not None and local != slot.local(zone).replace(second=0, microsecond=0)
    start = local_start(local, zone) if local is not None and moved else None
    if local is not None and start is None and plan == slot.plan:
        return None
    if standing is Standing.OVER:
        return Change(how=How.STAYS, slot=slot, plan=slot.plan)
    if standing is Standing.BUSY:
        return Change(how=How.BUSY, slot=slot, plan=plan, start=start)
    made = standing is Standing.MADE
    if local is None:
        return Change(how=How.CLOSED if made else How.CANCELLED, slot=slot, plan=slot.plan)
    at_cloud = moved or bool(set(slot.plan.differences(plan)) - {"taught_by", "class_list"})
    return Change(how=How.REMADE if made and at_cloud else How.CHANGED, slot=slot, plan=plan, start=start)


def _targets(
    chosen: Sequence[Slot], anchor: Slot, edit: Edit, *, at: time | None, rule: Rule, zone: ZoneInfo
) -> tuple[dict[int, datetime], list[datetime]]:
    """Return the new local time of each remaining class by id, and the local times of new classes.

    `at` is the new time of day. If it is None, each class keeps its time of day.
    """
    live = [slot for slot in chosen if slot.standing in LIVE]
    own = {slot.pk: slot.local(zone) for slot in chosen}
    first = min((own[slot.pk].date() for slot in live), default=anchor.local(zone).date())
    last = max((own[slot.pk].date() for slot in live), default=first)
    same_days = (edit.rule.weekdays, edit.rule.every) == (rule.weekdays, rule.every)
    until = edit.rule.until
    if same_days:
        days = [own[slot.pk].date() for slot in chosen if slot.standing is not Standing.DROPPED]
        days = [day for day in days if day <= until] + _days(edit.rule, first, until, after=last)
    else:
        # Include the whole last week, because its class may move from Wednesday to Thursday.
        days = _days(edit.rule, first, _week(last) + timedelta(days=6) if until == rule.until else until)
    matched, free = _match(chosen, {pk: local.date() for pk, local in own.items()}, days)
    times = {
        pk: datetime.combine(day, at or own[pk].time().replace(second=0, microsecond=0))
        for pk, day in matched.items()
    }
    return times, [datetime.combine(day, edit.at) for day in free]


def _match(
    slots: Sequence[Slot], own: dict[int, date], days: Sequence[date]
) -> tuple[dict[int, date], list[date]]:
    """Return the new day of each class by id, and the days that have no class yet.

    A class keeps its day if possible. Otherwise it moves within its week. A cancelled class keeps its day,
    too.
    """
    open_first = sorted(slots, key=lambda slot: (slot.standing not in LIVE, slot.starts_at))
    free, matched = list(days), dict[int, date]()
    for slot in open_first:
        if own[slot.pk] in free:
            matched[slot.pk] = own[slot.pk]
            free.remove(own[slot.pk])
    by_week: defaultdict[date, list[date]] = defaultdict(list)
    for day in free:
        by_week[_week(day)].append(day)
    for slot in open_first:
        week = by_week[_week(own[slot.pk])]
        if slot.pk not in matched and slot.standing is not Standing.DROPPED and week:
            matched[slot.pk] = week.pop(0)
    return matched, sorted(day for week in by_week.values() for day in week)


def _days(rule: Rule, first: date, until: date, *, after: date = date.min) -> list[date]:
    """Return the days of a rule from the week of `first` to `until`. Days up to `after` are omitted."""
    monday = datetime.combine(_week(first), time(12))
    found = starts(
        Weekly(first=monday, zone=ZoneInfo("UTC"), weekdays=rule.weekdays, every=rule.every, until=until)
    )
    return [one.local.date() for one in found if one.local.date() > after]


def _week(day: date) -> date:
    """Return the Monday of the week of a day."""
    return day - timedelta(days=day.weekday())
