"""Commands about breakout rooms."""

from collections.abc import Sequence
from typing import Any

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Room


def open_groups(*, actor: User, room: Room, groups: Sequence[dict[str, Any]]) -> Entry:
    """Make breakout rooms: ``[{"groupName", "groupUuid"?, "users": [user_uuid, …]}]`` (contract B)."""
    raise NotImplementedError


def close_groups(*, actor: User, room: Room) -> Entry:
    """Remove all breakout rooms; everybody is back in the class."""
    raise NotImplementedError
