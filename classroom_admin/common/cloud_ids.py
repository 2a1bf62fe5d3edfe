"""Check ids of the cloud. User, room and resource ids follow the same rule."""

from typing import Final

from classroom_admin.common.problems import Problem

ID_CHARACTERS: Final = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&()+-:;<=.>?@[]^_{}|~,"
)
ID_SIGNS: Final = "!#$%&()+-:;<=.>?@[]^_{}|~,"
ID_BYTES: Final = 64  # an id must have fewer bytes in UTF-8


def problem_with_id(value: str) -> Problem | None:
    """Return why `value` is invalid as an id, or None if it is valid.

    The cloud allows the ids "." and "..", but every HTTP client resolves them as a path, even if they are
    percent-encoded.
    """
    if not value:
        return Problem("id_empty")
    if len(value.encode("utf-8", "replace")) >= ID_BYTES:
        return Problem("id_too_long", {"most": ID_BYTES - 1})
    strange = sorted(set(value) - ID_CHARACTERS)
    if strange:
        shown = " ".join(each if each.isprintable() else ascii(each)[1:-1] for each in strange[:5])
        return Problem("id_characters", {"shown": shown, "signs": ID_SIGNS})
    return Problem("id_dots") if value in (".", "..") else None
