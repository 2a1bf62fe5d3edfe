"""Files and recordings of the API: uploads, downloads and links, with a simulated cloud."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from classroom_admin.accounts.models import User
from classroom_admin.actions.models import Upload
from classroom_admin.agora import recording_downloads
from classroom_admin.common import clock
from classroom_admin.common.problem_json import PATH
from classroom_admin.rooms.models import Room, RoomTeacher
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.actions.files import PDF
from tests.recorded import Recorder, body_of
from tests.school import make_room
from tests.sync.conftest import config_for
from tests.web.api.v1.client import Api, api_of


@pytest.fixture
def teacher(transactional_db: None) -> User:
    return User.objects.create_user("ana@school.test", "x", name="Ana")


def pdf(content: bytes = PDF, name: str = "Cells.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_uploaded_file_is_shared_and_its_bytes_come_back(sim: RunningSimulator, teacher: User) -> None:
    api = api_of(teacher)
    key = api.post("/classes", {"name": "Biology"}).found["key"]
    body = {"file": pdf(), "name": "Cells and tissue.pdf"}
    sent = api.post(f"/classes/{key}/uploads", body, Idempotency_Key="once")
    assert (sent.status_code, sent.found["command"]) == (202, "resource.put")
    again = api.post(f"/classes/{key}/uploads", {**body, "file": pdf()}, Idempotency_Key="once")
    assert (again.found["id"], again["Idempotent-Replayed"]) == (sent.found["id"], "true")
    other = api.post(f"/classes/{key}/uploads", {**body, "file": pdf(PDF + b"\n")}, Idempotency_Key="once")
    assert other.found["code"] == "idempotency_key_reused"
    assert Upload.objects.count() == 1
    call_command("sync", "--once")
    assert api.get(f"/classes/{key}/commands/{sent.found['id']}").found["state"] == "confirmed"
    (file,) = api.get(f"/classes/{key}/files").found["items"]
    assert (file["name"], file["extension"], file["size"]) == ("Cells and tissue.pdf", "pdf", len(PDF))
    assert file["converted_percent"] is not None
    assert body_of(Client().get(file["url"])) == PDF
    plain = api.post(f"/classes/{key}/uploads", {"file": pdf(name="Plain.pdf"), "convert": "false"})
    assert plain.status_code == 202
    by_address = {"name": "Web.pdf", "url": "https://files.test/a.pdf", "extension": "pdf", "size": 9}
    assert api.post(f"/classes/{key}/files", by_address).status_code == 202
    call_command("sync", "--once")
    files = {one["name"]: one for one in api.get(f"/classes/{key}/files").found["items"]}
    assert files["Plain.pdf"]["converted_percent"] is None
    assert files["Web.pdf"]["converted_percent"] is not None


def test_refused_upload_says_why(teacher: User, settings: Any, tmp_path: Any) -> None:
    room = make_room("Biology")
    RoomTeacher.objects.create(room=room, user=teacher)
    api, where = api_of(teacher), f"/classes/{room.key}/uploads"

    def refusal(body: Any, **headers: str) -> tuple[int, str]:
        answer = api.post(where, body, **headers)
        return answer.status_code, answer.found["code"]

    assert refusal(pdf(name="a.exe")) == (415, "unsupported_media_type")
    assert refusal(pdf(b"GIF89a")) == (422, "invalid")
    assert refusal({"file": pdf(), "sharpness": "2"}) == (422, "invalid")
    assert refusal({"name": "No file"}) == (422, "invalid")
    broken = "multipart/form-data; boundary=\x7f"
    for headers in ({}, {"Idempotency_Key": "broken"}):
        assert refusal("no form", Content_Type=broken, **headers) == (400, "malformed")
    settings.FILES_QUOTA_BYTES = len(PDF) - 1
    assert refusal(pdf()) == (507, "quota")
    settings.FILES_QUOTA_BYTES = 0
    settings.FILES_MAX_BYTES = len(PDF) - 1
    assert refusal(pdf()) == (413, "too_large")
    settings.FILES_MAX_BYTES = len(PDF)
    (tmp_path / "full").write_text("not a folder")
    settings.STORAGES = {**settings.STORAGES, "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "full"},
    }}  # fmt: skip
    assert refusal(pdf()) == (507, "disk_full")
    assert not Upload.objects.exists()


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "one"}])
def test_form_is_refused_where_json_is_expected(teacher: User, headers: dict[str, str]) -> None:
    answer = api_of(teacher).post("/class_lists", {"name": "7b", "file": pdf()}, **headers)
    assert (answer.status_code, answer.found["code"]) == (415, "unsupported_media_type")


def test_files_of_recordings_are_downloaded_with_the_token(teacher: User, settings: Any) -> None:
    room = make_room("Biology")
    RoomTeacher.objects.create(room=room, user=teacher)
    api, other = api_of(teacher), api_of(User.objects.create_user("bob@school.test", "x"))
    with running_simulator(plain=True, stepped=True) as simulator:
        settings.AGORA = config_for(simulator)
        recorder = Recorder(simulator)
        recording = recorder.record(room)
        (file,) = api.get(f"/recordings/{recording.pk}/files").found["items"]
        assert (file["number"], file["media_type"]) == (0, "video/mp4")
        assert file["name"].startswith("Biology ")
        where = file["url"].partition(PATH)[2]
        whole = body_of(api.get(where))
        assert whole[4:8] == b"ftyp"
        part = api.get(where, Range="bytes=100-199")
        assert (part.status_code, body_of(part)) == (206, whole[100:200])
        assert "attachment" in part["Content-Disposition"]
        beyond = api.ask("GET", where, Range="bytes=99999999-")
        assert beyond.status_code == 416
        assert (other.get(where).status_code, Api(None).get(where).status_code) == (404, 401)
        links_of(api, other, room, recording.pk)
        recorder.delete_files(room)
        assert api.get(where).status_code == 404
        recording_downloads.close_connections()


def links_of(api: Api, other: Api, room: Room, pk: int) -> None:
    """Create a link to a recording, watch with it, and end it."""
    where = f"/recordings/{pk}/links"
    ends_at = (clock.cloud_now() + timedelta(days=3)).isoformat()
    made = api.post(where, {"ends_at": ends_at})
    assert made.status_code == 201
    assert Client().get(made.found["url"]).status_code == 200
    (listed,) = api.get(where).found["items"]
    assert (listed["id"], listed["uses"], "url" in listed) == (made.found["id"], 1, False)
    assert other.post(where, {"ends_at": ends_at}).status_code == 404
    late = (clock.cloud_now() + timedelta(days=400)).isoformat()
    assert api.post(where, {"ends_at": late}).status_code == 422
    assert other.ask("DELETE", f"{where}/{listed['id']}").status_code == 404
    assert api.ask("DELETE", f"{where}/{listed['id']}").status_code == 204
    assert api.ask("DELETE", f"{where}/{listed['id']}").status_code == 404
    assert api.get(where).found["items"] == []
    assert Client().get(made.found["url"]).status_code == 404
