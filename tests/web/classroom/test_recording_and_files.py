"""Recording and files on the page of a class: settings checked as one types, addresses that may hold keys,
pictures from elsewhere, uploads, deletions that can be undone.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.actions.files import deletions
from classroom_admin.actions.models import ScheduledCommand, Upload
from classroom_admin.audit.models import Entry, Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Recording, Resource, Room
from classroom_admin.sync.models import RoomRefresh
from tests.actions.files import PDF
from tests.school import HTMX, ROOM_UUID, School
from tests.stepped_clock import SteppedClock, use
from tests.web.classroom.test_page import changes, now, page, with_panels

STREAM = "https://stream.test/a.m3u8"


@pytest.fixture
def client(school: School) -> Client:
    return school.signed_in(school.teacher)


def where(name: str, school: School, *more: Any) -> str:
    return reverse(f"live:{name}", args=[school.room.key, *more])


# --- settings of a recording -----------------------------------------------------------------------


def check(client: Client, school: School, name: str = "start", **typed: str) -> str:
    answer = client.post(where("check_recording", school, name), {"mode": "web", **typed}, **HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def faults(html: str) -> set[str]:
    """The fields that are marked as wrong."""
    return set(re.findall(r'id="id_(\w+)_error"', html))


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({}, set()),
        ({"url": "https://school.test/watch"}, set()),
        ({"url": "not an address"}, {"url"}),
        ({"whole_url": "ftp://school.test/"}, {"whole_url"}),
        ({"fps": "4"}, {"fps"}),
        ({"fps": "5"}, set()),
        ({"fps": "60"}, set()),
        ({"fps": "61"}, {"fps"}),
        ({"fps": "many"}, {"fps"}),
        ({"bitrate": "49"}, {"bitrate"}),
        ({"bitrate": "8000"}, set()),
        ({"bitrate": "8001"}, {"bitrate"}),
        ({"width": "479"}, {"width"}),
        ({"width": "480", "height": "1920"}, set()),
        ({"width": "1920", "height": "1080"}, set()),
        ({"width": "1920", "height": "1081"}, {"height"}),
        ({"height": "1921"}, {"height"}),
        ({"hours": "0"}, {"hours"}),
        ({"hours": "720"}, set()),
        ({"hours": "721"}, {"hours"}),
        ({"retry_s": "0"}, {"retry_s"}),
        ({"retry_s": "30"}, set()),
        ({"audio": "2"}, set()),
        ({"audio": "3"}, {"audio"}),
        ({"fps": "1", "bitrate": "1", "hours": "0", "url": "x"}, {"fps", "bitrate", "hours", "url"}),
    ],
)
def test_settings_are_validated_while_typing(
    client: Client, school: School, typed: dict[str, str], wrong: set[str]
) -> None:
    html = check(client, school, **typed)
    assert faults(html) == wrong
    assert html.count('aria-invalid="true"') == len(wrong)
    assert not Entry.objects.filter(action__startswith="recording.").exists()


def test_composite_recording_has_no_web_settings(client: Client, school: School) -> None:
    assert faults(check(client, school, mode="composite", fps="1", retry_s="0")) == {"retry_s"}


def test_validation_returns_only_the_settings(client: Client, school: School) -> None:
    html = check(client, school, fps="1")
    assert html.lstrip().startswith('<div id="rec-settings"')
    assert "csrf" not in html.lower()
    assert client.post(where("check_recording", school, "stop")).status_code == 404


def test_the_form_shows_every_setting_with_its_default(client: Client, school: School) -> None:
    html = client.get(where("recording", school, "start"), **HTMX).content.decode()
    for default in ("1280", "720", "15", "2000"):
        assert f'placeholder="{default}"' in html
    names = ("url", "whole_url", "width", "height", "fps", "bitrate", "audio", "hours", "onhold", "rtmp")
    for name in (*names, "retry_s", "mode"):
        assert f'name="{name}"' in html, name


# --- streaming addresses ---------------------------------------------------------------------------


def test_streaming_addresses_are_in_no_page_and_no_fragment(client: Client, school: School) -> None:
    for html in (with_panels(client, school), changes(client, school, "").content.decode()):
        assert STREAM not in html
        assert "Streaming addresses" in html


def test_streaming_addresses_are_shown_on_request(client: Client, school: School) -> None:
    answer = client.get(where("streams", school, Recording.objects.get().pk), **HTMX)
    assert f'value="{STREAM}"' in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"


def test_malformed_streaming_addresses(client: Client, school: School) -> None:
    Recording.objects.update(streaming_urls={"new<kind>": '"><script>', "hls": None, "flv": ["x"]})
    html = client.get(where("streams", school, Recording.objects.get().pk)).content.decode()
    assert "<script>" not in html
    assert html.count("readonly") == 1
    Recording.objects.update(streaming_urls=["odd"])
    html = client.get(where("streams", school, Recording.objects.get().pk)).content.decode()
    assert "not streamed" in html


def test_recording_of_another_class_gets_404(client: Client, school: School) -> None:
    foreign = Recording.objects.create(
        room=Room.objects.create(room_uuid="foreign"), record_id="x", state="recording"
    )
    assert client.get(where("streams", school, foreign.pk)).status_code == 404


# --- the bar ---------------------------------------------------------------------------------------


def bar(html: str) -> list[tuple[str, ...]]:
    return re.findall(r'<rect class="cover-(\w+)(?: open)?" x="(\d+)"\s+y="\d+" width="(\d+)"', html)


def a_class_of_45_minutes(school: School) -> Any:
    start = clock.now().replace(microsecond=0) - timedelta(hours=2)
    Room.objects.update(started_at=start, ended_at=start + timedelta(minutes=45), state=2)
    Recording.objects.update(
        started_at=start + timedelta(minutes=5), ended_at=start + timedelta(minutes=40), state="ended"
    )
    return start


def test_coverage_shows_recorded_paused_and_missing_time(client: Client, school: School) -> None:
    start = a_class_of_45_minutes(school)
    for minute, action in ((10, "recording.pause"), (20, "recording.resume")):
        with use(SteppedClock(start + timedelta(minutes=minute))):
            entry = record(actor=school.teacher, action=action, room_uuid=ROOM_UUID, target="rec")
            add_step(entry, Step.Kind.ACCEPTED, {"final": True})
    html = with_panels(client, school)
    assert bar(html)[:5] == [
        ("missing", "0", "300"),
        ("recorded", "300", "300"),
        ("paused", "600", "600"),
        ("recorded", "1200", "1200"),
        ("missing", "2400", "300"),
    ]
    assert 'viewBox="0 0 2700 12"' in html
    words = re.sub(r"<[^>]+>|\s+", " ", html)
    for told in (r"Recorded +25 min", r"Paused +10 min", r"Not recorded +10 min"):
        assert re.search(told, words), told


def test_failed_recording_shows_what_to_do(client: Client, school: School) -> None:
    a_class_of_45_minutes(school)
    Recording.objects.update(unready=True)
    html = with_panels(client, school)
    assert "no usable file" in html
    assert "Contact the person who manages your cloud account" in html
    assert 'class="cover-failed"' in html
    Room.objects.update(state=1, ended_at=None)
    assert "Start a new recording" in with_panels(client, school)


def without_files(school: School) -> Recording:
    """Let the class have one ended recording whose files never came."""
    Recording.objects.all().delete()
    start = clock.now() - timedelta(minutes=20)
    Room.objects.update(started_at=start)
    return Recording.objects.create(
        room=school.room, record_id="lost", version=1, state="ended", mode="web", files_missing=True,
        started_at=start, ended_at=start + timedelta(minutes=20),
    )  # fmt: skip


def test_recording_whose_files_never_came_says_so_and_counts_as_missing(
    client: Client, school: School
) -> None:
    recording = without_files(school)
    html = with_panels(client, school)
    assert "The cloud has not delivered a file of this recording." in html
    assert "The files appear here when the cloud has created them." not in html
    assert 'class="cover-missing' in html
    assert 'class="cover-recorded' not in html
    assert f'id="files-again-{recording.pk}"' in html
    assert (
        "Ask the cloud for the files again?"
        in client.get(where("recording", school, "files")).content.decode()
    )


def test_files_of_a_recording_can_be_asked_for_again(client: Client, school: School) -> None:
    recording = without_files(school)
    due = RoomRefresh.objects.create(room=school.room, recordings_asks=40)
    answer = client.post(where("recording", school, "files"), **HTMX)
    assert answer.status_code == 200
    due.refresh_from_db()
    assert (due.recordings_asks, due.recordings_due_at is not None) == (0, True)
    assert "The files appear here when the cloud has created them." in with_panels(client, school)
    assert Entry.objects.get(action="recording.files").actor == school.teacher
    recording.refresh_from_db()
    assert not recording.files_missing
    other = school.signed_in(school.other_teacher)
    assert other.post(where("recording", school, "files")).status_code == 404


def test_files_of_a_class_deleted_from_the_cloud_can_not_be_asked_for(client: Client, school: School) -> None:
    recording = without_files(school)
    Room.objects.update(gone_at=clock.now())
    html = with_panels(client, school)
    assert "so the file can no longer be requested here" in html
    assert f'id="files-again-{recording.pk}"' not in html


def test_coverage_of_a_running_class_is_stable(client: Client, school: School) -> None:
    with use(SteppedClock(clock.now())) as stepped:
        before = re.search(r"<figure.*?</figure>", changes(client, school, "").content.decode(), re.S)
        stepped.step(60)
        after = re.search(r"<figure.*?</figure>", changes(client, school, "").content.decode(), re.S)
    assert before
    assert before.group() == after.group()


# --- conversion ------------------------------------------------------------------------------------


def converting(**progress: Any) -> Resource:
    pages = [
        {"name": str(n), "ppt": {"width": 1280, "height": 720, "src": f"https://cdn.test/{n}.png"}}
        for n in (1, 2)
    ]
    told = {"totalPageSize": 8, "convertedPageSize": 2, "currentStep": "Packaging", **progress}
    file = Resource.objects.get()
    file.task = {"taskUuid": "t", "taskProgress": {**told, "convertedFileList": pages}}
    file.save()
    return file


def test_conversion_progress_is_shown_by_page(client: Client, school: School) -> None:
    file = converting()
    html = with_panels(client, school)
    assert "Page 2 of 8, creating the pages" in html
    assert where("file_pages", school, file.pk) in html
    assert "cdn.test" not in html  # the list of pages is not read for the page of the class
    converting(totalPageSize=None, convertedPageSize="?", currentStep="<b>")
    assert "40 %" in with_panels(client, school)


def test_policy_allows_pictures_only_from_their_hosts(client: Client, school: School) -> None:
    answer = client.get(where("file_pages", school, converting().pk))
    assert re.search(r"img-src 'self' data: https://cdn\.test(;|$)", answer["Content-Security-Policy"])
    assert "script-src" not in answer["Content-Security-Policy"]
    assert answer["Referrer-Policy"] == "no-referrer"
    html = answer.content.decode()
    assert html.count("<img") == 2
    assert 'loading="lazy"' in html
    assert re.search(r'width="1280"\s+height="720"', html)
    assert "cdn.test" not in page(client, school)["Content-Security-Policy"]


def test_hostile_page_addresses_are_ignored(client: Client, school: School) -> None:
    file = converting()
    file.task["taskProgress"]["convertedFileList"] = [
        {"name": '"><script>', "ppt": {"src": "https://a.test/1.png"}},
        {"name": "2", "ppt": {"src": "javascript:alert(1)"}},
        {"name": "3", "ppt": {"src": "https://b.test; script-src *"}},
        *({"ppt": {"src": f"https://host{n}.test/1.png"}} for n in range(9)),
    ]
    file.save()
    answer = client.get(where("file_pages", school, file.pk))
    html = answer.content.decode()
    assert "<script>" not in html
    assert "javascript:" not in html
    assert "script-src" not in answer["Content-Security-Policy"]
    assert answer["Content-Security-Policy"].count(".test") == 4
    assert html.count("<img") == 4


# --- uploads ---------------------------------------------------------------------------------------


def send(client: Client, school: School, name: str = "Sheet.pdf", content: bytes = PDF) -> Any:
    return client.post(where("upload_file", school), {"file": SimpleUploadedFile(name, content)}, **HTMX)


def test_upload_returns_its_part_of_the_form(client: Client, school: School) -> None:
    html = send(client, school).content.decode()
    upload = Upload.objects.get()
    assert f'name="upload" value="{upload.key}"' in html
    assert 'data-name="Sheet.pdf"' in html
    assert "csrf" not in html.lower()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.html", b"<script>", "This type of file"),
        ("x.svg", b"<svg/>", "This type of file"),
        ("x.png", b"<svg onload=alert(1)>", "another format"),
        ("x.pdf", b"", "empty"),
        ("<img src=x>.pdf", b"", "empty"),
    ],
)
def test_refused_upload_shows_the_reason(
    client: Client, school: School, name: str, content: bytes, words: str
) -> None:
    answer = send(client, school, name, content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "<img src=x>" not in answer.content.decode()
    assert not Upload.objects.exists()


def test_upload_without_a_file(client: Client, school: School) -> None:
    answer = client.post(where("upload_file", school), **HTMX)
    assert (answer.status_code, "Choose a file." in answer.content.decode()) == (422, True)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:8000", "only this computer"),
        ("http://192.168.0.9", "inside the school"),
        ("https://classes.test", ""),
    ],
)
def test_warning_if_the_cloud_cannot_fetch_files(
    client: Client, school: School, settings: Any, url: str, words: str
) -> None:
    settings.PUBLIC_URL = url
    html = client.get(where("add_file", school), **HTMX).content.decode()
    assert ("PUBLIC_URL" in html) == bool(words)
    assert words in html


# --- deletions that can be undone --------------------------------------------------------------


def test_pending_deletion_is_visible_to_everyone_and_can_be_undone(client: Client, school: School) -> None:
    before = now(school)
    file = Resource.objects.get()
    answer = client.post(where("delete_files", school), {"files": [file.pk]}, **HTMX)
    assert 'id="files"' in answer.content.decode()
    hold = ScheduledCommand.objects.get()
    other = school.signed_in(school.administrator)
    html = changes(other, school, before).content.decode()
    assert 'class="going"' in html
    assert re.search(r'data-left="\d{4}-\d\d-\d\dT[\d:]+Z"', html)
    assert where("undo_delete", school, hold.entry_id) in html
    before = now(school)
    other.post(where("undo_delete", school, hold.entry_id), **HTMX)
    html = changes(client, school, before).content.decode()
    assert 'id="files"' in html
    assert 'class="going"' not in html
    assert "data-left" not in html


def test_late_undo_is_refused(client: Client, school: School) -> None:
    files = list(Resource.objects.all())
    hold = deletions.schedule_deletion(access_to(school.teacher, school.room), resources=files)
    ScheduledCommand.objects.update(state=ScheduledCommand.State.DONE)
    html = client.post(where("undo_delete", school, hold.entry_id), **HTMX).content.decode()
    assert "too late" in html


def test_deletion_without_javascript(client: Client, school: School) -> None:
    file = Resource.objects.get()
    answer = client.post(where("delete_files", school), {"files": [file.pk]}, follow=True)
    assert answer.status_code == 200
    assert "about to be deleted" in with_panels(client, school)
    undo = where("undo_delete", school, ScheduledCommand.objects.get().entry_id)
    assert "Undo deletion" in client.get(undo).content.decode()
    answer = client.post(undo, follow=True)
    assert "about to be deleted" not in answer.content.decode()


def test_files_of_one_name_are_told_apart(client: Client, school: School) -> None:
    Resource.objects.all().delete()
    for number, sharer in ((1, "Zoë"), (2, "")):
        Resource.objects.create(
            room=school.room, resource_uuid=f"w{number}", name="Worksheet.pdf", ext="pdf", size=number * 1024,
            put_at=clock.now() - timedelta(minutes=number), put_by=sharer,
        )  # fmt: skip
    record(
        actor=school.teacher, action="resource.put", room_uuid=school.room.room_uuid, target="w2",
        target_name="Worksheet.pdf", params={},
    )  # fmt: skip
    for html in (
        with_panels(client, school),
        client.get(where("delete_files", school)).content.decode(),
    ):
        facts = re.findall(r'<span class="quiet small file-facts">(.*?)</span>', html, re.DOTALL)
        first, second = (" ".join(re.sub("<[^>]+>", "", one).split()) for one in facts)
        assert re.fullmatch(r"PDF · 1.0.KB · [^·]+ · shared by Zoë", first), first
        assert second.endswith("shared by Ana"), second
        assert "2.0" in second


def test_undo_names_the_files(client: Client, school: School) -> None:
    files = list(Resource.objects.all())
    hold = deletions.schedule_deletion(access_to(school.teacher, school.room), resources=files)
    html = client.get(where("undo_delete", school, hold.entry_id)).content.decode()
    assert html.count("file-facts") == len(files) > 0


def test_other_commands_do_not_send_the_files(client: Client, school: School) -> None:
    before = now(school)
    entry = record(actor=school.teacher, action="recording.pause", room_uuid=ROOM_UUID)
    add_step(entry, Step.Kind.REQUESTED)
    assert 'id="files"' not in changes(client, school, before).content.decode()


def test_full_page_costs_no_more_queries(client: Client, school: School) -> None:
    converting()
    files = list(Resource.objects.all())
    deletions.schedule_deletion(access_to(school.teacher, school.room), resources=files)
    with CaptureQueriesContext(connection) as queries:
        assert page(client, school).status_code == 200
    assert len(queries) <= 13, [q["sql"] for q in queries]
