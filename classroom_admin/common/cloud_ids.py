"""The rule for ids at the cloud: user, room and resource ids all follow it."""

from __future__ import annotations

from typing import Final

from classroom_admin.common.problems import Problem

ID_CHARACTERS: Final = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&()+-:;<=.>?@[]^_{}|~,"
)
ID_SIGNS: Final = "!#$%&()+-:;<=.>?@[]^_{}|~,"
ID_BYTES: Final = 64  # fewer than


def problem_with_id(value: str) -> Problem | None:
    """Return what is wrong with `value` as an id, None where nothing is. The text follows the id's name.

    "." and ".." are legal at the cloud, but every HTTP client resolves them as a path, even percent-encoded.
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
