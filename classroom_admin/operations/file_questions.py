"""Ask about a file on the command line, and read the answers. The commands `classlist` and `people` do so."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.core.management.base import CommandError, OutputWrapper

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.problem_texts import in_english
from classroom_admin.rooms.class_list_files.cells import Question, UnreadableFile
from classroom_admin.rooms.class_list_files.columns import checked_mapping
from classroom_admin.rooms.class_list_files.contents import Contents
from classroom_admin.rooms.class_list_files.header_words import IGNORE

QUESTION: Final = 1


class Asked(Exception):
    """Raised if the user must answer ``question`` before the command can continue."""

    def __init__(self, question: Question) -> None:
        self.question = question
        super().__init__(question.text)


@contextmanager
def problems_said(stdout: OutputWrapper, *, as_json: bool) -> Iterator[None]:
    """Run the import of a file. Say in words what stopped it.

    If the user must answer something and `as_json` is set, print the question as JSON and exit with 1. Raise
    ``CommandError`` in all other cases.
    """
    try:
        yield
    except Asked as asked:
        if not as_json:
            raise CommandError(f"{asked} Nothing was written.") from asked
        stdout.write(json.dumps({"question": question_as_json(asked.question)}, ensure_ascii=False))
        sys.exit(QUESTION)
    except UnreadableFile as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        said = f"{error.filename} can't be read: {error.strerror}. Nothing was written."
        raise CommandError(said) from error
    except ActionRefused as refused:
        raise CommandError(in_english(refused.problem)) from refused


def number_of_people(count: int) -> str:
    """Return "1 person", "2 people" and so on."""
    return f"{count} {'person' if count == 1 else 'people'}"


def columns_as_text(mapping: Mapping[str, str], ignored: Sequence[str]) -> str:
    """Return which columns of the file were used and which were ignored, as one line."""
    used = ", ".join(f"{header} = {role}" for header, role in mapping.items() if role != IGNORE)
    return f"Columns: {used}. Ignored: {', '.join(ignored) or 'none'}."


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
