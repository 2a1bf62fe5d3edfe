"""The files of recordings, sent through the dashboard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.common import clock
from classroom_admin.rooms.models import Recording, Room
from tests.recorded import Recorder, body_of
from tests.school import HTMX, School


def file_of(recording: Recording, number: int = 0) -> str:
    return reverse("reports:recording_file", args=[recording.pk, number])


def panel(teacher: Client, school: School) -> bytes:
    """Return the recording panel of the class page."""
    where = reverse("live:class", args=[school.room.key])
    return bytes(teacher.get(where, {"show": "recording"}, **HTMX).content)


@pytest.fixture
def teacher(school: School) -> Client:
    return school.signed_in(school.teacher)


def test_whole_file_and_a_range_are_the_bytes_of_the_cloud(teacher: Client, recording: Recording) -> None:
    whole = teacher.get(file_of(recording))
    assert whole.status_code == 200
    content = body_of(whole)
    assert content[4:8] == b"ftyp"
    assert int(whole["Content-Length"]) == len(content)
    assert whole["Content-Type"] == "video/mp4"
    assert whole["Accept-Ranges"] == "bytes"
    part = teacher.get(file_of(recording), headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert body_of(part) == content[100:200]
    assert part["Content-Range"] == f"bytes 100-199/{len(content)}"
    last = teacher.get(file_of(recording), headers={"Range": "bytes=-50"})
    assert body_of(last) == content[-50:]
    fresh = {"Range": "bytes=0-9", "If-Range": whole["ETag"]}
    same = teacher.get(file_of(recording), headers=fresh)
    assert (same.status_code, body_of(same)) == (206, content[:10])
    stale = teacher.get(file_of(recording), headers=fresh | {"If-Range": '"another"'})
    assert (stale.status_code, body_of(stale)) == (200, content)


@pytest.mark.parametrize("asked", ["bytes=0-1,5-9", "bytes=-", "lines=1-2", "bytes=a-b", "bytes=0-9\x0bX: y"])
def test_odd_ranges_get_the_whole_file(teacher: Client, recording: Recording, asked: str) -> None:
    answer = teacher.get(file_of(recording), headers={"Range": asked})
    assert answer.status_code == 200
    body_of(answer)


def test_range_after_the_end_is_refused(teacher: Client, recording: Recording) -> None:
    answer = teacher.get(file_of(recording), headers={"Range": "bytes=999999999-"})
    assert answer.status_code == 416
    assert answer["Content-Range"].startswith("bytes */")
    assert body_of(answer) == b""


def test_response_is_private_and_has_no_header_of_the_cloud(teacher: Client, recording: Recording) -> None:
    answer = teacher.get(file_of(recording), headers={"Accept-Encoding": "gzip"})
    body_of(answer)
    assert not answer.has_header("Content-Encoding"), "the length would be lost"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not answer.has_header("X-Simulator")
    assert recording.file_urls[0] not in str(answer.headers)


def test_head_gets_no_body(teacher: Client, recording: Recording) -> None:
    answer = teacher.head(file_of(recording))
    assert answer.status_code == 200
    assert int(answer["Content-Length"]) > 1000


def test_download_has_a_name_with_class_and_date(
    teacher: Client, school: School, recording: Recording
) -> None:
    Room.objects.filter(pk=school.room.pk).update(name="Maths 7b/8 “x”")
    answer = teacher.get(file_of(recording), {"download": 1})
    body_of(answer)
    disposition = answer["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert f"{recording.started_at:%Y-%m-%d}" in disposition
    assert ".mp4" in disposition
    assert "/" not in disposition.partition("filename")[2].replace("utf-8''", "")
    inline = teacher.get(file_of(recording))
    body_of(inline)
    assert inline["Content-Disposition"].startswith("inline")


def test_playlist_names_our_own_addresses(teacher: Client, school: School, recorder: Recorder) -> None:
    recording = recorder.record(school.room, seconds=75, mode="composite")
    playlist = body_of(teacher.get(file_of(recording))).decode()
    lines = [line for line in playlist.splitlines() if line and not line.startswith("#")]
    assert lines == ["segments/0/", "segments/1/", "segments/2/"]
    assert "http" not in playlist
    segments = [body_of(teacher.get(file_of(recording) + line)) for line in lines]
    assert all(one[0] == 0x47 and len(one) % 188 == 0 for one in segments)
    part = teacher.get(file_of(recording) + lines[0], headers={"Range": "bytes=0-187"})
    assert (part.status_code, body_of(part)) == (206, segments[0][:188])
    assert teacher.get(file_of(recording) + "segments/3/").status_code == 404
    download = teacher.get(file_of(recording), {"download": 1})
    assert body_of(download) == b"".join(segments)
    assert ".ts" in download["Content-Disposition"]


def test_other_numbers_and_states_have_no_file(teacher: Client, recording: Recording, settings: Any) -> None:
    assert teacher.get(file_of(recording, 1)).status_code == 404
    Recording.objects.filter(pk=recording.pk).update(file_urls=["javascript:alert(1)", "file:///etc/passwd"])
    assert teacher.get(file_of(recording, 0)).status_code == 404
    assert teacher.get(file_of(recording, 1)).status_code == 404
    Recording.objects.filter(pk=recording.pk).update(
        file_urls=recording.file_urls, ended_at=clock.cloud_now() - timedelta(days=8)
    )
    settings.RECORDING_LINK_DAYS = 8
    assert teacher.get(file_of(recording)).status_code == 404
    settings.RECORDING_LINK_DAYS = 9
    body_of(teacher.get(file_of(recording)))


def test_private_address_that_the_cloud_named_is_not_opened(teacher: Client, recording: Recording) -> None:
    """Another port of this machine is not the cloud."""
    for url in ("http://127.0.0.1:1/a.mp4", "http://localhost:1/a.mp4", "http://10.0.0.1/a.mp4"):
        Recording.objects.filter(pk=recording.pk).update(file_urls=[url])
        answer = teacher.get(file_of(recording))
        assert answer.status_code == 502
        assert b"does not send this file" in answer.content
        assert url.encode() not in answer.content


def test_deleted_file_is_a_page_and_is_remembered(
    teacher: Client, school: School, recorder: Recorder, recording: Recording
) -> None:
    version = Room.objects.get(pk=school.room.pk).version
    recorder.delete_files(school.room)
    answer = teacher.get(file_of(recording))
    assert answer.status_code == 404
    assert b"The cloud has deleted this file." in answer.content
    recording.refresh_from_db()
    assert recording.files_deleted_at is not None
    assert Room.objects.get(pk=school.room.pk).version > version, "open pages are told"
    page = teacher.get(reverse("reports:recording", args=[recording.pk]))
    assert b"The cloud has deleted the files of this recording." in page.content
    assert b"<video" not in page.content
    assert b"The cloud has deleted the files." in panel(teacher, school)


def test_panel_of_the_class_links_to_the_page_and_not_to_the_cloud(
    teacher: Client, school: School, recording: Recording, settings: Any
) -> None:
    shown = panel(teacher, school)
    assert reverse("reports:recording", args=[recording.pk]).encode() in shown
    assert recording.file_urls[0].encode() not in shown
    settings.RECORDING_LINK_DAYS = 1
    Recording.objects.filter(pk=recording.pk).update(ended_at=clock.cloud_now() - timedelta(days=2))
    Room.objects.filter(pk=school.room.pk).update(version=99)
    assert b"The school kept this recording until" in panel(teacher, school)


@pytest.mark.parametrize("name", ["recording", "recording_file", "recording_segment", "share_recording"])
def test_access(school: School, recorder: Recorder, name: str) -> None:
    found = recorder.record(school.room, mode="composite")
    more = {"recording_file": [0], "recording_segment": [0, 0]}.get(name, [])
    where = reverse(f"reports:{name}", args=[found.pk, *more])
    for who, status in (
        (school.administrator, 200),
        (school.teacher, 200),
        (school.other_teacher, 404),
        (None, 302),
    ):
        answer = school.signed_in(who).get(where)
        assert answer.status_code == status, who
        body_of(answer)  # this ends the request
    missing = reverse(f"reports:{name}", args=[found.pk + 999, *more])
    assert school.signed_in(school.administrator).get(missing).status_code == 404
