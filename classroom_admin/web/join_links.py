"""Links into the classroom, made from `JOIN_URL_TEMPLATE`. Pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

PLACEHOLDERS: Final = ("room", "user", "name", "role")
TEACHER: Final = "1"
STUDENT: Final = "2"


def join_link(template: str, *, room: str, user: str = "", name: str = "", role: str) -> str:
    """Fill {room}, {user}, {name} and {role} into `template`, percent-encoded. Return "" for no template.

    A student's link leaves {user} and {name} empty: the classroom app asks for them. Other braces stay, and
    inserted values are not searched for placeholders.
    """
    values = {"room": room, "user": user, "name": name, "role": role}
    out, rest = [], template
    while rest:
        before, brace, after = rest.partition("{")
        out.append(before)
        if not brace:
            break
        placeholder, closing, tail = after.partition("}")
        if closing and placeholder in PLACEHOLDERS:
            out.append(quote(values[placeholder], safe=""))
            rest = tail
        else:
            out.append(brace)
            rest = after
    return "".join(out)
