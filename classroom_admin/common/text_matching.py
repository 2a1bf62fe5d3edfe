"""Search texts, ignoring case, accents and Unicode composition: "zoe" finds "Zoë".

`static/js/search_key.js` does the same in the browser. A browser test checks that both give the same keys.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

IGNORABLE: Final = re.compile(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Unicode's format characters (Cf) and default ignorable characters, which are invisible in a name."""
STORED_LENGTH: Final = 400
"""The maximum number of characters in a key. PostgreSQL can't index values of more than 2,700 bytes."""
BLANK: Final = re.compile("[\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000]")
"""White space, control characters and the empty Braille pattern."""

_ACCENTS: Final = re.compile(
    "([A-Za-z\u00aa-\u02af\u0370-\u0482\u048a-\u052f\u1c80-\u1c8f\u1d00-\u1dbf\u1e00-\u1fff"
    "\u2c60-\u2c7f\ua640-\ua66d\ua680-\ua69d\ua722-\ua7ff\uab30-\uab6f])"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u2de0-\u2dff\ua66f-\ua67d\ua69e\ua69f"
    "\ufe20-\ufe2f]+|(\u0627)[\u0653-\u0655]+"
)
"""Marks that many people do not type: those after Latin, Greek and Cyrillic letters, and madda and hamza on
alef.

In other scripts, a letter with a mark is a different letter.
"""
_POINTS: Final = re.compile(
    "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u0898-\u089f\u08ca-\u08e1\u08e3-\u08ff]"
)
"""The Hebrew and Arabic vowel points, and the Arabic tatweel (a stretching stroke)."""
_LONE_ACCENTS: Final = re.compile("(?<= )[\u0300-\u036f]+")
"""The combining accent that NFKD leaves after a space when it decomposes the accent in "O´Neil"."""
_LETTERS: Final = str.maketrans(
    {
        **dict(zip("ςøłđħŧıðƀɨ", "σoldhtidbi", strict=True)),
        **{"æ": "ae", "œ": "oe", "þ": "th"},
        **dict.fromkeys("‘’‛ʻʼʽˈ`", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **{"ی": "ي", "ى": "ي", "ک": "ك"},
    }
)
"""Letters and signs that Unicode does not decompose, and the characters that people type for them."""


def search_key(text: str) -> str:
    """Return `text` in lower case, without accents, vowel points and repeated white space."""
    if text.isascii():
        return " ".join(BLANK.sub(" ", text.lower()).replace("`", "'").split())
    key = IGNORABLE.sub("", unicodedata.normalize("NFKD", text))
    key = _ACCENTS.sub(r"\1\2", _LONE_ACCENTS.sub("", _POINTS.sub("", key)))
    key = key.lower().upper().lower().translate(_LETTERS)
    return " ".join(BLANK.sub(" ", unicodedata.normalize("NFC", key)).split())


def stored_key(*texts: str) -> str:
    """Return the search key of a row with these texts, cut to `STORED_LENGTH` characters."""
    return "\n".join(search_key(text) for text in texts)[:STORED_LENGTH]


def contains_all(terms: Iterable[str], *texts: str) -> bool:
    """Return whether every term is in at least one of the texts. `terms` are search keys."""
    whole = "\n".join(search_key(text) for text in texts)
    return all(term in whole for term in terms)
