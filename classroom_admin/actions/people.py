"""Change accounts as an administrator. Each function writes its audit entry in the same transaction.

The functions raise PermissionDenied if `actor` is not an active administrator. They raise `ActionRefused` for
invalid input; its `field` names the form field. In both cases they change nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts import api_tokens, password_links, permissions, sessions
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import recording_shares
from classroom_admin.actions.errors import ActionRefused, require_visible
from classroom_admin.audit import record
from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.problem_texts import in_words
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.models import Room, RoomTeacher


@sensitive_variables("secret")
def create_person(
    *, actor: User, email: str, name: str, role: str, user_uuids: Sequence[str] = ()
) -> tuple[User, str]:
    """Create an account. Return the account, and the secret of the link to choose a password."""
    _require_administrator(actor)
    email, name, ids = clean_details(email=email, name=name, role=role, user_uuids=user_uuids)
    with one_writer():
        require_free(email=email, user_uuids=ids)
        person = User.objects.create_user(email, name=name, role=role)
        secret = password_links.create(person)
        _set_identities(person, ids)
        record.done(
            actor=actor,
            action="account.create",
            target=person.email,
            target_name=str(person),
            params={"role": role, "cloud_user_ids": ids},
        )
    return person, secret


def change_person(
    *, actor: User, person: User, email: str, name: str, role: str, user_uuids: Sequence[str] = ()
) -> User:
    """Replace the name, email address, role and cloud user ids of an account.

    If the address changes, links to choose a password no longer work.
    """
    _require_administrator(actor)
    email, name, ids = clean_details(email=email, name=name, role=role, user_uuids=user_uuids)
    with one_writer():
        person = _locked(actor, person)
        require_free(email=email, user_uuids=ids, besides=person)
        if role != User.Role.ADMINISTRATOR:
            _require_another_administrator(person)
        before = _described(person)
        if role != person.role:
            person.role_given_by = ""
        if email != person.email:
            password_links.end_all(person)  # another person may read the mail of the earlier address
        person.email, person.name, person.role = email, name, role
        person.save(update_fields=["email", "name", "search", "role", "role_given_by"])
        _set_identities(person, ids)
        after = _described(person)
        changed = {
            what: {"from": before[what], "to": after[what]} for what in after if before[what] != after[what]
        }
        if changed:
            _record(actor, "account.change", person, {"changed": changed})
    return person


def deactivate_person(*, actor: User, person: User) -> User:
    """Deactivate the account: sign the person out everywhere and prevent sign-in.

    Links to choose a password, links to recordings that the person created, and API tokens no longer work.
    Nothing else is deleted.
    """
    _require_administrator(actor)
    if person.pk == actor.pk:
        raise ActionRefused(
            gettext("You can't deactivate your own account. Ask another administrator to do it.")
        )
    with one_writer():
        person = _locked(actor, person)
        if not person.is_active:
            return person
        _require_another_administrator(person)
        person.is_active = False
        person.save(update_fields=["is_active"])
        sessions.end_all(person)
        password_links.end_all(person)
        ended = {
            "recording_links": recording_shares.end_all_of(person, by=actor),
            "api_access": api_tokens.end_all(person),
        }
        _record(actor, "account.deactivate", person, {name: count for name, count in ended.items() if count})
    return person


def reactivate_person(*, actor: User, person: User) -> User:
    """Reactivate the account. It keeps its password and classes."""
    _require_administrator(actor)
    with one_writer():
        person = _locked(actor, person)
        if person.is_active:
            return person
        person.is_active = True
        person.save(update_fields=["is_active"])
        _record(actor, "account.reactivate", person)
    return person


@sensitive_variables("secret")
def reset_password(*, actor: User, person: User) -> str:
    """Delete the password, sign the person out everywhere and return the secret of a link to choose another.

    API tokens of the person no longer work. Raise ``ActionRefused`` for the actor's own account.
    """
    _require_administrator(actor)
    if person.pk == actor.pk:
        raise ActionRefused(
            gettext("To change your own password, use “Change password” in the account menu.")
        )
    with one_writer():
        person = _locked(actor, person)
        person.set_unusable_password()
        person.must_change_password = False
        person.save(update_fields=["password", "must_change_password"])
        sessions.end_all(person)
        api_tokens.end_all(person)
        secret = password_links.create(person)
        _record(actor, "account.password_reset", person)
    return secret


def reset_second_factors(*, actor: User, person: User) -> bool:
    """Delete the person's second factors, for example after the phone was lost, and end their sessions.

    Return False if the person has none. Raise ``ActionRefused`` for the actor's own account.
    """
    _require_administrator(actor)
    if person.pk == actor.pk:
        raise ActionRefused(gettext("To change your own second factors, open “Sign-in and security”."))
    with one_writer():
        person = _locked(actor, person)
        removed, _ = Authenticator.objects.filter(user=person).delete()
        if removed:
            person.refresh_from_db()
            sessions.end_all(person)
            _record(actor, "account.second_factor_reset", person)
    return bool(removed)


def end_sessions(*, actor: User, person: User, pk: int | None = None) -> bool:
    """End the session `pk` of the person, or all sessions. Return False if there was none to end."""
    _require_administrator(actor)
    with one_writer():
        person = _locked(actor, person)
        if pk is None:
            sessions.end_all(person)
            params = {}
        else:
            device = sessions.end(person, pk)
            if device is None:
                return False
            params = {"device": device}
        _record(actor, "account.sessions_end", person, params)
    return True


def create_own_cloud_id(*, actor: User) -> str:
    """Return the actor's first cloud user id. If the actor has none, create a random one."""
    _require_administrator(actor)
    with one_writer():
        person = _locked(actor, actor)
        known = person.identities.order_by("pk").first()
        if known is not None:
            return known.user_uuid
        made = CloudIdentity.objects.create(user=person, user_uuid=uuid4().hex)
        _record(actor, "account.cloud_id", person, {"cloud_user_id": made.user_uuid})
    return made.user_uuid


