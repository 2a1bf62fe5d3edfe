"""The link with which a student joins a class."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Final

from django.conf import settings

from classroom_admin.rooms.models import Room
from classroom_admin.web.join_links import STUDENT, join_link

_LINKS: Final = "classroom_admin.integrations.joining.links"


def address_for(room: Room, *, user_id: str, name: str) -> str:
    """Return the address at which a student with this cloud user id joins. It is "" if none is configured."""
    if find_spec("classroom_admin.integrations.joining") is not None:
        return str(import_module(_LINKS).personal_link(room, user_id=user_id, name=name))
    template: str = settings.JOIN_URL_TEMPLATE
    return join_link(template, room=room.room_uuid, user=user_id, name=name, role=STUDENT) if template else ""
