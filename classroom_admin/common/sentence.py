"""A sentence that remembers how it was made, so that it can be said again in another language. No Django in
here: the cloud's client uses it, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PATTERN = "pattern"
VALUES = "values"


class Sentence(str):
    """An English text, made of `pattern` by filling in `values` as `str.format` does.

    A value may be a sentence itself. Everywhere it is an ordinary text; `core.language.in_words` says it in
    the reader's language. The pattern must be a literal, so that `make messages` finds it.
    """

    pattern: str
    values: Mapping[str, Any]

    def __new__(cls, pattern: str, /, **values: Any) -> Sentence:
        made = super().__new__(cls, pattern.format(**values) if values else pattern)
        made.pattern = pattern
        made.values = values
        return made

    def as_json(self) -> dict[str, Any]:
        """For a record: `read` makes the sentence of it again."""
        values = {
            name: value.as_json() if isinstance(value, Sentence) else value
            for name, value in self.values.items()
        }
        return {PATTERN: self.pattern, VALUES: values}


def joined(sentences: Sequence[Sentence]) -> Sentence:
    """All of them (at least one), one after the other."""
    whole = sentences[0]
    for sentence in sentences[1:]:
        whole = Sentence("{what} {next_step}", what=whole, next_step=sentence)
    return whole


def read(kept: Any) -> Sentence | None:
    """What `as_json` gave, as a sentence; None for anything else."""
    if not isinstance(kept, Mapping) or not isinstance(kept.get(PATTERN), str):
        return None
    values = kept.get(VALUES)
    filled = {name: read(value) or value for name, value in values.items()} if values else {}
    try:
        return Sentence(kept[PATTERN], **filled)
    except (KeyError, IndexError, ValueError):
        return None
