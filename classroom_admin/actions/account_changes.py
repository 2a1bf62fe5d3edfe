"""Change accounts inside a transaction, with the audit entry of each change.

The callers (`people`, `people_in_bulk`, `account_files`) check the permission and open `one_writer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from classroom_admin.accounts import api_tokens, password_links, permissions, sessions
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import recording_shares
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.rooms.models import Room


@contextmanager
def one_writer() -> Iterator[None]:
    """Open a transaction. Raise `ActionRefused` if another request saves the same email or cloud user id."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise ActionRefused(
            gettext(
                "Someone else just saved the same email address or cloud user id. Reload the page and check."
            )
        ) from error


def require_administrator(actor: User | None) -> None:
    """Raise PermissionDenied unless the actor may manage accounts."""
    if actor is None or not permissions.may(actor, Permission.PEOPLE):
        raise PermissionDenied(gettext("Only administrators can manage people."))


def lock(actor: User, people: QuerySet[User]) -> dict[int, User]:
    """Lock these people and all active administrators. Return the locked rows by primary key.

    If two administrators deactivate each other at the same moment, only the first succeeds.
    """
    active_administrators = Q(role=User.Role.ADMINISTRATOR, is_active=True)
    chosen = Q(pk__in=people.values("pk"))
    rows = User.objects.select_for_update().filter(active_administrators | chosen).order_by("pk")
    by_id = {row.pk: row for row in rows}
    require_administrator(by_id.get(actor.pk))
    return by_id


def add_account(
    *, actor: User, name: str, email: str, role: str, user_uuids: Sequence[str], is_active: bool = True
) -> User:
    """Create an account without a password. The values must be valid and free."""
    person = User.objects.create_user(email, name=name, role=role, is_active=is_active)
    CloudIdentity.objects.bulk_create(CloudIdentity(user=person, user_uuid=one) for one in user_uuids)
    params: dict[str, Any] = {"role": role, "cloud_user_ids": list(user_uuids)}
    record_change(actor, "account.create", person, params if is_active else params | {"active": False})
    return person


def save_details(
    person: User,
    *,
    actor: User,
    before: Mapping[str, Any],
    name: str,
    email: str,
    role: str,
    user_uuids: Sequence[str],
) -> None:
    """Store the details of an account. `before` is what `described` returned before any change.

    If the address changes, links to choose a password no longer work.
    """
    if role != person.role:
        person.role_given_by = ""
    if email != person.email:
        password_links.end_all(person)  # another person may read the mail of the earlier address
    person.email, person.name, person.role = email, name, role
    person.save(update_fields=["email", "name", "search", "role", "role_given_by"])
    after = {"email": email, "name": name, "role": role, "cloud_user_ids": sorted(user_uuids)}
    if after["cloud_user_ids"] != before["cloud_user_ids"]:
        set_identities(person, user_uuids)
    changed = {
        what: {"from": before[what], "to": after[what]} for what in after if before[what] != after[what]
    }
    if changed:
        record_change(actor, "account.change", person, {"changed": changed})


def deactivate(person: User, *, actor: User) -> None:
    """Deactivate an active account, and end all access of the person."""
    person.is_active = False
    person.save(update_fields=["is_active"])
    ended = end_access(person, by=actor)
    record_change(actor, "account.deactivate", person, ended or None)


def reactivate(person: User, *, actor: User) -> None:
    """Reactivate an account. It keeps its password and classes."""
    person.is_active = True
    person.save(update_fields=["is_active"])
    record_change(actor, "account.reactivate", person)


def end_access(person: User, *, by: User) -> dict[str, int]:
    """End everything through which a deactivated person could still reach data.

    Every deactivation calls this function, so a new kind of access ends here, too. Open streams close within
    seconds after their session. The calendar feed checks the account itself. Return the number of links to
    recordings and of API tokens that no longer work, without zeros.
    """
    sessions.end_all(person)
    password_links.end_all(person)
    ended = {
        "recording_links": recording_shares.end_all_of(person, by=by),
        "api_access": api_tokens.end_all(person),
    }
    return {name: count for name, count in ended.items() if count}


def require_another_administrator(person: User) -> None:
    """Raise `ActionRefused` if `person` is the last active administrator."""
    others = User.objects.filter(role=User.Role.ADMINISTRATOR, is_active=True).exclude(pk=person.pk)
    if person.is_administrator and person.is_active and not others.exists():
        raise ActionRefused(
            gettext("This is the last active administrator. Make someone else an administrator first."),
            "role",
        )


def set_identities(person: User, ids: Sequence[str]) -> None:
    """Give the person exactly these cloud user ids."""
    person.identities.exclude(user_uuid__in=ids).delete()
    present = set(person.identities.values_list("user_uuid", flat=True))
    CloudIdentity.objects.bulk_create(
        CloudIdentity(user=person, user_uuid=one) for one in ids if one not in present
    )


def described(person: User) -> dict[str, Any]:
    """Return the details of an account for the audit log."""
    return {
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "cloud_user_ids": sorted(person.identities.values_list("user_uuid", flat=True)),
    }


def record_change(
    actor: User, action: str, person: User, params: Mapping[str, Any] | None = None, room: Room | None = None
) -> None:
    """Write an audit entry about an account."""
    record.done(
        actor=actor,
        action=action,
        room_uuid=room.room_uuid if room else "",
        target=person.email,
        target_name=str(person),
        params=params,
    )
