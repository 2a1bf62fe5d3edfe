"""Create, replace and turn off the address of a person's calendar feed, without calling the cloud."""

import secrets

from django.db import transaction

from classroom_admin.accounts.models import CalendarFeed, User
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.rooms.access import NotYours


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