def assign_room(*, actor: User, person: User, room: Room) -> bool:
    """Assign the class to the person. Return False if it was already assigned to them."""
    _require_administrator(actor)
    if not person.is_active:
        raise ActionRefused(Problem("assignee_deactivated"))
    if not permissions.may_teach(person):
        raise ActionRefused(gettext("A person with this role does not teach. Choose another person."))
    with one_writer():
        _, is_new = RoomTeacher.objects.get_or_create(room=room, user=person)
        if is_new:
            _record(actor, "room.assign", person, room=room)
    return is_new


def unassign_room(*, actor: User, person: User, room: Room) -> bool:
    """Undo `assign_room`. Return False if the class was not assigned to the person.

    If one of the person's cloud user ids has entered the class as a teacher, the person can still see it.
    """
    _require_administrator(actor)
    with one_writer():
        removed, _ = RoomTeacher.objects.filter(room=room, user=person).delete()
        if removed:
            _record(actor, "room.unassign", person, room=room)
    return bool(removed)


def _require_administrator(actor: User | None) -> None:
    if actor is None or not permissions.may(actor, Permission.PEOPLE):
        raise PermissionDenied(gettext("Only administrators can manage people."))


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


def _locked(actor: User, person: User) -> User:
    """Lock the person and all active administrators, and return the person.

    If two administrators deactivate each other at the same moment, only the first succeeds.
    """
    active_administrators = Q(role=User.Role.ADMINISTRATOR, is_active=True)
    rows = User.objects.select_for_update().filter(active_administrators | Q(pk=person.pk)).order_by("pk")
    by_id = {row.pk: row for row in rows}
    _require_administrator(by_id.get(actor.pk))
    return by_id[person.pk]


def clean_details(
    *, email: str, name: str, role: str, user_uuids: Sequence[str]
) -> tuple[str, str, list[str]]:
    email, name = email.strip().lower(), name.strip()
    if not email:
        raise ActionRefused(gettext("Enter an email address for the account."), "email")
    if not name:
        raise ActionRefused(gettext("Enter a name for the person."), "name")
    require_visible(name)
    if role not in User.Role.values:
        raise ActionRefused(gettext("Choose a role."), "role")
    ids = list(dict.fromkeys(user_uuids))
    for user_uuid in ids:
        if problem := problem_with_id(user_uuid):
            raise ActionRefused(
                gettext("“%(id)s”: %(problem)s") % {"id": user_uuid, "problem": in_words(problem)},
                "user_uuids",
            )
    return email, name, ids


def require_free(*, email: str, user_uuids: Sequence[str], besides: User | None = None) -> None:
    others = User.objects.exclude(pk=besides.pk) if besides else User.objects.all()
    if other := others.filter(email__iexact=email).first():
        raise ActionRefused(
            gettext("%(person)s already uses this email address.") % {"person": other}, "email"
        )
    taken = (
        CloudIdentity.objects.filter(user_uuid__in=user_uuids, user__in=others).select_related("user").first()
    )
    if taken:
        raise ActionRefused(
            gettext(
                "The cloud user id “%(id)s” belongs to %(person)s (%(email)s). Remove it from that "
                "person first."
            )
            % {"id": taken.user_uuid, "person": taken.user, "email": taken.user.email},
            "user_uuids",
        )


def _require_another_administrator(person: User) -> None:
    """Raise `ActionRefused` if `person` is the last active administrator."""
    others = User.objects.filter(role=User.Role.ADMINISTRATOR, is_active=True).exclude(pk=person.pk)
    if person.is_administrator and person.is_active and not others.exists():
        raise ActionRefused(
            gettext("This is the last active administrator. Make someone else an administrator first."),
            "role",
        )


def _set_identities(person: User, ids: Sequence[str]) -> None:
    person.identities.exclude(user_uuid__in=ids).delete()
    present = set(person.identities.values_list("user_uuid", flat=True))
    CloudIdentity.objects.bulk_create(
        CloudIdentity(user=person, user_uuid=one) for one in ids if one not in present
    )


def _described(person: User) -> dict[str, Any]:
    return {
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "cloud_user_ids": sorted(person.identities.values_list("user_uuid", flat=True)),
    }


def _record(
    actor: User, action: str, person: User, params: dict[str, Any] | None = None, room: Room | None = None
) -> None:
    record.done(
        actor=actor,
        action=action,
        room_uuid=room.room_uuid if room else "",
        target=person.email,
        target_name=str(person),
        params=params,
    )
