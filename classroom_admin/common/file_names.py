"""Clean and shorten the names of uploaded files, so that pages can show the names safely."""

import unicodedata
from typing import Final

# Keep joiners, because words and emoji contain them. Remove all other format characters: for example, a
# direction mark can make one name look like another name.
_KEPT_FORMATS: Final = frozenset("\u200c\u200d")
_ZERO_WIDTH_JOINER: Final = "\u200d"


def clean(name: str) -> str:
    """Return the name without folders, control characters and direction marks, and with plain spaces only."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(_shown(character) for character in last)
    return kept.encode("utf-8", "ignore").decode("utf-8").strip(" \u200c\u200d")


def _shown(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character if character.isprintable() or character in _KEPT_FORMATS else ""


def shorten(name: str, most_bytes: int) -> str:
    """Shorten a name to ``most_bytes`` of UTF-8. Keep its extension, and do not split visible characters."""
    stem, dot, ext = name.rpartition(".")
    if not dot:
        stem, ext = name, ""
    room = most_bytes - len((dot + ext).encode())
    end = len(stem.encode()[: max(1, room)].decode("utf-8", "ignore"))
    while 0 < end < len(stem) and _continues(stem, end):
        end -= 1
    return stem[:end] + dot + ext


def _continues(text: str, at: int) -> bool:
    """Return whether the character at ``at`` belongs to the previous one, such as an accent.

    This follows the rules GB9, GB9a, GB11 and GB12 of Unicode Standard Annex 29. It also keeps characters
    around a joiner together.
    """
    character, before = text[at], text[at - 1]
    if unicodedata.category(character).startswith("M") or before == _ZERO_WIDTH_JOINER:
        return True
    if character in _KEPT_FORMATS or "\U0001f3fb" <= character <= "\U0001f3ff":  # a joiner or a skin tone
        return True
    if not (_is_flag_letter(character) and _is_flag_letter(before)):
        return False
    letters = at
    while letters > 0 and _is_flag_letter(text[letters - 1]):
        letters -= 1
    return (at - letters) % 2 == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
