"""Links to a recording for people without an account."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classroom_admin.actions import people
from classroom_admin.actions.models import RecordingShare
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.models import Recording
from tests.recorded import Recorder, body_of
from tests.school import HTMX, School
from tests.stepped_clock import SteppedClock, use


def share(client: Client, recording: Recording, **data: Any) -> str:
    """Create a link with the form. Return its path."""
    answer = client.post(reverse("reports:share_recording", args=[recording.pk]), {"lasts": "7", **data})
    assert answer.status_code == 200, answer.content
    found = re.search(r'value="http://[^/]+(/recordings/shared/[^"]+)"', answer.content.decode())
    assert found
    return found[1]


@pytest.fixture
def teacher(school: School) -> Client:
    return school.signed_in(school.teacher)


def test_link_ends_when_its_creator_is_deactivated(
    teacher: Client, school: School, recording: Recording
) -> None:
    link = share(teacher, recording)
    other = share(school.signed_in(school.administrator), recording)
    people.deactivate_person(actor=school.administrator, person=school.teacher)
    people.reactivate_person(actor=school.administrator, person=school.teacher)
    assert (Client().get(link).status_code, Client().get(other).status_code) == (404, 200)
    assert Client().get(f"{link}files/0/").status_code == 404
    assert Entry.objects.get(action="account.deactivate").params == {"recording_links": 1}


def test_link_shows_plays_and_downloads_only_this_recording(
    teacher: Client, school: School, recording: Recording
) -> None:
    link = share(teacher, recording)
    page = Client().get(link)
    assert page.status_code == 200
    text = page.content.decode()
    assert "Algebra" in text
    assert f'src="{link}files/0/"' in text
    for hidden in ("Ana", "Ruth", "school.test", recording.file_urls[0], "/classes/", "/sign-in/", "csrf"):
        assert hidden not in text, hidden
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert page["Cache-Control"] == "private, no-store"
    assert "sessionid" not in page.cookies
    file = Client().get(f"{link}files/0/", headers={"Range": "bytes=4-7"})
    assert (file.status_code, body_of(file)) == (206, b"ftyp")
    assert Client().get(f"{link}files/1/").status_code == 404
    assert Client().post(link).status_code == 405
    made = RecordingShare.objects.get()
    assert made.uses == 1
    assert made.last_used_at is not None
    assert made.created_by == school.teacher
    assert link.split("/")[-2] not in str(RecordingShare.objects.values().get()), "only a hash is stored"


def test_unknown_expired_and_ended_links_have_the_same_answer(
    teacher: Client, school: School, recorder: Recorder, recording: Recording
) -> None:
    answers = {}
    with use(SteppedClock(timezone.now())) as hands:
        answers["unknown"] = Client().get("/recordings/shared/nothing/")
        ended = share(teacher, recording)
        made = RecordingShare.objects.get()
        where = reverse("reports:share_recording", args=[recording.pk])
        assert teacher.post(where, {"end": made.pk}).status_code == 302
        answers["ended"] = Client().get(ended)
        expired = share(teacher, recording, lasts="1")
        assert Client().get(expired).status_code == 200
        hands.step(24 * 3600 + 1)
        answers["expired"] = Client().get(expired)
        answers["file of an expired link"] = Client().get(f"{expired}files/0/")
        kept = share(teacher, recording, lasts="30")
        recorder.delete_files(school.room)
        answers["deleted file"] = Client().get(f"{kept}files/0/")
        answers["deleted"] = Client().get(kept)
    pages = {re.sub(rb'data-cloud-now="\d+"', b"", answer.content) for answer in answers.values()}
    assert {answer.status_code for answer in answers.values()} == {404}
    assert len(pages) == 1
    assert b"This link does not work" in pages.pop()


def test_other_teachers_can_neither_create_nor_end_links(
    teacher: Client, school: School, recording: Recording
) -> None:
    link, where = share(teacher, recording), reverse("reports:share_recording", args=[recording.pk])
    before = Entry.objects.exclude(action="access.refused").count()
    other = school.signed_in(school.other_teacher)
    assert other.post(where, {"lasts": "7"}).status_code == 404
    assert other.post(where, {"end": RecordingShare.objects.get().pk}).status_code == 404
    assert school.signed_in(None).post(where, {"lasts": "7"}).status_code == 302
    assert Entry.objects.exclude(action="access.refused").count() == before
    assert Client().get(link).status_code == 200


def test_creating_and_ending_are_in_the_audit_log(
    teacher: Client, school: School, recording: Recording
) -> None:
    link = share(teacher, recording)
    made = Entry.objects.get(action="recording.share")
    assert (made.actor, made.room_uuid, made.target) == (
        school.teacher,
        school.room.room_uuid,
        recording.record_id,
    )
    assert made.params["ends_at"].endswith("Z")
    where = reverse("reports:share_recording", args=[recording.pk])
    answer = teacher.post(where, {"end": RecordingShare.objects.get().pk}, **HTMX)
    assert answer["HX-Refresh"] == "true"
    teacher.post(where, {"end": RecordingShare.objects.get().pk})
    teacher.post(where, {"end": "x"})
    assert Entry.objects.filter(action="recording.unshare").count() == 1
    log = school.signed_in(school.administrator).get("/settings/audit/").content.decode()
    assert "Created a link to a recording" in log
    assert "Ended a link to a recording" in log
    assert link.split("/")[-2] not in log
    page = teacher.get(reverse("reports:recording", args=[recording.pk])).content.decode()
    assert "No link works at the moment." in page


def test_end_of_a_link_can_be_a_date_but_not_after_the_recording(
    teacher: Client, recording: Recording, settings: Any
) -> None:
    where = reverse("reports:share_recording", args=[recording.pk])
    today = timezone.localdate(clock.cloud_now())
    share(teacher, recording, lasts="own", day=(today + timedelta(days=3)).isoformat())
    assert timezone.localtime(RecordingShare.objects.get().ends_at).date() == today + timedelta(days=4)
    settings.RECORDING_LINK_DAYS = 10
    offered = teacher.get(where).context["form"].fields["lasts"].choices
    assert [value for value, _words in offered] == ["1", "7", "own"]
    for data in (
        {"lasts": "30"},
        {"lasts": "own"},
        {"lasts": "own", "day": (today - timedelta(days=1)).isoformat()},
        {"lasts": "own", "day": (today + timedelta(days=11)).isoformat()},
        {"lasts": "own", "day": "9999-12-31"},
        {"lasts": "own", "day": "x"},
    ):
        assert teacher.post(where, data).status_code == 422, data
    share(teacher, recording, lasts="own", day=(today + timedelta(days=10)).isoformat())
    newest = RecordingShare.objects.first()
    assert newest is not None
    assert recording.ended_at is not None
    assert newest.ends_at == recording.ended_at + timedelta(days=10)


def test_recording_without_files_can_not_be_shared(teacher: Client, recording: Recording) -> None:
    Recording.objects.filter(pk=recording.pk).update(file_urls=[])
    where = reverse("reports:share_recording", args=[recording.pk])
    assert b"can't be shared" in teacher.get(where).content.replace(b"&#x27;", b"'")
    assert teacher.post(where, {"lasts": "7"}).status_code == 422
    assert not RecordingShare.objects.exists()
