"""Create and check the links with which people choose a password. Each link works once, for some days.

A person can have one link from an administrator, and one that someone asked for on the sign-in page. So a
stranger who knows the address can't make an administrator's link invalid.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.shortcuts import resolve_url
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts import mail
from classroom_admin.accounts.models import PasswordLink, User
from classroom_admin.common import public_address

FORGOTTEN_HOURS: Final = 1
"""How many hours a link is valid that a person asked for because they forgot the password."""


def create(person: User) -> str:
    """Return the secret of a new link. Earlier links of the person no longer work.

    The link is valid for PASSWORD_LINK_DAYS. Only the hash of the secret is stored.
    """
    with transaction.atomic():
        end_all(person)
        return _create(person, hours=settings.PASSWORD_LINK_DAYS * 24, is_forgotten=False)


def _create(person: User, *, hours: float, is_forgotten: bool) -> str:
    secret = secrets.token_urlsafe(32)
    values = {"digest": _digest(secret), "valid_until": timezone.now() + timedelta(hours=hours)}
    PasswordLink.objects.update_or_create(user=person, is_forgotten=is_forgotten, defaults=values)
    return secret


def end_all(person: User) -> bool:
    """Make every link of the person invalid. Return whether there was one."""
    return bool(PasswordLink.objects.filter(user=person).delete()[0])


def path(secret: str) -> str:
    """Return the path of the page to which the link leads."""
    return resolve_url("account_set_password", secret=secret)


def find(secret: str) -> PasswordLink | None:
    """Return the link with this secret, or None if it is unknown, used, replaced or too old."""
    link = PasswordLink.objects.select_related("user").filter(digest=_digest(secret)).first()
    if link is None or link.valid_until <= timezone.now() or not link.user.is_active:
        return None
    return link


@sensitive_variables("password")
def use(secret: str, password: str) -> User | None:
    """Set the password of the person, end their sessions, and delete their links. Return the person.

    Return None if the link no longer works. Only one of two simultaneous requests can use it.
    """
    with transaction.atomic():
        link = find(secret)
        if link is None or not PasswordLink.objects.filter(pk=link.pk, digest=link.digest).delete()[0]:
            return None
        person = User.objects.select_for_update().get(pk=link.user_id)
        end_all(person)
        person.set_password(password)
        person.must_change_password = False
        person.sessions_ended += 1
        person.save(update_fields=["password", "must_change_password", "sessions_ended"])
    return person


def send(person: User, secret: str) -> bool:
    """Mail a link to a person. Return False if that is not possible."""
    return mail.send(person, "password_link", _context(secret, settings.PASSWORD_LINK_DAYS))


def send_forgotten(person: User) -> bool:
    """Mail a new link to a person who forgot the password. Return False for people who have no password here.

    Such people sign in through the school's own sign-on. New people without a password get a link that is
    valid for PASSWORD_LINK_DAYS. A link of an administrator stays valid.
    """
    is_new = not person.has_usable_password()
    if is_new and not PasswordLink.objects.filter(user=person).exists():
        return False
    hours = settings.PASSWORD_LINK_DAYS * 24 if is_new else FORGOTTEN_HOURS
    secret = _create(person, hours=hours, is_forgotten=True)
    mail.send(person, "password_link", _context(secret, hours / 24))
    return True


def _context(secret: str, days: float) -> dict[str, object]:
    return {"address": public_address.absolute(path(secret)), "days": round(days), "hours": FORGOTTEN_HOURS}


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
