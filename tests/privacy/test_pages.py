"""The pages of classes of which retention has deleted data, the page of the limits, and kept classes."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.privacy import retention
from classroom_admin.privacy.models import RetentionRun
from classroom_admin.reports import summaries
from classroom_admin.reports.attendance_json import attendance_as_json
from classroom_admin.reports.models import PersonSummary
from classroom_admin.rooms.models import (
    ChatMessage,
    ClassRetention,
    Participant,
    PeerMessage,
    Presence,
    Recording,
    Room,
    RoomState,
)
from classroom_admin.sync.models import StoredEvent
from tests.privacy.conftest import KEEP_ALL
from tests.school import HTMX, School, furnish

pytestmark = pytest.mark.django_db(transaction=True)

EARLIER = timedelta(days=500)


@pytest.fixture
def school(transactional_db: None) -> School:
    return furnish()


@pytest.fixture
def sealed(school: School, settings: Any) -> School:
    """The school's class, which is over for 500 days, and of which all but the attendance was deleted."""
    at = clock.now() - EARLIER
    room = school.room
    PeerMessage.objects.create(room=room, digest="d", arrived=1, text="psst", sent_at=at, user_uuid="ana")
    Participant.objects.filter(room=room).update(online=False, left_at=at, online_since=None)
    Presence.objects.create(room=room, user_uuid="ana", entered_sequence=1, entered_at=at, left_at=at)
    Recording.objects.filter(room=room).update(state="ended", ended_at=at)
    Room.objects.filter(pk=room.pk).update(
        state=RoomState.CLOSED, started_at=at - timedelta(hours=1), ended_at=at, closed_at=at,
        last_event_at=at, gone_at=at, projection_version=99, chat_count=2,
    )  # fmt: skip
    settings.RETENTION_DAYS = {
        **KEEP_ALL, "chat": 90, "direct_messages": 90, "recordings": 365, "events": 365
    }  # fmt: skip
    summaries.refresh(room)
    assert retention.work(retention.begin())
    room.refresh_from_db()
    assert room.sealed_at is not None
    assert not StoredEvent.objects.filter(room=room).exists()
    return School(school.administrator, school.teacher, school.other_teacher, room)


def test_every_page_of_a_sealed_class_opens(sealed: School) -> None:
    admin, key = sealed.signed_in(sealed.administrator), sealed.room.key
    person = Participant.objects.filter(room=sealed.room).order_by("pk")[0]
    summary_person = PersonSummary.objects.filter(room=sealed.room).order_by("pk")[0]
    message = ChatMessage.objects.filter(room=sealed.room).order_by("pk")[0]
    recording = Recording.objects.get(room=sealed.room)
    addresses = [
        *(reverse(f"live:{name}", args=[key]) for name in (
            "class", "details", "attendance", "not_taken_part", "kept_out", "groups", "properties", "chat",
            "events", "replay", "class_list", "keep", "class_changes", "more_people",
        )),
        reverse("live:person", args=[key, person.pk]),
        reverse("live:there", args=[key, "room", message.sequence]),
        reverse("live:streams", args=[key, recording.pk]),
        reverse("live:chat", args=[key]) + "?kind=peer",
        reverse("live:chat", args=[key]) + "?kind=custom",
        reverse("live:chat", args=[key]) + "?q=script",
        reverse("live:events", args=[key]) + "?kind=chat",
        reverse("live:replay", args=[key]) + "?at=10:00",
        *(reverse(f"reports:{name}", args=[key]) for name in ("class", "class_participation", "incident")),
        reverse("reports:correct", args=[key, summary_person.pk]),
        reverse("reports:student", args=[summary_person.pk]),
        reverse("reports:recording", args=[recording.pk]),
        *(reverse(f"reports:{name}") for name in (
            "overview", "attendance", "participation", "questions", "question_students", "teaching",
            "recordings",
        )),
        *(reverse("reports:class", args=[key]) + f"?format={format}" for format in ("csv", "xlsx", "json")),
        reverse("live:create") + f"?like={key}",
        reverse("live:student", args=[person.pk]) + "?range=all",
        reverse("live:classes") + "?when=past",
        reverse("settings:retention"),
        reverse("settings:sync"),
        reverse("settings:audit"),
    ]  # fmt: skip
    wrong = {}
    for address in addresses:
        answer = admin.get(address)
        b"".join(answer)  # read a file to its end
        if answer.status_code not in (200, 204):
            wrong[address] = answer.status_code
    assert wrong == {}
    for panel in ("files", "recording", "groups", "attendance", "events", "commands", "details"):
        panel_answer = admin.get(reverse("live:class", args=[key]) + f"?show={panel}", **HTMX)
        assert panel_answer.status_code == 200, panel


@pytest.mark.parametrize(
    "name",
    ["live:chat", "live:events", "live:replay", "reports:class", "reports:class_participation"],
)
def test_pages_say_what_was_deleted(sealed: School, name: str) -> None:
    page = sealed.signed_in(sealed.teacher).get(reverse(name, args=[sealed.room.key])).content.decode()
    assert "The events of this class were deleted on" in page
    assert "The texts of the chat were deleted on" in page
    assert "The direct messages were deleted on" in page


