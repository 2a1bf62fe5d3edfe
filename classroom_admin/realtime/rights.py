"""Who may watch what: asked once when a page comes, and again every few seconds for all pages together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from classroom_admin.accounts.models import User
from classroom_admin.common.chunks import chunks
from classroom_admin.rooms.access import own_room_ids, visible_rooms

SIGNED_OUT: Final = "signed out"
NOT_YOURS: Final = "not yours"


class Refused(Exception):
    """Nobody is signed in, or the room is not theirs. `reason` is SIGNED_OUT or NOT_YOURS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Right:
    """What was authorised: this person, by this session, to watch this room (None: their list of classes).

    `mark` changes when the person's sessions are ended or the password is changed.
    """

    user_id: int
    is_administrator: bool
    session_key: str
    mark: str
    room_id: int | None


def person(session_key: str) -> User:
    """Who is signed in by this session. Reads only; raises Refused."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key or None)
    held = store.load() if session_key else {}
    try:
        user = User.objects.get(pk=held[SESSION_KEY], is_active=True)
    except (KeyError, ValueError, User.DoesNotExist):
        raise Refused(SIGNED_OUT) from None
    marks = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    if not any(constant_time_compare(held.get(HASH_SESSION_KEY, ""), mark) for mark in marks):
        raise Refused(SIGNED_OUT)
    return user


def authorise(session_key: str, key: str | None) -> tuple[User, Right]:
    """The person and their right to watch the room under `key` (None: the list); raises Refused."""
    user = person(session_key)
    room_id = None
    if key is not None:
        room_id = visible_rooms(user).filter(key=key).values_list("pk", flat=True).first()
        if room_id is None:
            raise Refused(NOT_YOURS)
    right = Right(user.pk, user.is_administrator, session_key, user.get_session_auth_hash(), room_id)
    return user, right


@dataclass(slots=True)
class Truth:
    """What holds now for those who watch: `marks` of the active ones, administrators, sessions, rooms."""

    marks: Mapping[int, str] = field(default_factory=dict)
    administrators: Collection[int] = ()
    sessions: Collection[str] = ()
    rooms: Mapping[int, set[int]] = field(default_factory=dict)

    def refusal(self, right: Right) -> str:
        """Why the right is lost; "" where it still holds. Pure."""
        is_signed_in = self.marks.get(right.user_id) == right.mark and right.session_key in self.sessions
        if not is_signed_in or (right.user_id in self.administrators) != right.is_administrator:
            return SIGNED_OUT
        if right.room_id is None or right.is_administrator:
            return ""
        return "" if right.room_id in self.rooms.get(right.user_id, ()) else NOT_YOURS


def read(rights: Iterable[Right]) -> Truth:
    """What holds now for all of them: five queries for five hundred people, and none for a page."""
    rights = list(rights)
    keys = {right.session_key for right in rights}
    people = {right.user_id for right in rights}
    teachers = {right.user_id for right in rights if not right.is_administrator}
    users = [user for part in chunks(people) for user in User.objects.filter(pk__in=part, is_active=True)]
    alive: set[str] = set()
    for part in chunks(keys):
        living = Session.objects.filter(session_key__in=part, expire_date__gt=timezone.now())
        alive.update(living.values_list("session_key", flat=True))
    return Truth(
        marks={user.pk: user.get_session_auth_hash() for user in users},
        administrators={user.pk for user in users if user.is_administrator},
        sessions=alive,
        rooms=own_room_ids(teachers),
    )
