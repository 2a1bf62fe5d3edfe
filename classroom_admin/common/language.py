"""Saying in the reader's language what was written down in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from classroom_admin.common.sentence import Sentence, read

SENTENCE = "sentence"
SAYS = "says"


def in_words(text: str) -> str:
    """`text` in the active language: a sentence by its pattern, other text line by line, where the catalogue
    has just that line. What the catalogue does not know stays English.
    """
    if not text:
        return ""
    if not isinstance(text, Sentence):
        return " ".join(gettext(line) for line in text.splitlines() if line)
    said = gettext(text.pattern)
    if not text.values:
        return said
    return said.format(
        **{name: in_words(one) if isinstance(one, Sentence) else one for name, one in text.values.items()}
    )


def kept(text: str) -> dict[str, Any]:
    """A sentence as a record keeps it: in English, for whoever reads the record itself, and how it was
    made. Of other text there is only the text.
    """
    if not isinstance(text, Sentence):
        return {SENTENCE: text}
    return {SENTENCE: str(text), SAYS: text.as_json()}


def told(record: Mapping[str, Any]) -> str:
    """The sentence of a record that `kept` wrote, in the active language; "" where there is none.

    Records of earlier releases have the English text alone: most of those are in the catalogue as they are.
    """
    return in_words(read(record.get(SAYS)) or str(record.get(SENTENCE) or ""))
