"""Ask about a file on the command line, and read the answers. The commands `classlist` and `people` do so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from django.core.management.base import CommandError

from classroom_admin.rooms.class_list_files.cells import Question
from classroom_admin.rooms.class_list_files.columns import checked_mapping
from classroom_admin.rooms.class_list_files.contents import Contents
from classroom_admin.rooms.class_list_files.header_words import IGNORE

QUESTION: Final = 1


class Asked(Exception):
    """Raised if the user must answer ``question`` before the command can continue."""

    def __init__(self, question: Question) -> None:
        self.question = question
        super().__init__(question.text)


def question_as_json(question: Question) -> dict[str, Any]:
    """Return a question as a JSON value. `line` is null if the question is not about a single line."""
    return {
        "about": question.about,
        "line": question.line or None,
        "text": question.text,
        "choices": list(question.choices),
    }


def problem_as_question(contents: Contents) -> Question:
    """Return the first problem as a question. One of the answers is to ignore a column."""
    first = contents.problems[0]
    columns = contents.columns.columns if contents.columns else ()
    header = next((column.header for column in columns if column.place == first.column), first.column)
    more = len(contents.problems) - 1 + contents.more_problems
    return Question(
        about=header or "file",
        line=first.line,
        text=f"{first} ({more} more problems)" if more else str(first),
        choices=(IGNORE,) if header in contents.mapping else (),
    )


def mapping_of(text: str, possible: Sequence[str]) -> dict[str, str]:
    """Return the mapping that the option --mapping contains. `possible` is what columns can contain."""
    try:
        mapping = json.loads(text)
    except ValueError as error:
        raise CommandError(f"--mapping is not JSON: {error}") from error
    if not isinstance(mapping, dict) or not all(isinstance(role, str) for role in mapping.values()):
        raise CommandError('--mapping must be a JSON object of texts, for example {"Name": "name"}.')
    checked_mapping(mapping, possible)
    return mapping
