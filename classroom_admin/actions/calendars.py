"""Create and turn off calendar feed addresses, and count how often each class changed in calendars."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from classroom_admin.accounts.models import CalendarFeed, User
from classroom_admin.actions.class_plans import calendar_key, plan_of
from classroom_admin.actions.models import CalendarRevision, ScheduledCommand
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.rooms.access import NotYours


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarClass:
    """A class as calendars show it. ``uid`` does not change when the class is created in the cloud.

    ``known_at`` is the time of the last change. It is used when a calendar first shows the class.
    """

    uid: str
    name: str
    starts_at: datetime
    ends_at: datetime | None
    known_at: datetime
    is_cancelled: bool = False

    def digest(self) -> str:
        """Return a hash of what the calendar shows."""
        ends_at = self.ends_at.isoformat() if self.ends_at else ""
        shown = [self.name, self.starts_at.isoformat(), ends_at, self.is_cancelled]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:32]


def uid_of(room_uuid: str) -> str:
    """Return a calendar id for a class. The id does not reveal the class's cloud id."""
    return hashlib.sha256(f"calendar {room_uuid}".encode()).hexdigest()[:32]


def of_plan(planned: ScheduledCommand) -> CalendarClass:
    """Return the calendar data of a scheduled class."""
    starts_at = planned.starts_at
    assert starts_at is not None
    plan = plan_of(planned)
    lasts_s = plan.settings.get("duration_s")
    return CalendarClass(
        uid=uid_of(calendar_key(planned)),
        name=plan.name,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(seconds=lasts_s) if lasts_s else None,
        known_at=planned.changed_at,
        is_cancelled=planned.state == ScheduledCommand.State.CANCELLED,
    )


def revise(classes: Iterable[CalendarClass], *, only_known: bool = False) -> dict[str, CalendarRevision]:
    """Return the revisions of classes by ``uid``. Increase ``sequence`` for each class that has changed.

    If ``only_known`` is True, omit classes that no calendar has shown yet.
    """
    by_uid = {one.uid: one for one in classes}
    known: dict[str, CalendarRevision] = {}
    for some in chunks(by_uid):
        known |= {found.uid: found for found in CalendarRevision.objects.filter(uid__in=some)}
    changed = [found for uid, found in known.items() if found.shows != by_uid[uid].digest()]
    for found in changed:
        found.shows = by_uid[found.uid].digest()
        found.sequence += 1
        found.changed_at = clock.now()
    if changed:
        CalendarRevision.objects.bulk_update(changed, ["shows", "sequence", "changed_at"], batch_size=100)
    fresh = [
        CalendarRevision(uid=uid, shows=one.digest(), changed_at=one.known_at)
        for uid, one in by_uid.items()
        if uid not in known and not only_known
    ]
    if fresh:
        CalendarRevision.objects.bulk_create(fresh, ignore_conflicts=True)
    return known | {one.uid: one for one in fresh}


def make_address(*, actor: User) -> CalendarFeed:
    """Create a new address for the person's calendar feed. The old address stops working."""
    if not actor.is_active:
        raise NotYours
    with transaction.atomic():
        feed, _is_new = CalendarFeed.objects.update_or_create(
            user=actor, defaults={"code": secrets.token_urlsafe(24), "made_at": clock.now()}
        )
        record.done(actor=actor, action="account.calendar_on", target=actor.email, target_name=str(actor))
    return feed


def turn_off(*, actor: User) -> bool:
    """Turn off the person's calendar feed. Return False if there was none."""
    with transaction.atomic():
        removed, _by_model = CalendarFeed.objects.filter(user=actor).delete()
        if removed:
            record.done(
                actor=actor, action="account.calendar_off", target=actor.email, target_name=str(actor)
            )
    return bool(removed)
