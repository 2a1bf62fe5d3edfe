"""Forms of the class list pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions.class_lists import LONGEST_NAME, MOST_MINUTES
from classroom_admin.rooms.class_list_files.cells import UnreadableFile, cleaned
from classroom_admin.rooms.class_list_files.columns import NO_HEADER, Column, checked_mapping
from classroom_admin.rooms.class_list_files.contents import Contents
from classroom_admin.rooms.class_list_files.encodings import ENCODINGS
from classroom_admin.rooms.class_list_files.header_words import (
    EMAIL,
    FIRST,
    GROUP,
    IGNORE,
    LAST,
    NAME,
    USER_ID,
)
from classroom_admin.rooms.class_list_files.people import (
    LONGEST,
    Person,
    is_email,
    is_mangled,
    problems_of,
)

ROLE_LABELS: Final = {
    NAME: _("Full name"),
    FIRST: _("First name"),
    LAST: _("Last name"),
    USER_ID: _("User id"),
    EMAIL: _("Email"),
    GROUP: _("Group"),
    IGNORE: pgettext_lazy("column", "Ignore"),
}
_ACCEPTED: Final = ".csv,.tsv,.txt,.xlsx,.xls,.ods,.zip"
_HEADER_LINES: Final = 10
_SAMPLES: Final = 3


class NameForm(forms.Form):
    """A form for the name of a class list."""

    name = forms.CharField(
        label=_("List name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )


class ThresholdsForm(forms.Form):
    """A form for the minutes after which people on a list count as late or as leaving early.

    An empty field means the default of the school, which is its placeholder.
    """

    late_after_minutes = forms.FloatField(
        label=_("Late after (minutes)"), required=False, min_value=0, max_value=MOST_MINUTES
    )
    left_early_minutes = forms.FloatField(
        label=_("Left early before the end (minutes)"), required=False, min_value=0, max_value=MOST_MINUTES
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        defaults = {
            "late_after_minutes": settings.LATE_AFTER_MINUTES,
            "left_early_minutes": settings.LEFT_EARLY_MINUTES,
        }
        for name, minutes in defaults.items():
            shown = gettext("school: %(minutes)s") % {"minutes": f"{minutes:g}"}
            self.fields[name].widget.attrs.update(placeholder=shown, step="any", inputmode="decimal")


class _CellField(forms.CharField):
    """A text field that cleans its text like the cells of a file."""

    def to_python(self, value: Any) -> str:
        return cleaned(str(super().to_python(value) or ""))


class ListedPersonForm(forms.Form):
    """A form for one person on a class list. It checks the values like those of an uploaded file."""

    name = _CellField(
        label=pgettext_lazy("person", "Name"),
        max_length=LONGEST[NAME],
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    user_id = _CellField(
        label=_("User id"),
        required=False,
        help_text=_(
            "The id that the person uses in the classroom. If there is no id, the person is matched by name."
        ),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
    )
    email = _CellField(
        label=_("Email"),
        required=False,
        max_length=LONGEST[EMAIL],
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "inputmode": "email"}),
    )
    group = _CellField(
        label=_("Group"),
        required=False,
        max_length=LONGEST[GROUP],
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )

    def clean_user_id(self) -> str:
        user_id: str = self.cleaned_data["user_id"]
        if is_mangled(user_id):
            raise forms.ValidationError(
                gettext(
                    "A spreadsheet program shortened this id to a number and lost some digits. Enter the "
                    "whole id."
                )
            )
        return user_id

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email and not is_email(email):
            raise forms.ValidationError(gettext("“%(email)s” is not an email address.") % {"email": email})
        return email

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "name" in found and "user_id" in found:
            for role, problem in problems_of(self.person()):
                self.add_error(role, problem)
        return found

    def person(self) -> Person:
        """Return the person that the form describes."""
        values = {name: self.cleaned_data.get(name, "") for name in ("name", "email", "group")}
        return Person(user_uuid=self.cleaned_data.get("user_id", ""), **values)


class FileForm(forms.Form):
    """A form that uploads a file with people."""

    file = forms.FileField(
        label=_("File (XLSX, XLS, ODS, CSV or TSV)"),
        help_text=_(
            "Columns can be in any order. You see the columns and all changes before they are saved."
        ),
        widget=forms.FileInput(attrs={"accept": _ACCEPTED}),
    )


class _SeveralFiles(forms.FileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """A field for several files."""

    widget = _SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(_FilesField, self).clean(each, initial) for each in data or [None]]


class OneRosterForm(forms.Form):
    """A form that uploads a OneRoster export as one ZIP file or as its CSV files."""

    export = _FilesField(
        label=_("OneRoster export"),
        help_text=_("Choose the ZIP file, or users.csv, classes.csv and enrollments.csv together."),
        widget=_SeveralFiles(attrs={"accept": ".zip,.csv", "multiple": True}),
    )


class OptionsForm(forms.Form):
    """A form for how to read a file, such as the line of the column names and the role of each column.

    `contents` is None if the file can't be read with the chosen encoding.
    """

    encoding = forms.ChoiceField(label=_("Encoding"), choices=list(ENCODINGS.items()))
    sheet = forms.ChoiceField(label=_("Sheet"))
    class_id = forms.ChoiceField(label=pgettext_lazy("school class", "Class"))
    header_line = forms.TypedChoiceField(label=_("Column names"), coerce=int)

    def __init__(self, data: Any, *, contents: Contents | None, encoding: str) -> None:
        super().__init__(data)
        self._contents = contents
        self._set_choices("encoding", None, contents.encoding if contents else encoding)
        sheets = contents.table.sheets if contents and contents.table else ()
        self._set_choices("sheet", [(each, each) for each in sheets], _sheet_of(contents))
        classes = contents.classes if contents else {}
        choices = [("", "–"), *((key, each.title) for key, each in classes.items())]
        self._set_choices("class_id", choices if classes else [], contents.class_id if contents else "")
        columns = contents.columns if contents else None
        self._set_choices("header_line", _header_lines(contents), columns.header_line if columns else 0)
        for column in columns.columns if columns else ():
            self.fields[f"column-{column.index}"] = _role_field(column, contents)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            checked_mapping(self._mapping())
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


def _role_field(column: Column, contents: Contents | None) -> forms.ChoiceField:
    """Return a field for the role of a column.

    It is required if `contents` has a question about the column.
    """
    question = contents.question if contents else None
    asked = bool(question and question.about == column.header and column.role != IGNORE)
    return forms.ChoiceField(
        label=column.header,
        choices=[*([("", _("Choose"))] if asked else []), *ROLE_LABELS.items()],
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
