"""Links with which an administrator signs in while school sign-on does not work."""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts.models import EmergencyLink, User
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.common.problems import Problem
from classroom_admin.common.public_address import absolute

log: Final = logging.getLogger(__name__)
VALID_MINUTES: Final = 15
LATEST: Final = 5


@sensitive_variables("code")
def make_link(email: str) -> str:
    """Return the address with which the administrator signs in once, within 15 minutes.

    Raise ActionRefused if there is no active administrator with this address.
    """
    person = User.objects.filter(email__iexact=email.strip()).first()
    if person is None:
        raise ActionRefused(f"There is no account with the address {email}.")
    if not person.is_active:
        raise ActionRefused(f"The account of {email} is deactivated.")
    if not person.is_administrator:
        raise ActionRefused(f"{email} is no administrator. Emergency links are for administrators only.")
    code = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        EmergencyLink.objects.filter(expires_at__lt=now - timedelta(days=365)).delete()
        EmergencyLink.objects.create(
            user=person, digest=_digest(code), made_at=now, expires_at=now + timedelta(minutes=VALID_MINUTES)
        )
        record.done(actor=None, action="sign_on.emergency_link", target=person.email, target_name=str(person))
    return absolute(reverse("sign_on:emergency", args=[code]))


@sensitive_variables("code")
def is_valid(code: str) -> bool:
    """Return whether the code of a link can still be used."""
    return _open_links().filter(digest=_digest(code)).exists()


@sensitive_variables("code")
def use_link(code: str) -> User:
    """Use up the link and return its administrator. Raise ActionRefused if it can't be used."""
    with transaction.atomic():
        link = _open_links().select_for_update().filter(digest=_digest(code)).first()
        is_ours = link is not None and EmergencyLink.objects.filter(pk=link.pk, used_at=None).update(
            used_at=timezone.now()
        )
        if link is None or not is_ours or not (link.user.is_active and link.user.is_administrator):
            raise ActionRefused(Problem("sign_on_link_over"))
        person = link.user
        record.done(
            actor=person, action="sign_on.emergency_sign_in", target=person.email, target_name=str(person)
        )
    log.warning("person %s signed in with an emergency link", person.pk)
    return person


def latest_uses() -> list[EmergencyLink]:
    """Return the last links that were used, newest first."""
    used = EmergencyLink.objects.exclude(used_at=None).select_related("user").order_by("-used_at")
    return list(used[:LATEST])


def _open_links() -> QuerySet[EmergencyLink]:
    return EmergencyLink.objects.filter(used_at=None, expires_at__gt=timezone.now())


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
