"""The page on which people upload files shows what they may still upload."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from classroom_admin.actions.files import uploads
from classroom_admin.rooms.access import access_to
from tests.actions.files import GOOD, PDF
from tests.school import School


def bring(school: School, content: bytes, name: str = "a.pdf") -> None:
    uploads.take(access_to(school.teacher, school.room), file=SimpleUploadedFile(name, content))


def test_page_shows_quota_and_refusals(school: School, settings: Any) -> None:
    settings.FILES_QUOTA_BYTES = 1_000_000
    client = school.signed_in(school.teacher)
    bring(school, PDF.ljust(300_000))
    page = client.get(reverse("live:add_file", args=[school.room.key])).content.decode()
    assert "You use 0.3 MB of 1 MB for your uploaded files." in page
    assert ".pptx" in page
    assert ".pptm" not in page
    file = SimpleUploadedFile("a.pdf", PDF.ljust(900_000))
    answer = client.post(reverse("live:upload_file", args=[school.room.key]), {"file": file})
    assert answer.status_code == 422
    assert "Your storage is full" in answer.content.decode()


def test_macros_are_offered_only_where_they_are_allowed(school: School, settings: Any) -> None:
    client = school.signed_in(school.teacher)
    file = SimpleUploadedFile("a.pptm", GOOD["macros.pptm"])
    address = reverse("live:upload_file", args=[school.room.key])
    answer = client.post(address, {"file": file})
    assert answer.status_code == 422
    assert "PPTM files contain macros" in answer.content.decode()
    by_address = {"way": "web", "url": "https://files.test/a", "size": "9", "name": "a.pptm"}
    answer = client.post(reverse("live:add_file", args=[school.room.key]), by_address)
    assert answer.status_code == 422
    assert "PPTM files contain macros" in answer.content.decode()
    settings.FILES_ALLOW_MACROS = True
    file.seek(0)
    assert client.post(address, {"file": file}).status_code == 200
    assert ".pptm" in client.get(reverse("live:add_file", args=[school.room.key])).content.decode()
