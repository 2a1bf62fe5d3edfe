"""Check ids of the cloud: user, room and resource ids follow the same rule."""

from __future__ import annotations

from typing import Final

from classroom_admin.common.sentence import Sentence

ID_CHARACTERS: Final = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&()+-:;<=.>?@[]^_{}|~,"
)
ID_SIGNS: Final = "!#$%&()+-:;<=.>?@[]^_{}|~,"
_NOTHING: Final = ""  # not a literal below: message extraction must not find an empty text
ID_BYTES: Final = 64  # an id must be shorter


def problem_with_id(value: str) -> Sentence:
    """Return what is wrong with `value` as an id, as a text that follows the id; empty if it is valid.

    The cloud allows "." and "..", but every HTTP client resolves them as a path, even percent-encoded.
    """
    if not value:
        return Sentence("is empty; an id needs at least one character.")
    if len(value.encode("utf-8", "replace")) >= ID_BYTES:
        return Sentence("is too long; an id can have at most {most} characters.", most=ID_BYTES - 1)
    strange = sorted(set(value) - ID_CHARACTERS)
    if strange:
        shown = " ".join(one if one.isprintable() else ascii(one)[1:-1] for one in strange[:5])
        return Sentence(
            "contains characters that the cloud does not allow in an id: {shown}. Use letters "
            "a-z and A-Z, digits, spaces and {signs}.",
            shown=shown,
            signs=ID_SIGNS,
        )
    if value in (".", ".."):
        return Sentence("can't be used: it has another meaning in web addresses.")
    return Sentence(_NOTHING)
