"""English texts that can be translated later. Without Django: the cloud's client uses them too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PATTERN = "pattern"
VALUES = "values"


class Sentence(str):
    """An English text made of `pattern` and `values` by `str.format`. A value can be a sentence itself.

    It is an ordinary text for all code; `common.language.in_words` translates it. The pattern must be a
    literal, so that `make messages` finds it.
    """

    pattern: str
    values: Mapping[str, Any]

    def __new__(cls, pattern: str, /, **values: Any) -> Sentence:
        made = super().__new__(cls, pattern.format(**values) if values else pattern)
        made.pattern = pattern
        made.values = values
        return made

    def as_json(self) -> dict[str, Any]:
        """Return the sentence for a record, from which `read` makes it again."""
        values = {
            name: value.as_json() if isinstance(value, Sentence) else value
            for name, value in self.values.items()
        }
        return {PATTERN: self.pattern, VALUES: values}


def joined(sentences: Sequence[Sentence]) -> Sentence:
    """Join the sentences (at least one)."""
    whole = sentences[0]
    for sentence in sentences[1:]:
        whole = Sentence("{what} {next_step}", what=whole, next_step=sentence)
    return whole


def read(kept: Any) -> Sentence | None:
    """Return the sentence that `as_json` wrote; None for anything else."""
    if not isinstance(kept, Mapping) or not isinstance(kept.get(PATTERN), str):
        return None
    values = kept.get(VALUES)
    filled = {name: read(value) or value for name, value in values.items()} if values else {}
    try:
        return Sentence(kept[PATTERN], **filled)
    except (KeyError, IndexError, ValueError):
        return None
