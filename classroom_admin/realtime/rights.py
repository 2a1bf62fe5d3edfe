"""Check permissions to subscribe when a page connects, and every few seconds for all pages together."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.sign_on import counts_as_second_factor
from classroom_admin.common.chunks import chunks
from classroom_admin.rooms.access import visible_room_ids, visible_rooms

SIGNED_OUT: Final = "signed out"
NOT_YOURS: Final = "not yours"


class Refused(Exception):
    """Raised if a subscription is refused.

    `reason` is SIGNED_OUT, or NOT_YOURS if the user may not see the room.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Right:
    """The permission to subscribe to a room. If `room_id` is None, it is for the list of classes.

    `auth_hash` changes if the user's sessions are ended or the password is changed.
    """

    user_id: int
    role: str
    all_classes: bool
    session_key: str
    auth_hash: str
    room_id: int | None
    is_active = True  # only active people get a `Right`

    @property
    def of_class_page(self) -> frozenset[Permission]:
        """The permissions that change the page of a class. People with the same ones get the same bytes."""
        return permissions.rights_of(self.role) & permissions.OF_CLASS_PAGE

    @property
    def sees_all_classes(self) -> bool:
        return permissions.sees_all_classes(self)

    @property
    def sees_settings(self) -> bool:
        """Whether texts about trouble with the cloud are those for a person who can mend it."""
        return permissions.may(self, Permission.SETTINGS)


def user_of(session_key: str) -> User:
    """Return the signed-in user of this session. Raise Refused if no one is signed in.

    A person who must first choose a password or set up a second factor counts as signed out. The page then
    reloads and shows that form.
    """
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key or None)
    data = store.load() if session_key else {}
    try:
        user = User.objects.get(pk=data[SESSION_KEY], is_active=True)
    except (KeyError, ValueError, User.DoesNotExist):
        raise Refused(SIGNED_OUT) from None
    if user.must_set_up and not _is_ready(user, data):
        raise Refused(SIGNED_OUT)
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    if not any(constant_time_compare(data.get(HASH_SESSION_KEY, ""), valid) for valid in hashes):
        raise Refused(SIGNED_OUT)
    return user


def _is_ready(user: User, data: Mapping[str, Any]) -> bool:
    """Return whether only a second factor is missing, and the session's school sign-on counts as one."""
    return not user.must_change_password and counts_as_second_factor(data, user)


def _data_of(session_key: str) -> Mapping[str, Any]:
    data: Mapping[str, Any] = import_module(settings.SESSION_ENGINE).SessionStore(session_key).load()
    return data


def authorise(session_key: str, key: str | None) -> tuple[User, Right]:
    """Return the user and their permission for the room with this `key`.

    If `key` is None, the permission is for the list of classes. Raise Refused if the session is not signed in
    or the user may not see the room.
    """
    user = user_of(session_key)
    room_id = None
    if key is not None:
        room_id = visible_rooms(user).filter(key=key).values_list("pk", flat=True).first()
        if room_id is None:
            raise Refused(NOT_YOURS)
    hashed = user.get_session_auth_hash()
    return user, Right(user.pk, user.role, user.all_classes, session_key, hashed, room_id)


@dataclass(slots=True)
class CurrentRights:
    """What some users may see now: their roles, the valid sessions, and the rooms of those who don't see all.

    `roles` has the role and `all_classes` of each user.
    """

    auth_hashes: Mapping[int, str] = field(default_factory=dict)
    roles: Mapping[int, tuple[str, bool]] = field(default_factory=dict)
    sessions: Collection[str] = ()
    rooms: Mapping[int, set[int]] = field(default_factory=dict)

    def refusal(self, right: Right) -> str:
        """Return the reason why a permission is lost, or "" if it still holds."""
        signed_in = (
            self.auth_hashes.get(right.user_id) == right.auth_hash and right.session_key in self.sessions
        )
        if not signed_in or self.roles.get(right.user_id) != (right.role, right.all_classes):
            return SIGNED_OUT
        if right.room_id is None or right.sees_all_classes:
            return ""
        return "" if right.room_id in self.rooms.get(right.user_id, ()) else NOT_YOURS


def read(rights: Iterable[Right]) -> CurrentRights:
    """Return what the users of `rights` may see now."""
    rights = list(rights)
    keys = {right.session_key for right in rights}
    people = {right.user_id for right in rights}
    users = [user for chunk in chunks(people) for user in User.objects.filter(pk__in=chunk, is_active=True)]
    closed = {user.pk: user for user in users if user.must_set_up}
    sessions: set[str] = set()
    for chunk in chunks(keys):
        live = Session.objects.filter(session_key__in=chunk, expire_date__gt=timezone.now())
        sessions.update(live.values_list("session_key", flat=True))
    for right in rights if closed else ():
        user = closed.get(right.user_id)
        if user and right.session_key in sessions and not _is_ready(user, _data_of(right.session_key)):
            sessions.discard(right.session_key)
    return CurrentRights(
        auth_hashes={user.pk: user.get_session_auth_hash() for user in users},
        roles={user.pk: (user.role, user.all_classes) for user in users},
        sessions=sessions,
        rooms=visible_room_ids(users),
    )
