"""Exports from the pages of reports: files at once, files in the background, and who gets them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from python_calamine import CalamineWorkbook

from classroom_admin.audit.models import Entry
from classroom_admin.reports.export_models import ExportJob
from classroom_admin.rooms.models import RoomTeacher
from classroom_admin.web.reports import export
from tests.reports.summary_rows import make_person, make_summary
from tests.school import School

PAGE = "/reports/attendance/"


@pytest.fixture
def classes(school: School) -> School:
    """Two classes that are over: one of the teacher, one of nobody."""
    own, other = make_summary("Algebra"), make_summary("Latin", 1)
    RoomTeacher.objects.create(room=own.room, user=school.teacher)
    make_person(own, "Ada")
    make_person(own, "=SUM(A1)", status="late", late_ms=450_000)
    make_person(own, "Ms Noether", role="teacher", counts=False)
    make_person(other, "Ben")
    return school


@pytest.fixture
def _two_rows_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A file with three rows is made in the background."""
    monkeypatch.setattr(export, "MOST_ROWS", {"csv": 1, "json": 1, "xlsx": 1})
    yield
    for job in ExportJob.objects.exclude(file=""):
        default_storage.delete(job.file)


def content(answer: Any) -> bytes:
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content)


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(answer).decode("utf-8-sig"))))


def ask(client: Client, **query: str) -> Any:
    return client.get(PAGE, {"period": "all", **query})


def test_teacher_exports_only_own_classes(classes: School) -> None:
    rows = rows_of(ask(classes.signed_in(classes.teacher), format="csv"))
    assert [(row["class"], row["name"]) for row in rows] == [("Algebra", "'=SUM(A1)"), ("Algebra", "Ada")]
    assert rows[0] | {
        "status": "late", "late_minutes": "7.5", "minutes_present": "60.0", "evidence": "complete",
        "class_starts_at": "2026-09-07T09:00:00Z", "first_in": "2026-09-07T09:00:00Z",
    } == rows[0]  # fmt: skip
    everything = rows_of(ask(classes.signed_in(classes.administrator), format="csv"))
    assert [row["class"] for row in everything] == ["Latin", "Algebra", "Algebra"]
    assert rows_of(ask(classes.signed_in(classes.other_teacher), format="csv")) == []


def test_every_format_has_the_same_rows(classes: School) -> None:
    client = classes.signed_in(classes.administrator)
    as_json = json.loads(content(ask(client, format="json")))
    assert as_json["report"] == "attendance"
    assert [row["name"] for row in as_json["rows"]] == ["Ben", "=SUM(A1)", "Ada"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(content(ask(client, format="xlsx"))))
    cells = book.get_sheet_by_index(0).to_python()
    assert [row[6 + 2] for row in cells[1:]] == ["Ben", "=SUM(A1)", "Ada"]


def test_export_is_in_the_audit_log(classes: School) -> None:
    content(ask(classes.signed_in(classes.teacher), format="csv", q="Alg"))
    entry = Entry.objects.get(action="report.export")
    assert entry.actor == classes.teacher
    assert entry.params == {"report": "attendance", "format": "csv", "rows": 2, "words": "Alg"}


def test_unknown_format_is_not_found(classes: School) -> None:
    client = classes.signed_in(classes.administrator)
    assert ask(client, format="exe").status_code == 404
    assert ask(client, format="csv", since="2026-02-02", until="2026-01-01", period="own").status_code == 422
