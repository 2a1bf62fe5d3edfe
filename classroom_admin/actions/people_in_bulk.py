"""Deactivate or reactivate several accounts together: all of them or none."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext

from classroom_admin.accounts.models import User
from classroom_admin.actions import account_changes
from classroom_admin.actions.errors import ActionRefused


def set_active(*, actor: User, people: Collection[int], active: bool) -> list[User]:
    """Deactivate or reactivate the accounts with these primary keys. Return those that changed.

    Raise ActionRefused, and change nothing, if one of them is the actor's own account, if one no longer
    exists, or if no active administrator would be left.
    """
    account_changes.require_administrator(actor)
    if not active and actor.pk in people:
        raise ActionRefused(
            gettext("You can't deactivate your own account. Ask another administrator to do it.")
        )
    with account_changes.one_writer():
        locked = account_changes.lock(actor, User.objects.filter(pk__in=people))
        if set(people) - set(locked):
            raise ActionRefused(gettext("One of these people no longer exists. Choose them again."))
        changing = [locked[pk] for pk in people if locked[pk].is_active != active]
        for person in changing:
            if active:
                account_changes.reactivate(person, actor=actor)
            else:
                account_changes.require_another_administrator(person)
                account_changes.deactivate(person, actor=actor)
    return changing
