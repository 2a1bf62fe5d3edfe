"""Build links into the classroom from `JOIN_URL_TEMPLATE`."""

import re
from typing import Final
from urllib.parse import quote

TEACHER: Final = "1"
STUDENT: Final = "2"


def join_link(template: str, *, room: str, user: str = "", name: str = "", role: str) -> str:
    """Return `template` with percent-encoded values for {room}, {user}, {name} and {role}.

    Return "" for an empty template. In a student's link, {user} and {name} are empty, because the classroom
    app asks for them. Other braces stay as they are. Placeholders inside inserted values are not replaced.
    """
    values = {"room": room, "user": user, "name": name, "role": role}
    return re.sub(r"\{(room|user|name|role)\}", lambda found: quote(values[found[1]], safe=""), template)
