"""The PDF of a report: with WeasyPrint, and without it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from django.test import Client

from classroom_admin.web.reports import pdf
from tests.reports.summary_rows import make_person, make_summary
from tests.school import School

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
