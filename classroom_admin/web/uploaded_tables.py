"""Forms that upload a table with people, and choose how its file is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.rooms.class_list_files.cells import UnreadableFile
from classroom_admin.rooms.class_list_files.columns import NO_HEADER, Column, checked_mapping
from classroom_admin.rooms.class_list_files.contents import Contents
from classroom_admin.rooms.class_list_files.encodings import ENCODINGS
from classroom_admin.rooms.class_list_files.header_words import (
    ACCOUNT_COLUMNS,
    ACCOUNT_ROLE,
    ACTIVE,
    EMAIL,
    FIRST,
    GROUP,
    IGNORE,
    LAST,
    NAME,
    ROLES,
    USER_ID,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_LABELS: Final[Mapping[str, StrOrPromise]] = {
    NAME: _("Full name"),
    FIRST: _("First name"),
    LAST: _("Last name"),
    USER_ID: _("User id"),
    EMAIL: _("Email"),
    GROUP: _("Group"),
    ACCOUNT_ROLE: _("Role"),
    ACTIVE: pgettext_lazy("account", "Active"),
    IGNORE: pgettext_lazy("column", "Ignore"),
}
LABELS_OF_LISTS: Final = {role: _LABELS[role] for role in ROLES}
LABELS_OF_ACCOUNTS: Final = {role: _LABELS[role] for role in ACCOUNT_COLUMNS}
_ACCEPTED: Final = ".csv,.tsv,.txt,.xlsx,.xls,.ods,.zip"
_HEADER_LINES: Final = 10
_SAMPLES: Final = 3


class FileForm(forms.Form):
    """A form that uploads a file with people."""

    file = forms.FileField(
        label=_("File (XLSX, XLS, ODS, CSV or TSV)"),
        help_text=_(
            "Columns can be in any order. You see the columns and all changes before they are saved."
        ),
        widget=forms.FileInput(attrs={"accept": _ACCEPTED}),
    )


class OptionsForm(forms.Form):
    """A form for how to read a file, such as the line of the column names and the role of each column.

    `contents` is None if the file can't be read with the chosen encoding.
    """

    encoding = forms.ChoiceField(label=_("Encoding"), choices=list(ENCODINGS.items()))
    sheet = forms.ChoiceField(label=_("Sheet"))
    class_id = forms.ChoiceField(label=pgettext_lazy("school class", "Class"))
    header_line = forms.TypedChoiceField(label=_("Column names"), coerce=int)

    def __init__(
        self,
        data: Any,
        *,
        contents: Contents | None,
        encoding: str,
        labels: Mapping[str, StrOrPromise] = LABELS_OF_LISTS,
    ) -> None:
        """`labels` has the words for everything that a column can contain."""
        super().__init__(data)
        self._contents = contents
        self._possible = tuple(labels)
        self._set_choices("encoding", None, contents.encoding if contents else encoding)
        sheets = contents.table.sheets if contents and contents.table else ()
        self._set_choices("sheet", [(each, each) for each in sheets], _sheet_of(contents))
        classes = contents.classes if contents else {}
        choices = [("", "–"), *((key, each.title) for key, each in classes.items())]
        self._set_choices("class_id", choices if classes else [], contents.class_id if contents else "")
        columns = contents.columns if contents else None
        self._set_choices("header_line", _header_lines(contents), columns.header_line if columns else 0)
        for column in columns.columns if columns else ():
            self.fields[f"column-{column.index}"] = _role_field(column, contents, labels)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            checked_mapping(self._mapping(), self._possible)
        except UnreadableFile as error:
            raise forms.ValidationError(str(error)) from error
        return cleaned

    def options(self) -> dict[str, Any]:
        """Return the chosen options.

        If another option than the class changed, omit the roles of the columns, because the columns may be
        different.
        """
        chosen = {name: self.cleaned_data[name] for name in self._present() if name in self.cleaned_data}
        as_shown = all(chosen[name] == self.fields[name].initial for name in chosen if name != "class_id")
        return chosen | ({"mapping": self._mapping()} if as_shown and self._mapping() else {})

    def reading_fields(self) -> list[forms.BoundField]:
        """Return the fields of the form, except the roles of columns."""
        return [self[name] for name in self._present()]

    def column_fields(self) -> Iterator[dict[str, Any]]:
        """Yield each column with its field and its first cells."""
        columns = self._contents.columns if self._contents else None
        for column in columns.columns if columns else ():
            rows = columns.rows if columns else ()
            cells = (row.cells[column.index] for row in rows if column.index < len(row.cells))
            samples = list(dict.fromkeys(cell for cell in cells if cell))[:_SAMPLES]
            yield {"column": column, "field": self[f"column-{column.index}"], "samples": samples}

    def _present(self) -> list[str]:
        return [name for name in ("encoding", "sheet", "class_id", "header_line") if name in self.fields]

    def _mapping(self) -> dict[str, str]:
        columns = self._contents.columns if self._contents else None
        return {
            column.header: role
            for column in (columns.columns if columns else ())
            if (role := self.cleaned_data.get(f"column-{column.index}"))
        }

    def _set_choices(self, name: str, choices: list[tuple[Any, Any]] | None, initial: Any) -> None:
        """Set the choices of a field. If there is nothing to choose, remove the field.

        If `choices` is None, the field keeps its choices.
        """
        if (choices is None and not initial) or (choices is not None and len(choices) < 2):
            del self.fields[name]
            return
        field = self.fields[name]
        if choices is not None:
            field.choices = choices  # type: ignore[attr-defined]
        field.initial = initial


def _role_field(
    column: Column, contents: Contents | None, labels: Mapping[str, StrOrPromise]
) -> forms.ChoiceField:
    """Return a field for the role of a column.

    It is required if `contents` has a question about the column.
    """
    question = contents.question if contents else None
    asked = bool(question and question.about == column.header and column.role != IGNORE)
    return forms.ChoiceField(
        label=column.header,
        choices=[*([("", _("Choose"))] if asked else []), *labels.items()],
        initial="" if asked else column.role,
        required=asked,
    )


def _sheet_of(contents: Contents | None) -> str:
    return contents.table.sheet if contents and contents.table else ""


def _header_lines(contents: Contents | None) -> list[tuple[Any, Any]]:
    """Return the choices for the line with the column names."""
    if contents is None or contents.table is None or contents.columns is None:
        return []
    rows = contents.table.rows[:_HEADER_LINES]
    chosen = contents.columns.header_line
    rows += [row for row in contents.table.rows[_HEADER_LINES:] if row.line == chosen]
    lines = [
        (
            row.line,
            gettext("Line %(line)s: %(text)s") % {"line": row.line, "text": " · ".join(row.cells)[:60]},
        )
        for row in rows
    ]
    return [(NO_HEADER, gettext("The file has no column names")), *lines]
