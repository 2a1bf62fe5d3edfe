"""Change accounts as an administrator. Each function writes its audit entry in the same transaction.

The functions raise PermissionDenied if `actor` is not an active administrator. They raise `ActionRefused` for
invalid input; its `field` names the form field. In both cases they change nothing.
"""

from collections.abc import Sequence
from uuid import uuid4

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts import api_tokens, password_links, permissions, sessions
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.actions import account_changes
from classroom_admin.actions.account_changes import (
    lock,
    one_writer,
    record_change,
    require_administrator,
    require_another_administrator,
)
from classroom_admin.actions.errors import ActionRefused, require_visible
from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.problem_texts import in_words
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.models import Room, RoomTeacher


@sensitive_variables("secret")
def create_person(
    *, actor: User, email: str, name: str, role: str, user_uuids: Sequence[str] = ()
) -> tuple[User, str]:
    """Create an account. Return the account, and the secret of the link to choose a password."""
    require_administrator(actor)
    email, name, ids = clean_details(email=email, name=name, role=role, user_uuids=user_uuids)
    with one_writer():
        require_free(email=email, user_uuids=ids)
        person = account_changes.add_account(actor=actor, name=name, email=email, role=role, user_uuids=ids)
        secret = password_links.create(person)
    return person, secret


def change_person(
    *, actor: User, person: User, email: str, name: str, role: str, user_uuids: Sequence[str] = ()
) -> User:
    """Replace the name, email address, role and cloud user ids of an account.

    If the address changes, links to choose a password no longer work.
    """
    require_administrator(actor)
    email, name, ids = clean_details(email=email, name=name, role=role, user_uuids=user_uuids)
    with one_writer():
        person = _locked(actor, person)
        require_free(email=email, user_uuids=ids, besides=person)
        if role != User.Role.ADMINISTRATOR:
            require_another_administrator(person)
        account_changes.save_details(
            person,
            actor=actor,
            before=account_changes.described(person),
            name=name,
            email=email,
            role=role,
            user_uuids=ids,
        )
    return person


def deactivate_person(*, actor: User, person: User) -> User:
    """Deactivate the account: sign the person out everywhere and prevent sign-in.

    Links to choose a password, links to recordings that the person created, and API tokens no longer work.
    Nothing else is deleted.
    """
    require_administrator(actor)
    if person.pk == actor.pk:
        raise ActionRefused(
            gettext("You can't deactivate your own account. Ask another administrator to do it.")
        )
    with one_writer():
        person = _locked(actor, person)
        if not person.is_active:
            return person
        require_another_administrator(person)
        account_changes.deactivate(person, actor=actor)
    return person


def reactivate_person(*, actor: User, person: User) -> User:
    """Reactivate the account. It keeps its password and classes."""
    require_administrator(actor)
    with one_writer():
        person = _locked(actor, person)
        if person.is_active:
            return person
        account_changes.reactivate(person, actor=actor)
    return person


@sensitive_variables("secret")
def reset_password(*, actor: User, person: User) -> str:
    """Delete the password, sign the person out everywhere and return the secret of a link to choose another.

    API tokens of the person no longer work. Raise ``ActionRefused`` for the actor's own account.
    """
    require_administrator(actor)
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
        record_change(actor, "account.password_reset", person)
    return secret


def reset_second_factors(*, actor: User, person: User) -> bool:
    """Delete the person's second factors, for example after the phone was lost, and end their sessions.

    Return False if the person has none. Raise ``ActionRefused`` for the actor's own account.
    """
    require_administrator(actor)
    if person.pk == actor.pk:
        raise ActionRefused(gettext("To change your own second factors, open “Sign-in and security”."))
    with one_writer():
        person = _locked(actor, person)
        removed, _ = Authenticator.objects.filter(user=person).delete()
        if removed:
            person.refresh_from_db()
            sessions.end_all(person)
            record_change(actor, "account.second_factor_reset", person)
    return bool(removed)


def end_sessions(*, actor: User, person: User, pk: int | None = None) -> bool:
    """End the session `pk` of the person, or all sessions. Return False if there was none to end."""
    require_administrator(actor)
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
        record_change(actor, "account.sessions_end", person, params)
    return True


def create_own_cloud_id(*, actor: User) -> str:
    """Return the actor's first cloud user id. If the actor has none, create a random one."""
    require_administrator(actor)
    with one_writer():
        person = _locked(actor, actor)
        known = person.identities.order_by("pk").first()
        if known is not None:
            return known.user_uuid
        made = CloudIdentity.objects.create(user=person, user_uuid=uuid4().hex)
        record_change(actor, "account.cloud_id", person, {"cloud_user_id": made.user_uuid})
    return made.user_uuid


def assign_room(*, actor: User, person: User, room: Room) -> bool:
    """Assign the class to the person. Return False if it was already assigned to them."""
    require_administrator(actor)
    if not person.is_active:
        raise ActionRefused(Problem("assignee_deactivated"))
    if not permissions.may_teach(person):
        raise ActionRefused(gettext("A person with this role does not teach. Choose another person."))
    with one_writer():
        _, is_new = RoomTeacher.objects.get_or_create(room=room, user=person)
        if is_new:
            record_change(actor, "room.assign", person, room=room)
    return is_new


def unassign_room(*, actor: User, person: User, room: Room) -> bool:
    """Undo `assign_room`. Return False if the class was not assigned to the person.

    If one of the person's cloud user ids has entered the class as a teacher, the person can still see it.
    """
    require_administrator(actor)
    with one_writer():
        removed, _ = RoomTeacher.objects.filter(room=room, user=person).delete()
        if removed:
            record_change(actor, "room.unassign", person, room=room)
    return bool(removed)


def _locked(actor: User, person: User) -> User:
    return lock(actor, User.objects.filter(pk=person.pk))[person.pk]


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
