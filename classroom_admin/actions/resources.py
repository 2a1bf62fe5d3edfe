"""Commands about the files shared with a class."""

from collections.abc import Sequence
from typing import Any

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Resource, Room


def put_resource_by_url(
    *,
    actor: User,
    room: Room,
    name: str,
    url: str,
    ext: str,
    size: int,
    conversion: dict[str, Any] | None = None,
) -> Entry:
    """Share a file that lies at ``url`` (``size`` in bytes) under an id made here; ``entry.target`` names it.

    ``conversion``: ``{"type": "static"|"dynamic", "preview", "scale", "outputFormat"}``, None for none.
    """
    raise NotImplementedError


def delete_resources(*, actor: User, room: Room, resources: Sequence[Resource]) -> Entry:
    """Take files away from the class."""
    raise NotImplementedError