def test_the_class_page_says_what_was_deleted(sealed: School) -> None:
    teacher, address = sealed.signed_in(sealed.teacher), reverse("live:class", args=[sealed.room.key])
    page = teacher.get(address).content.decode()
    assert "Events deleted" in page
    assert "The texts of the chat were deleted on" in page
    panel = teacher.get(f"{address}?show=events", **HTMX).content.decode()
    assert "The events of this class were deleted on" in panel


def test_messages_without_text_say_so(sealed: School) -> None:
    page = sealed.signed_in(sealed.teacher).get(reverse("live:chat", args=[sealed.room.key])).content.decode()
    assert page.count("This message was deleted.") == 2


def test_the_events_page_says_that_events_arrived_too_late(sealed: School) -> None:
    ClassRetention.objects.filter(room=sealed.room).update(late_events=3)
    page = (
        sealed.signed_in(sealed.teacher).get(reverse("live:events", args=[sealed.room.key])).content.decode()
    )
    assert "3 events arrived after the deletion." in page


def test_the_recordings_of_the_class_are_no_longer_kept(sealed: School) -> None:
    page = sealed.signed_in(sealed.administrator).get(reverse("reports:recordings") + "?period=all")
    assert "No longer kept" in page.content.decode()


def test_reports_have_the_figures_from_before(sealed: School) -> None:
    found = attendance_as_json(sealed.room)
    assert found["evidence"]["events"] == 2
    assert found["evidence"]["events_deleted_at"]
    admin = sealed.signed_in(sealed.administrator)
    at = sealed.room.started_at
    assert at is not None
    stretch = {"start": at.strftime("%Y-%m-%dT%H:%M:%S"), "end": clock.now().strftime("%Y-%m-%dT%H:%M:%S")}
    archive = admin.post(reverse("reports:incident", args=[sealed.room.key]), stretch)
    assert archive.status_code == 200
    content = archive.getvalue() if hasattr(archive, "getvalue") else archive.content
    with ZipFile(io.BytesIO(content)) as files:
        page = next(files.read(name) for name in files.namelist() if name.endswith("index.html")).decode()
    assert "The texts of the chat were deleted on" in page


def test_the_page_shows_limits_a_preview_and_runs(school: School, settings: Any) -> None:
    settings.RETENTION_DAYS = {**KEEP_ALL, "chat": 90}
    at = clock.now() - EARLIER
    Room.objects.filter(pk=school.room.pk).update(
        state=RoomState.CLOSED, started_at=at, ended_at=at, last_event_at=at, gone_at=at
    )
    admin = school.signed_in(school.administrator)
    page = admin.get(reverse("settings:retention")).content.decode()
    row = page.partition('id="kind-chat"')[2].partition("</tr>")[0]
    assert "90" in row
    assert "days" in row
    assert "2 of 1 class" in " ".join(row.split())
    assert "no limit" in page.partition('id="kind-events"')[2].partition("</tr>")[0]
    assert "No run yet." in page
    RetentionRun.objects.create(
        started_at=clock.now(),
        finished_at=clock.now(),
        counts={"chat": {"rows": 1204, "classes": 13}, "sessions": {"rows": 7, "classes": 0}},
        limits={"chat": 45, "sessions": 1},
    )
    page = admin.get(reverse("settings:retention")).content.decode()
    text = " ".join(page.partition('id="runs-title"')[2].split())
    assert "1204 of 13 classes" in text
    assert "older than 45 days" in text  # the limit of that run, not today's
    assert "older than 1 day" not in text


def test_only_administrators_see_the_limits(school: School) -> None:
    assert school.signed_in(school.teacher).get(reverse("settings:retention")).status_code == 404
    assert school.signed_in(None).get(reverse("settings:retention")).status_code == 302
    assert school.signed_in(school.administrator).post(reverse("settings:retention")).status_code == 405


def test_an_administrator_keeps_a_class(school: School) -> None:
    admin, address = school.signed_in(school.administrator), reverse("live:keep", args=[school.room.key])
    assert admin.post(address, {"keep": "on", "reason": " "}).status_code == 422
    assert not ClassRetention.objects.exists()
    assert admin.post(address, {"keep": "on", "reason": "A complaint"}).status_code == 302
    state = ClassRetention.objects.get()
    assert (state.kept_reason, state.kept_by, bool(state.kept_at)) == (
        "A complaint",
        school.administrator,
        True,
    )
    assert "A complaint" in admin.get(reverse("settings:retention")).content.decode()
    assert admin.post(address, {"reason": "A complaint"}).status_code == 302
    state.refresh_from_db()
    assert (state.kept_reason, state.kept_by, state.kept_at) == ("", None, None)
    actions = list(
        Entry.objects.filter(action__contains="keep").order_by("pk").values_list("action", flat=True)
    )
    assert actions == ["class.keep", "class.stop_keeping"]


def test_a_teacher_cannot_keep_a_class(school: School) -> None:
    address = reverse("live:keep", args=[school.room.key])
    assert Client().post(address, {"keep": "on", "reason": "x"}).status_code == 302
    teacher = school.signed_in(school.teacher)
    assert teacher.post(address, {"keep": "on", "reason": "x"}).status_code == 403
    other = school.signed_in(school.other_teacher)
    assert other.post(address, {"keep": "on", "reason": "x"}).status_code == 404
    assert not ClassRetention.objects.exists()
