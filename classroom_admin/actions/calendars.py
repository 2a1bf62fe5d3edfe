"""A person's own calendar address: made, made anew, turned off. No cloud is asked."""

import secrets

from django.db import transaction

from classroom_admin.accounts.models import CalendarFeed, User
from classroom_admin.actions.errors import NotYours
from classroom_admin.audit import record
from classroom_admin.common import clock


def make_address(*, actor: User) -> CalendarFeed:
    """A fresh address; one that was there before is worth nothing from now on."""
    if not actor.is_active:
        raise NotYours
    with transaction.atomic():
        feed, _is_new = CalendarFeed.objects.update_or_create(
            user=actor, defaults={"code": secrets.token_urlsafe(24), "made_at": clock.now()}
        )
        record.done(actor=actor, action="account.calendar_on", target=actor.email, target_name=str(actor))
    return feed


def turn_off(*, actor: User) -> bool:
    """Make the address worth nothing. False where there was none."""
    with transaction.atomic():
        removed, _by_model = CalendarFeed.objects.filter(user=actor).delete()
        if removed:
            record.done(
                actor=actor, action="account.calendar_off", target=actor.email, target_name=str(actor)
            )
    return bool(removed)
