"""The PDF of a report's page: with WeasyPrint, and without it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from django.core.exceptions import SuspiciousFileOperation
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
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    answer = admin.get(PAGE)
    assert "Save as PDF" in answer.content.decode()
    assert "format=pdf" not in answer.content.decode()
    assert admin.get(f"{PAGE}&format=pdf")["Content-Type"].startswith("text/html")


@pytest.mark.usefixtures("_fresh")
def test_pdf_contains_the_names_of_all_scripts(school: School, admin: Client) -> None:
    pytest.importorskip("weasyprint", exc_type=ImportError)
    summary = make_summary("Algebra")
    for name in ("Ada", "ليلى منصور", "王小明", "प्रिया"):
        make_person(summary, name)
    assert "format=pdf" in admin.get(PAGE).content.decode()
    answer = admin.get(f"{PAGE}&format=pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert "attachment" in answer["Content-Disposition"]


def test_pdf_reads_only_our_static_files() -> None:
    pytest.importorskip("weasyprint", exc_type=ImportError)
    fetcher = pdf._static_only()
    assert fetcher.fetch(f"{pdf._HERE}/static/css/reports.css").read()
    for address in (
        "file:///etc/passwd",
        "http://127.0.0.1:1/x.css",
        f"{pdf._HERE}/static/../settings.py",
        f"{pdf._HERE}/classes/",
    ):
        with pytest.raises((ValueError, SuspiciousFileOperation)):
            fetcher.fetch(address)
