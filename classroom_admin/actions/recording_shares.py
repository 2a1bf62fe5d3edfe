"""Create and end links with which people without an account watch one recording."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import RecordingShare
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Recording
from classroom_admin.rooms.recording_links import Availability, availability, link_ends_at

LONGEST: Final = timedelta(days=366)
TOKEN_BYTES: Final = 24


def latest_end(*, now: datetime, link_ends: datetime | None) -> datetime:
    """Return the latest end of a new link: in a year, or when the school no longer keeps the recording."""
    longest = now + LONGEST
    return longest if link_ends is None else min(longest, link_ends)


def in_force(share: RecordingShare, now: datetime) -> bool:
    """Return whether the link works at `now`: it was not ended, and its time is not over."""
    return share.revoked_at is None and now < share.ends_at


def share(access: ClassAccess, recording: Recording, *, ends_at: datetime) -> tuple[RecordingShare, str]:
    """Create a link to a recording of the class. Return it with its token, which is not stored.

    Raise `ActionRefused` if the recording can't be watched, or `ends_at` is not allowed.
    """
    _require_same_class(access, recording)
    access.require(Permission.RECORD)
    now = clock.cloud_now()
    if availability(recording, now) != Availability.READY:
        raise ActionRefused(gettext("This recording can't be watched, so it can't be shared."))
    if ends_at <= now:
        raise ActionRefused(gettext("The end must be in the future."), "day")
    if ends_at > latest_end(now=now, link_ends=link_ends_at(recording)):
        raise ActionRefused(gettext("This end is too late. Choose an earlier one."), "day")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        made = RecordingShare.objects.create(
            recording=recording,
            token_hash=_hash(token),
            created_by=access.person,
            created_at=now,
            ends_at=ends_at,
        )
        _record(access, made, "recording.share", {"ends_at": clock.iso(ends_at)})
    return made, token


def revoke(access: ClassAccess, recording: Recording, *, pk: int) -> bool:
    """End a link to a recording of the class. Return False if there is no such link or it has ended."""
    _require_same_class(access, recording)
    access.require(Permission.RECORD)
    with transaction.atomic():
        found = RecordingShare.objects.select_for_update().filter(recording=recording, pk=pk).first()
        if found is None or found.revoked_at is not None:
            return False
        found.revoked_at, found.revoked_by = clock.cloud_now(), access.person
        found.save(update_fields=["revoked_at", "revoked_by"])
        _record(access, found, "recording.unshare", {})
    return True


def end_all_of(person: User, *, by: User) -> int:
    """End all links that the person created. Return how many there were. The caller records it."""
    now = clock.cloud_now()
    links = RecordingShare.objects.filter(created_by=person, revoked_at=None, ends_at__gt=now)
    return links.update(revoked_at=now, revoked_by=by)


def active_shares(recording: Recording) -> QuerySet[RecordingShare]:
    """Return the links to the recording that work now, newest first."""
    active = RecordingShare.objects.filter(
        recording=recording, revoked_at=None, ends_at__gt=clock.cloud_now()
    )
    return active.select_related("created_by")


def shared_recording(token: str) -> RecordingShare | None:
    """Return the link with this token if it works now and the recording can be watched, else None."""
    links = RecordingShare.objects.select_related("recording__room")
    found = links.filter(token_hash=_hash(token)).first()
    now = clock.cloud_now()
    if found is None or not in_force(found, now):
        return None
    return found if availability(found.recording, now) == Availability.READY else None


def count_use(found: RecordingShare) -> None:
    """Count that a person opened the page of a link."""
    RecordingShare.objects.filter(pk=found.pk).update(uses=F("uses") + 1, last_used_at=clock.cloud_now())


def _require_same_class(access: ClassAccess, recording: Recording) -> None:
    if recording.room_id != access.room.pk:
        raise ValueError("The recording belongs to another class.")


def _record(access: ClassAccess, found: RecordingShare, action: str, more: dict[str, object]) -> None:
    record.done(
        actor=access.person,
        action=action,
        room_uuid=access.room.room_uuid,
        target=found.recording.record_id,
        target_name=access.room.name,
        params={"link": found.pk, **more},
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
