"""No cell of any CSV or XLSX file that people download runs as a formula, whatever names they contain."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.audit.record import done
from classroom_admin.common.csv_files import protected
from classroom_admin.reports.exports import all as all_exports
from classroom_admin.reports.exports.files import pieces_of, school_zone
from classroom_admin.reports.exports.kinds import EXPORTS
from classroom_admin.reports.exports.workbook import write_workbook
from classroom_admin.reports.models import ClassSummary
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.rooms.models import ClassList
from tests.school import School
from tests.web.reports.classes_over import HOUR, MONDAY, class_over

HOSTILE = ("=1+1", "+1", "-1", "@SUM(1)", "＝1+1", "＋1", "－1", "＠x", "\t=1", "\r=1", " =1", "\ufeff=1")
BEGINNINGS = tuple("=+-@＝＋－＠\t\r")


@pytest.fixture
def over(school: School) -> ClassSummary:
    """A class that is over, in which all names begin like formulas."""
    User.objects.filter(pk=school.teacher.pk).update(name="=teacher()")
    listed = ClassList.objects.create(name="＝list()", owner=school.teacher)
    for number, name in enumerate(HOSTILE):
        listed.people.create(name=name, user_uuid=f"@{number}", email="", group=f"＋{name}")
    stays = dict.fromkeys(HOSTILE, HOUR)
    return class_over("-class()", MONDAY, stays, teacher=school.teacher, class_list=listed)


def texts(content: str) -> Iterator[str]:
    for row in csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline="")):
        yield from row


def require_no_formula(content: str) -> None:
    found = list(texts(content))
    for cell in found:
        assert not cell.startswith(BEGINNINGS) or is_plain_number(cell), repr(cell)
    assert any(cell.startswith("'") for cell in found), "no name in the file begins like a formula"


def is_plain_number(cell: str) -> bool:
    return cell[:1] == "-" and cell[1:].replace(".", "", 1).isdecimal()


def tables(school: School, over: ClassSummary) -> Iterator[tuple[str, Any]]:
    """Return all exports, each with its rows."""
    assert all_exports.attendance
    for name, export in EXPORTS.items():
        options = {"room": over.room.key} if name == "class" else {}
        yield name, export.make(ReportFilter(viewer=school.administrator), options)


def test_csv_files_of_all_reports(school: School, over: ClassSummary) -> None:
    with_rows = set()
    for name, table in tables(school, over):
        content = b"".join(pieces_of(table, "csv")).decode()
        if content.count("\n") > 1:
            require_no_formula(content)
            with_rows.add(name)
    assert with_rows >= {"attendance", "class", "participation", "teaching"}


def test_workbooks_of_all_reports(school: School, over: ClassSummary) -> None:
    for name, table in tables(school, over):
        file = io.BytesIO()
        write_workbook(table, file, zone=school_zone())
        with zipfile.ZipFile(file) as book:
            for part in book.namelist():
                assert b"<f>" not in book.read(part), f"a formula in {part} of {name}"
                assert not part.endswith("externalLink1.xml")


def test_csv_files_of_pages(school: School, over: ClassSummary) -> None:
    assert over.class_list is not None
    done(actor=school.teacher, action="class.start", target="=1+1", target_name="＝name()", params={})
    client = school.signed_in(school.administrator)
    for address in (
        reverse("lists:download", args=[over.class_list.key]),
        reverse("settings:audit_file"),
    ):
        answer = client.get(address)
        assert answer["Content-Type"].startswith("text/csv")
        require_no_formula(answer.getvalue().decode())


@pytest.mark.parametrize("cell", HOSTILE)
def test_formulas_get_an_apostrophe(cell: str) -> None:
    assert protected(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Ana", "1+1", "Zoë", "'quoted'", "(=1)", "\u200bAna", "٣"])
def test_other_texts_stay_as_they_are(cell: str) -> None:
    assert protected(cell) == cell
