"""Parse the bytes of a file into a table, its people, its problems and the role of each column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from classroom_admin.rooms.class_list_files import oneroster
from classroom_admin.rooms.class_list_files.cells import Finding, Question, UnreadableFile
from classroom_admin.rooms.class_list_files.columns import Columns, find_columns, unknown_headers
from classroom_admin.rooms.class_list_files.header_words import IGNORE, ROLES
from classroom_admin.rooms.class_list_files.people import Person, read_people
from classroom_admin.rooms.class_list_files.tables import Table, read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options for reading a file. Options that are empty are guessed.

    `mapping` maps headers to roles. `usual` is the mapping of the class list's last file. It applies if the
    new file has all its headers. `class_id` is the chosen class of a OneRoster export, and `usual_class_id`
    is the class that was chosen from the last export.
    """

    encoding: str = ""
    sheet: str = ""
    header_line: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    usual: Mapping[str, str] = field(default_factory=dict)
    class_id: str = ""
    usual_class_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The contents of a file. They can be used if there is no question and no problem.

    For a OneRoster export, `columns` and `table` are None, and `class_id` is the id of the chosen class.
    """

    encoding: str
    mapping: Mapping[str, str]
    people: Sequence[Person] = ()
    problems: Sequence[Finding] = ()
    more_problems: int = 0
    warnings: Sequence[Finding] = ()
    question: Question | None = None
    table: Table | None = None
    columns: Columns | None = None
    classes: Mapping[str, oneroster.RosterClass] = field(default_factory=dict)
    class_id: str = ""

    @property
    def usable(self) -> bool:
        return not self.question and not self.problems

    @property
    def ignored(self) -> list[str]:
        return [header for header, role in self.mapping.items() if role == IGNORE]


def read_contents(content: bytes, options: Options) -> Contents:
    """Return the contents of a file. Raise UnreadableFile if it is not a table or does not fit `options`."""
    if oneroster.is_export(content):
        return _of_export(content, options)
    table, columns, warnings = read_columns(content, options, ROLES)
    if columns.question:
        return Contents(
            encoding=table.encoding,
            mapping=columns.mapping,
            warnings=warnings,
            question=columns.question,
            table=table,
            columns=columns,
        )
    found = read_people(columns)
    return Contents(
        encoding=table.encoding,
        mapping=columns.mapping,
        people=found.people,
        problems=found.problems,
        more_problems=found.more_problems,
        warnings=[*warnings, *found.warnings],
        table=table,
        columns=columns,
    )


def read_columns(
    content: bytes, options: Options, possible: Sequence[str]
) -> tuple[Table, Columns, list[Finding]]:
    """Return the table in a file, its columns, and warnings. `possible` is what the columns can contain.

    Raise UnreadableFile if it is not a table or does not fit `options`.
    """
    table = read_table(content, encoding=options.encoding, sheet=options.sheet)
    if not table.rows:
        raise UnreadableFile(_("This file is empty."))
    given = _given(table, options, possible)
    columns = find_columns(table.rows, given=given, header_line=options.header_line, possible=possible)
    if unknown := unknown_headers(columns, options.mapping):
        raise UnreadableFile(
            _("The file has no column “%(column)s”. Its columns are: %(columns)s.")
            % {"column": unknown[0], "columns": ", ".join(columns.mapping)}
        )
    warnings: list[Finding] = []
    if len(table.sheets) > 1:
        text = _("The workbook has several sheets: %(sheets)s. Only “%(sheet)s” was read.")
        warnings.append(Finding(text % {"sheets": ", ".join(table.sheets), "sheet": table.sheet}))
    return table, columns, warnings


def _given(table: Table, options: Options, possible: Sequence[str]) -> Mapping[str, str]:
    """Return the chosen mapping or, if there is none, the usual one.

    Return {} if the file lacks its columns.
    """
    if options.mapping or not options.usual:
        return options.mapping
    columns = find_columns(
        table.rows, given=options.usual, header_line=options.header_line, possible=possible
    )
    return {} if unknown_headers(columns, options.usual) else options.usual


def _of_export(content: bytes, options: Options) -> Contents:
    export = oneroster.read_export(content)
    classes = export.classes
    usual = options.usual_class_id if options.usual_class_id in classes else ""
    chosen = options.class_id or usual or (next(iter(classes)) if len(classes) == 1 else "")
    if chosen and chosen not in classes:
        raise UnreadableFile(
            _("The export has no class “%(id)s”. Its classes are: %(classes)s.")
            % {"id": chosen, "classes": ", ".join(classes)}
        )
    question = None
    if not classes:
        raise UnreadableFile(_("This export has no classes."))
    if not chosen:
        question = Question(
            about="class",
            text=_("The export has several classes. Which class is this list for?"),
            choices=tuple(classes),
        )
    of_class = classes.get(chosen)
    return Contents(
        encoding=export.encoding,
        mapping=export.mapping,
        people=of_class.people if of_class else (),
        warnings=[*export.warnings, *(of_class.warnings if of_class else ())],
        question=question,
        classes=classes,
        class_id=chosen,
    )
