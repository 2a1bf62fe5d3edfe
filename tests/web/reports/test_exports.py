"""Exports from the pages of reports: files at once, files in the background, and who gets them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.storage import default_storage
from django.test import AsyncClient, Client
from python_calamine import CalamineWorkbook

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.reports.export_models import ExportJob
from classroom_admin.reports.tasks import run_exports
from classroom_admin.rooms.models import Room, RoomTeacher
from classroom_admin.web.reports import export
from tests.reports.summary_rows import make_people, make_person, make_summary
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
def _two_rows_at_once(school: School, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
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


@pytest.mark.usefixtures("_two_rows_at_once")
def test_large_export_is_made_in_the_background(classes: School) -> None:
    client = classes.signed_in(classes.administrator)
    answer = ask(client, format="csv", q="a")
    assert answer.status_code == 302
    page = client.get(answer["Location"])
    assert "The file will have 3 rows." in page.content.decode()
    assert not ExportJob.objects.exists(), "a GET starts nothing"
    assert client.post(answer["Location"]).status_code == 302
    job = ExportJob.objects.get()
    waiting = client.get(f"/reports/exports/{job.key}/row/").content.decode()
    assert "every 1s" in waiting
    assert "csrf" not in waiting
    run_exports()
    listed = client.get("/reports/exports/").content.decode()
    assert f"/reports/exports/{job.key}/file/" in listed
    assert "every 1s" not in listed
    answer = client.get(f"/reports/exports/{job.key}/file/")
    assert [row["name"] for row in rows_of(answer)] == ["Ben", "=SUM(A1)".replace("=", "'=", 1), "Ada"]
    assert "attendance-" in answer["Content-Disposition"]


@pytest.mark.usefixtures("_two_rows_at_once")
def test_export_is_cancelled_with_and_without_scripts(classes: School) -> None:
    client = classes.signed_in(classes.teacher)
    client.post(ask(client, format="xlsx")["Location"])
    job = ExportJob.objects.get()
    assert client.get(f"/reports/exports/{job.key}/cancel/").status_code == 200
    client.post(f"/reports/exports/{job.key}/cancel/")
    assert ExportJob.objects.get().state == ExportJob.State.CANCELLED
    assert "Cancelled" in client.get("/reports/exports/").content.decode()


@pytest.mark.usefixtures("_two_rows_at_once")
@pytest.mark.parametrize("part", ["row/", "cancel/", "file/"])
def test_others_do_not_find_an_export(classes: School, part: str) -> None:
    owner = classes.signed_in(classes.teacher)
    owner.post(ask(owner, format="csv")["Location"])
    job = ExportJob.objects.get()
    run_exports()
    where = f"/reports/exports/{job.key}/{part}"
    expected = {"administrator": 200, "teacher": 200, "other_teacher": 404, "nobody": 302}
    for who, status in expected.items():
        answer = classes.signed_in(getattr(classes, who, None)).get(where)
        b"".join(answer)  # a file stays open until its end
        assert answer.status_code == status, who
    assert classes.signed_in(classes.other_teacher).post(where).status_code in (404, 405)
    assert job.key not in classes.signed_in(classes.other_teacher).get("/reports/exports/").content.decode()
    everyone = "/reports/exports/?of=everyone"
    assert job.key in classes.signed_in(classes.administrator).get(everyone).content.decode()
    assert job.key not in classes.signed_in(classes.other_teacher).get(everyone).content.decode()


@pytest.mark.usefixtures("_two_rows_at_once")
def test_expired_file_is_not_found(classes: School) -> None:
    client = classes.signed_in(classes.teacher)
    client.post(ask(client, format="csv")["Location"])
    run_exports()
    job = ExportJob.objects.get()
    content(client.get(f"/reports/exports/{job.key}/file/"))
    ExportJob.objects.update(expires_at=clock.now())
    assert client.get(f"/reports/exports/{job.key}/file/").status_code == 404


@pytest.mark.parametrize(
    "query", ["", "what=passwords&format=csv", "what=attendance&format=exe", "what=attendance"]
)
def test_unknown_export_is_not_found(classes: School, query: str) -> None:
    assert classes.signed_in(classes.teacher).get(f"/reports/exports/new/?{query}").status_code == 404


def test_class_of_another_teacher_is_not_exported(classes: School) -> None:
    key = Room.objects.get(name="Algebra").key
    where = f"/reports/exports/new/?what=class&format=csv&room={key}"
    assert classes.signed_in(classes.teacher).get(where).status_code == 200
    assert classes.signed_in(classes.other_teacher).get(where).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_streams_under_asgi_piece_by_piece(school: School) -> None:
    """Under ASGI, the first piece is sent before later rows are read, and all rows follow."""
    make_people(make_summary("Algebra"), 2500)
    client = AsyncClient()
    async_to_sync(client.aforce_login)(school.administrator)

    async def pieces() -> list[bytes]:
        answer = await client.get(PAGE, {"period": "all", "format": "csv"})
        assert answer.is_async
        return [piece async for piece in answer.streaming_content]

    found = async_to_sync(pieces)()
    assert len(found) > 4
    assert len(found[0]) < 1000
    assert b"".join(found).count(b"\r\n") == 2501
