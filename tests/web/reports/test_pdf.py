"""The PDF of a report: with WeasyPrint, and without it."""

from __future__ import annotations

import re
import sys
from base64 import b64decode
from collections.abc import Iterator

import pytest
from django.test import Client

from classroom_admin.accounts import face
from classroom_admin.accounts.face_models import SchoolLogo
from classroom_admin.actions import face as actions
from classroom_admin.reports.exports.tables import Table
from classroom_admin.web.reports import pdf
from tests.reports.summary_rows import make_person, make_summary
from tests.school import School
from tests.web.face.pictures import png

PAGE = "/reports/attendance/?period=all"


@pytest.fixture
def _fresh() -> Iterator[None]:
    pdf.is_possible.cache_clear()
    yield
    pdf.is_possible.cache_clear()


@pytest.mark.usefixtures("_fresh")
def test_without_weasyprint_the_page_says_how_the_browser_makes_a_pdf(
    school: School, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_person(make_summary("Algebra"), "Ada")
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    answer = admin.get(PAGE)
    assert "Save as PDF" in answer.content.decode()
    assert "format=pdf" not in answer.content.decode()
    answer = admin.get(f"{PAGE}&format=pdf", follow=True)
    assert "can&#x27;t make PDF files" in answer.content.decode()


@pytest.mark.usefixtures("_fresh")
def test_page_is_a_pdf(school: School, admin: Client) -> None:
    pytest.importorskip("weasyprint", exc_type=ImportError)
    make_person(make_summary("Algebra"), "Zoë")
    assert "format=pdf" in admin.get(PAGE).content.decode()
    answer = admin.get(f"{PAGE}&format=pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert "attachment" in answer["Content-Disposition"]


@pytest.mark.usefixtures("_fresh")
def test_missing_font_is_no_pdf_with_boxes(school: School, admin: Client) -> None:
    pytest.importorskip("weasyprint", exc_type=ImportError)
    make_person(make_summary("Algebra"), "Zo\ue987")
    answer = admin.get(f"{PAGE}&format=pdf", follow=True)
    assert answer["Content-Type"].startswith("text/html")
    assert "no font for these characters: \ue987." in answer.content.decode()
    assert answer.request["QUERY_STRING"] == "period=all"


@pytest.fixture
def _logo(school: School) -> Iterator[None]:
    actions.change_logo(actor=school.administrator, content=png(300, 100))
    face.forget()  # it changes only after the transaction of the test
    yield
    face.forget()


@pytest.mark.usefixtures("_fresh", "_logo")
def test_page_of_the_pdf_has_the_logo(school: School) -> None:
    """The picture is inside of the page, because WeasyPrint reads no other file."""
    html = pdf._page(Table(name="attendance", columns=(), rows=(), total=0), "Attendance")
    source = re.search(r'<img src="data:image/png;base64,([^"]+)"', html)
    assert source is not None
    assert b64decode(source[1]) == bytes(SchoolLogo.objects.get().content)
    SchoolLogo.objects.all().delete()
    assert "<img" not in pdf._page(Table(name="attendance", columns=(), rows=(), total=0), "Attendance")


@pytest.mark.usefixtures("_fresh", "_logo")
def test_pdf_draws_the_logo(school: School, admin: Client) -> None:
    pytest.importorskip("weasyprint", exc_type=ImportError)
    make_person(make_summary("Algebra"), "Zoë")
    content = admin.get(f"{PAGE}&format=pdf").content
    assert b"/Subtype /Image" in content
    assert b"/Width 300" in content
    SchoolLogo.objects.all().delete()
    assert b"/Subtype /Image" not in admin.get(f"{PAGE}&format=pdf").content


def test_pdf_reads_no_file() -> None:
    pytest.importorskip("weasyprint", exc_type=ImportError)
    for address in ("file:///etc/passwd", "http://127.0.0.1:1/x.css"):
        with pytest.raises(ValueError, match="is not read"):
            pdf._nothing().fetch(address)


@pytest.mark.usefixtures("_fresh")
def test_long_table_is_no_pdf(school: School, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("weasyprint", exc_type=ImportError)
    monkeypatch.setattr(pdf, "MOST_ROWS", 0)
    make_person(make_summary("Algebra"), "Ada")
    answer = admin.get(f"{PAGE}&format=pdf", follow=True)
    assert "at most 0 rows" in answer.content.decode()
