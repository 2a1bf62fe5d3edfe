"""A file from the computer: kept, shared by its own address, fetched by who has it, forgotten when due."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from classroom_admin.accounts.models import User
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import addresses, uploads
from classroom_admin.actions.models import Upload
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.rooms.access import NotYours, access_to
from classroom_admin.rooms.models import ClassRetention, Resource, Room
from tests.actions.conftest import School, kinds, on_record
from tests.actions.files import GOOD, HOSTILE, PDF

# The server reads files asynchronously; the test client is synchronous.
pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "files"), "file_permissions_mode": 0o600},
        }
    }


def bring(
    school: School, name: str = "Worksheet 3.pdf", content: bytes = PDF, *, person: User | None = None
) -> Upload:
    access = access_to(person or school.teacher, school.room)
    return uploads.take(access, file=SimpleUploadedFile(name, content))


def share(school: School, upload: Upload, **more: Any) -> Any:
    return uploads.share(
        access_to(school.teacher, school.room), upload=upload, **{"name": upload.name, **more}
    )


def fetch(address: str, **headers: Any) -> Any:
    """As the cloud does: without signing in."""
    return Client().get(urlsplit(address).path, **headers)


def status_of(address: str) -> int:
    """Return the status of the answer. Reading all of it lets the test client end the request."""
    answer = fetch(address)
    b"".join(answer)
    return int(answer.status_code)


def test_from_the_computer_to_the_class_and_fetched_without_signing_in(school, truth, settings):
    settings.PUBLIC_URL = "https://classes.school.test/"
    upload = bring(school)
    entry = share(school, upload, conversion={"type": "static", "scale": 1.5, "outputFormat": "webp"})
    assert kinds(entry) == [Step.Kind.REQUESTED, Step.Kind.ACCEPTED]
    (at_cloud,) = truth()["resources"]
    assert (at_cloud["resourceUuid"], at_cloud["size"], at_cloud["ext"]) == (entry.target, len(PDF), "pdf")
    assert at_cloud["conversion"] == {"type": "static", "scale": 1.5, "outputFormat": "webp"}
    address = at_cloud["url"]
    assert address.startswith("https://classes.school.test/files/")
    assert address.endswith("/worksheet-3.pdf")
    answer = fetch(address)
    assert answer.status_code == 200
    assert b"".join(answer) == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="Worksheet 3.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "script" not in answer["Content-Security-Policy"]
    assert not answer.cookies


def test_the_right_to_read_is_not_on_record(school):
    upload = bring(school)
    share(school, upload)
    assert upload.key not in on_record()
    assert "/files/…/worksheet-3.pdf" in on_record()


def test_addresses_can_not_be_guessed_or_bent(school):
    upload = bring(school)
    path = urlsplit(addresses.address_of(upload)).path
    _, _, signed, name = path.split("/")
    assert len(signed) > 60
    for wrong in (
        f"/files/{upload.key}/{name}",
        f"/files/{signed[:-1]}{'y' if signed[-1] == 'x' else 'x'}/{name}",
        f"/files/{'y' if signed[0] == 'x' else 'x'}{signed[1:]}/{name}",
        f"/files/{signed}/evil.html",
        f"/files/{signed}/",
        f"/files/{upload.pk}/{name}",
    ):
        assert fetch(wrong).status_code == 404, wrong
    assert status_of(path) == 200


@pytest.mark.parametrize("name", [name for name in GOOD if name != "no kind"])
def test_every_kind_is_handed_out_as_itself_and_runs_nothing(school, settings, name):
    settings.FILES_ALLOW_MACROS = True
    upload = bring(school, name, GOOD[name])
    answer = fetch(addresses.address_of(upload))
    assert b"".join(answer) == GOOD[name]
    assert "html" not in answer["Content-Type"]
    assert "svg" not in answer["Content-Type"]
    inline = answer["Content-Disposition"].startswith("inline")
    assert inline == answer["Content-Type"].startswith(("image/", "video/", "audio/"))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_leave_nothing_behind(school, name, tmp_path):
    with pytest.raises(ActionRefused) as refused:
        bring(school, name, HOSTILE[name])
    assert refused.value.field == "file"
    assert not Upload.objects.exists()
    assert not list(tmp_path.rglob("*.*"))


def test_too_big(school, settings):
    settings.FILES_MAX_BYTES = len(PDF) - 1
    with pytest.raises(ActionRefused, match="too large"):
        bring(school)


def test_a_name_never_reaches_the_disk(school, tmp_path):
    upload = bring(school, "../../../../evil name.pdf", PDF)
    (kept,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert upload.name == "evil name.pdf"
    assert "evil" not in str(kept)
    assert kept.suffix == ".pdf"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_only_who_may_act_on_the_class(school):
    for actor in (school.other_teacher, User(role=User.Role.TEACHER, is_active=False)):
        with pytest.raises(NotYours):
            bring(school, person=actor)
    upload = bring(school, person=school.administrator)
    with pytest.raises(ActionRefused):  # what one person brought another does not find
        uploads.waiting(access_to(school.teacher, school.room), key=upload.key)
    with pytest.raises(NotYours):
        uploads.share(access_to(school.other_teacher, school.room), upload=upload, name="x.pdf")
    elsewhere = Room.objects.create(room_uuid="elsewhere", name="Elsewhere")
    with pytest.raises(ActionRefused):
        uploads.share(access_to(school.administrator, elsewhere), upload=upload, name="x.pdf")


def test_a_storage_that_fails_is_told(school, settings, tmp_path):
    (tmp_path / "files").write_text("a file where the folder should be")
    with pytest.raises(ActionRefused, match="storage"):
        bring(school)


def test_what_the_cloud_refused_is_not_shared(school, sim):
    sim.fault("token_expired", route="put_resource")
    upload = bring(school)
    entry = share(school, upload)
    assert kinds(entry)[-1] == Step.Kind.FAILED
    upload.refresh_from_db()
    assert upload.put_at is None
    sim.clear_faults()
    again = share(school, upload, name="Another name.pdf")
    assert (kinds(again)[-1], again.target) == (Step.Kind.ACCEPTED, entry.target)


# --- how long they are kept ---------------------------------------------------------------------------------


def aged(upload: Upload, **times: Any) -> None:
    Upload.objects.filter(pk=upload.pk).update(**{name: clock.now() - age for name, age in times.items()})


def is_kept(upload: Upload) -> bool:
    upload.refresh_from_db()
    there = upload.content.storage.exists(upload.content.name)
    assert there == (upload.forgotten_at is None)
    return there


def test_what_was_never_shared_is_forgotten_after_a_day(school):
    old, fresh = bring(school), bring(school)
    aged(old, created_at=timedelta(hours=25))
    assert uploads.tidy() == 1
    assert (is_kept(old), is_kept(fresh)) == (False, True)
    assert fetch(addresses.address_of(old)).status_code == 404


def test_a_deleted_file_is_closed_at_once_and_forgotten_a_day_later(school):
    upload = bring(school)
    entry = share(school, upload)
    aged(upload, created_at=timedelta(days=9))
    row = Resource.objects.create(room=school.room, resource_uuid=entry.target, name="x")
    assert uploads.tidy() == 0
    assert status_of(addresses.address_of(upload)) == 200
    Resource.objects.filter(pk=row.pk).update(removed_at=clock.now())
    assert fetch(addresses.address_of(upload)).status_code == 404
    assert uploads.tidy() == 0
    Resource.objects.filter(pk=row.pk).update(removed_at=clock.now() - timedelta(hours=25))
    assert uploads.tidy() == 1
    assert not is_kept(upload)


def test_files_outlive_their_class_by_a_setting(school, settings):
    settings.FILES_KEEP_DAYS = 3
    upload = bring(school)
    share(school, upload)
    for days, kept in ((2, True), (4, False)):
        Room.objects.filter(pk=school.room.pk).update(gone_at=clock.now() - timedelta(days=days))
        uploads.tidy()
        assert is_kept(upload) is kept


def test_files_of_a_class_that_an_administrator_keeps_stay(school, settings):
    settings.FILES_KEEP_DAYS = 3
    upload = bring(school)
    share(school, upload)
    Room.objects.filter(pk=school.room.pk).update(gone_at=clock.now() - timedelta(days=4))
    kept = ClassRetention.objects.create(room=school.room, kept_at=clock.now(), kept_reason="a claim")
    uploads.tidy()
    assert is_kept(upload)
    kept.delete()
    uploads.tidy()
    assert not is_kept(upload)


def test_what_may_have_been_taken_by_the_cloud_is_kept(school, sim):
    """A crash or a time-out between asking and the answer: nobody knows, so nothing is lost."""
    upload = bring(school)
    share(school, upload)
    aged(upload, created_at=timedelta(days=9))
    assert uploads.tidy() == 0
    assert is_kept(upload)


def test_one_person_holds_so_many_at_most(school):
    first = bring(school)
    for _ in range(uploads.MOST_UNSHARED):
        bring(school)
    assert not is_kept(first)
    assert Upload.objects.filter(forgotten_at__isnull=True).count() == uploads.MOST_UNSHARED


# --- parts, for players -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=4-", 206, slice(4, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=0-999999", 206, slice(0, None)),
        ("bytes=-999999", 206, slice(0, None)),
        ("bytes=0-1,4-5", 200, slice(0, None)),
        ("bytes=5-2", 200, slice(0, None)),
        ("bytes=-", 200, slice(0, None)),
        ("lines=1-2", 200, slice(0, None)),
        ("bytes=60-", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
        ("bytes=99999999999999999-", 416, slice(0, 0)),
    ],
)
def test_ranges(school, asked, status, part):
    content = GOOD["film.mp4"][:60]
    answer = fetch(addresses.address_of(bring(school, "film.mp4", content)), headers={"Range": asked})
    assert answer.status_code == status
    assert b"".join(answer) == content[part]
    if status != 416:
        assert int(answer["Content-Length"]) == len(content[part])
        assert answer["Content-Type"] == "video/mp4"
    else:
        assert answer["Content-Range"] == "bytes */60"


def test_head_and_conditions(school):
    path = urlsplit(addresses.address_of(bring(school))).path
    head = Client().head(path)
    assert (head.status_code, int(head["Content-Length"]), head.content) == (200, len(PDF), b"")
    assert Client().get(path, headers={"If-None-Match": head["ETag"]}).status_code == 304
    stale = Client().get(path, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (stale.status_code, b"".join(stale)) == (200, PDF)
    assert Client().post(path).status_code == 405


def test_bytes_that_are_gone_are_not_found(school):
    upload = bring(school)
    upload.content.storage.delete(upload.content.name)
    assert fetch(addresses.address_of(upload)).status_code == 404
