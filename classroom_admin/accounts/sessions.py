"""List and end the sessions of a person. Open streams of an ended session stop within seconds."""

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest

from classroom_admin.accounts import devices
from classroom_admin.accounts.models import User


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session in words for people. `address` is an IP address."""

    pk: int
    device: str
    address: str
    signed_in_at: datetime
    used_at: datetime
    is_current: bool


def of(person: User, *, current: str | None = None) -> list[OwnSession]:
    """Return the valid sessions of a person, the current one first, then the last used. Forget the others.

    `current` is the key of the session from which the person looks.
    """
    found = [
        OwnSession(
            pk=row.pk,
            device=devices.in_words(row.user_agent),
            address=row.ip,
            signed_in_at=row.created_at,
            used_at=row.last_seen_at,
            is_current=row.session_key == current,
        )
        for row in UserSession.objects.purge_and_list(person)
    ]
    return sorted(found, key=lambda one: (not one.is_current, -one.used_at.timestamp()))


def end(person: User, pk: int) -> str | None:
    """End a session of the person. Return a description of its device, or None if there is none."""
    row = UserSession.objects.filter(user=person, pk=pk).first()
    if row is None:
        return None
    row.end()
    return devices.in_words(row.user_agent)


def end_all(person: User) -> int:
    """End every session of the person. Return their number."""
    with transaction.atomic():
        rows = list(UserSession.objects.filter(user=person))
        for row in rows:
            row.end()
        person.sessions_ended += 1
        person.save(update_fields=["sessions_ended"])
    return len(rows)


def end_others(request: HttpRequest, person: User) -> list[str]:
    """End every session of the person except the one of the request. Return descriptions of the devices."""
    others = UserSession.objects.filter(user=person).exclude(session_key=request.session.session_key)
    with transaction.atomic():
        ended = [(row, devices.in_words(row.user_agent)) for row in others]
        for row, _device in ended:
            row.end()
        # This also ends sessions that the list does not contain, such as those of an older version.
        person.sessions_ended += 1
        person.save(update_fields=["sessions_ended"])
    forget = UserSession.objects.filter(session_key=request.session.session_key)
    update_session_auth_hash(request, person)  # the session gets a new key
    forget.delete()
    UserSession.objects.create_from_request(request)
    return [device for _row, device in ended]
