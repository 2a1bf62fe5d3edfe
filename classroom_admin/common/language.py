"""Translate texts that were stored in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from classroom_admin.common.sentence import Sentence, read

SENTENCE = "sentence"
SAYS = "says"


def in_words(text: str) -> str:
    """Translate `text` into the active language: a sentence by its pattern, other text line by line.

    What the catalogue does not contain stays English.
    """
    if not text:
        return ""
    if not isinstance(text, Sentence):
        return " ".join(gettext(line) for line in text.splitlines() if line)
    translated = gettext(text.pattern)
    if not text.values:
        return translated
    return translated.format(
        **{name: in_words(one) if isinstance(one, Sentence) else one for name, one in text.values.items()}
    )


def kept(text: str) -> dict[str, Any]:
    """Return a sentence for a record: in English, and its pattern and values. Other text: the text alone."""
    if not isinstance(text, Sentence):
        return {SENTENCE: text}
    return {SENTENCE: str(text), SAYS: text.as_json()}


def told(record: Mapping[str, Any]) -> str:
    """Translate the sentence of a record that `kept` wrote; "" if there is none.

    Records of earlier releases have the English text alone; most of these are in the catalogue.
    """
    return in_words(read(record.get(SAYS)) or str(record.get(SENTENCE) or ""))
