"""Build links into the classroom from `JOIN_URL_TEMPLATE`."""

import re
from typing import Final
from urllib.parse import quote

TEACHER: Final = "1"
STUDENT: Final = "2"
OBSERVER: Final = "4"


def join_link(template: str, *, room: str, user: str = "", name: str = "", role: str) -> str:
    """Return `template` with percent-encoded values for {room}, {user}, {name} and {role}.

    In a student's link, {user} and {name} are empty, because the classroom app asks for them. Other braces
    are not changed.
    """
    values = {"room": room, "user": user, "name": name, "role": role}
    return re.sub(r"\{(room|user|name|role)\}", lambda found: quote(values[found[1]], safe=""), template)


def recording_address(template: str, *, room: str) -> str:
    """Return the URL at which the cloud opens the classroom app to record it.

    It is the join link without its query, because the cloud appends its own query.
    """
    return join_link(template, room=room, role=STUDENT).partition("?")[0]
