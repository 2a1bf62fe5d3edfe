"""The buttons against a cloud that really answers: as plain forms, by htmx, refused before and by the
cloud.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant, Recording, Resource, Room
from tests.actions.conftest import School, run_due
from tests.school import HTMX
from tests.stepped_clock import SteppedClock, use


@pytest.fixture
def client(school: School) -> Client:
    client = Client()
    client.force_login(school.teacher)
    return client


def where(name: str, school: School, *more: Any) -> str:
    return reverse(f"live:{name}", args=[school.room.key, *more])


def kinds(entry: Entry) -> list[str]:
    return [step.kind for step in entry.steps.order_by("id")]


def last() -> Entry:
    return Entry.objects.order_by("-id").first()


@pytest.fixture
def truth(sim: Any, school: School) -> Any:
    return lambda: sim.oracle(room=school.room.room_uuid)["rooms"][0]


def test_starting_by_htmx_shows_the_requested_command(client: Client, school: School, truth: Any) -> None:
    answer = client.post(where("command", school, "start"), **HTMX)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert answer["HX-Reswap"] == "none"
    assert "live:commanded" in answer["HX-Trigger"]
    assert 'id="actions" class="head-next" hx-swap-oob="morph"' in html
    assert "Starting…" in html
    assert "Accepted, waiting for confirmation" in html
    assert "csrf" not in html.lower()
    assert truth()["state"] == 1


def test_starting_as_a_plain_form_redirects_to_the_class(client: Client, school: School, truth: Any) -> None:
    address = where("command", school, "start")
    page = client.get(address).content.decode()
    assert "csrfmiddlewaretoken" in page
    assert "<html" in page
    answer = client.post(address, follow=True)
    assert answer.redirect_chain == [(where("class", school), 302)]
    assert "Start the class: accepted." in answer.content.decode()
    assert truth()["state"] == 1


def test_dialog_is_a_fragment_without_csrf_token(client: Client, school: School) -> None:
    html = client.get(where("command", school, "close"), **HTMX).content.decode()
    assert "<html" not in html
    assert "csrf" not in html.lower()
    assert 'id="dialog-title"' in html
    assert "never reopens" in html


def test_double_click_sends_one_command(client: Client, school: School) -> None:
    for _ in range(2):
        client.post(where("command", school, "start"), **HTMX)
    assert Entry.objects.filter(action="class.start").count() == 1


def test_refusal_by_the_cloud_is_shown_with_its_reason(client: Client, school: School) -> None:
    client.post(where("recording", school, "stop"), **HTMX)
    html = client.post(where("recording", school, "stop"), **HTMX).content.decode()
    assert "Failed" in html
    assert "The recording has already stopped" in html
    answer = client.post(where("recording", school, "stop"), follow=True)
    assert "The recording has already stopped" in answer.content.decode()


@pytest.mark.parametrize(
    ("span", "ban_s"), [("now", None), ("600", 600), ("3600", 3600), ("class", -1), ("good", -1)]
)
def test_removal_with_each_ban_length(
    client: Client, school: School, truth: Any, span: str, ban_s: int | None
) -> None:
    html = client.post(
        where("remove", school, school.pupil.pk), {"span": span, "reason": "noise"}, **HTMX
    ).content.decode()
    assert last().action == "participant.remove"
    assert last().params["ban_s"] == ban_s
    assert last().params["reason"] == "noise"
    assert "Being removed" in html
    assert not any(user["online"] for user in truth()["users"] if user["userUuid"] == "ada")


def test_removal_needs_a_valid_ban_length(client: Client, school: School) -> None:
    before = Entry.objects.count()
    answer = client.post(where("remove", school, school.pupil.pk), {"span": "7"}, **HTMX)
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.content.decode()
    assert Entry.objects.count() == before


def test_unban_explains_that_the_cloud_guarantees_nothing(client: Client, school: School) -> None:
    address = where("let_back", school, school.pupil.pk)
    html = client.get(address, **HTMX).content.decode()
    assert re.search(r'<p class="[^"]*quiet small">\s*Unbanning may not work', html)
    assert "it may remove a person who is in" in html
    assert "Unban <bdi>Ada</bdi>?" in html
    Participant.objects.update(online=False)
    client.post(address, **HTMX)
    assert last().action == "participant.let_back"
    assert last().target == "ada"


def test_invalid_command_is_refused_before_the_cloud_is_called(client: Client, school: School) -> None:
    address = where("let_back", school, school.pupil.pk)
    assert "already in the class" in client.post(address, **HTMX).content.decode()
    assert "already in the class" in client.post(address, follow=True).content.decode()
    assert not Entry.objects.filter(action="participant.let_back").exists()


def test_recording_in_both_modes(client: Client, school: School, truth: Any) -> None:
    client.post(where("command", school, "start"), **HTMX)
    address = where("recording", school, "start")
    assert client.post(address, {"mode": "web"}, **HTMX).status_code == 422
    assert client.post(address, {"mode": "web", "url": "not an address"}, **HTMX).status_code == 422
    answer = client.post(address, {"mode": "web", "url": "https://class.test/watch"}, **HTMX)
    assert answer.status_code == 200
    assert last().params["mode"] == "web"
    assert kinds(last())[-1] == "accepted"
    # a read of the cloud shows a pause; only an event confirms the end
    for name, outcome in (("pause", "confirmed"), ("resume", "confirmed"), ("stop", "accepted")):
        assert client.post(where("recording", school, name), **HTMX).status_code == 200
        assert (last().action, kinds(last())[-1]) == (f"recording.{name}", outcome)
    client.post(address, {"mode": "composite"}, **HTMX)
    assert last().params["mode"] == "composite"


def test_button_in_the_header_records_the_teacher_without_a_form(client: Client, school: School) -> None:
    address = where("recording", school, "start")
    client.post(where("command", school, "start"), **HTMX)
    page = client.post(address, **HTMX).content.decode()
    assert 'id="actions"' in page
    assert (last().params["mode"], kinds(last())[-1]) == ("composite", "accepted")


def test_only_web_recordings_can_be_paused(client: Client, school: School) -> None:
    Recording.objects.create(room=school.room, record_id="r", state="recording", mode="composite")
    html = client.post(where("recording", school, "pause"), **HTMX).content.decode()
    assert "Only a web recording can be paused" in html


@pytest.mark.parametrize("ext", ["pdf", "pptx", "mp4"])
def test_add_and_delete_files(client: Client, school: School, truth: Any, ext: str) -> None:
    file = {"name": "Übung 1", "url": "https://files.test/a", "ext": ext, "size": "1200", "convert": "on"}
    assert client.post(where("add_file", school), file, **HTMX).status_code == 200
    assert kinds(last())[-1] == "accepted", last().steps.last().detail
    uuid = last().target
    assert [one["resourceName"] for one in truth()["resources"]] == ["Übung 1"]
    row = Resource.objects.create(room=school.room, resource_uuid=uuid, name="Übung 1")
    assert client.post(where("delete_files", school), {"files": [row.pk]}, **HTMX).status_code == 200
    assert last().action == "resource.hold_delete"
    assert len(truth()["resources"]) == 1
    with use(SteppedClock(clock.now())) as stepped:
        stepped.step(11)
        assert run_due() == 1
    assert last().action == "resource.delete"
    assert truth()["resources"] == []


def test_recording_settings_are_changed(client: Client, school: School, truth: Any) -> None:
    client.post(where("command", school, "start"), **HTMX)
    start = {"mode": "web", "url": "https://class.test/watch?key=1", "fps": "30", "rtmp": "on", "audio": "1"}
    assert client.post(where("recording", school, "start"), start, **HTMX).status_code == 200
    assert "key=1" not in str(last().params)
    Recording.objects.create(
        room=school.room,
        record_id=truth()["recordings"][0]["recordId"],
        state="recording",
        mode="web",
        started_sequence=1,
    )
    address = where("recording", school, "change")
    html = client.get(address, **HTMX).content.decode()
    assert 'name="fps" value="30"' in html
    assert re.search(r"accepts changes only from one minute after the start of the\s+recording", html)
    assert "class.test" not in html  # its query is not on record, so it has to be given again
    assert client.post(address, {"fps": "3"}, **HTMX).status_code == 422
    changed = {"fps": "20", "url": "https://class.test/watch?key=1", "onhold": "on"}
    assert client.post(address, changed, **HTMX).status_code == 200
    assert (last().action, kinds(last())[-1]) == ("recording.change", "accepted")
    (row,) = truth()["recordings"]
    assert (row["config"]["videoFps"], row["onHold"]) == (20, True)
    html = client.get(address, **HTMX).content.decode()
    assert re.search(r'name="onhold" checked', html)


def test_hidden_fields_are_not_validated(client: Client, school: School, truth: Any) -> None:
    client.post(where("command", school, "start"), **HTMX)
    typed = {"mode": "composite", "fps": "many", "url": "x", "retry_s": "30"}
    assert client.post(where("recording", school, "start"), typed, **HTMX).status_code == 200
    assert last().params == {"mode": "composite", "retry_timeout_s": 30}


def test_upload_as_a_plain_form(client: Client, school: School, truth: Any) -> None:
    file = SimpleUploadedFile("Übung 2.pdf", b"%PDF-1.7")
    sent = {"way": "computer", "file": file, "convert": "on", "scale": "0.5", "output": "jpg"}
    answer = client.post(where("add_file", school), sent)
    assert answer.status_code == 302
    (known,) = truth()["resources"]
    assert known["resourceName"] == "Übung 2.pdf"
    assert known["conversion"] == {"type": "static", "scale": 0.5, "outputFormat": "jpg"}
    assert known["url"].endswith("/ubung-2.pdf")


def test_upload_is_kept_when_the_form_has_errors(client: Client, school: School, truth: Any) -> None:
    file = SimpleUploadedFile("a.pdf", b"%PDF-1.7")
    html = client.post(where("upload_file", school), {"file": file}, **HTMX).content.decode()
    key = re.search(r'name="upload" value="([^"]+)"', html).group(1)
    sent = {"way": "computer", "upload": key, "name": "A", "convert": "on", "scale": "7"}
    answer = client.post(where("add_file", school), sent, **HTMX)
    assert answer.status_code == 422
    assert key in answer.content.decode()
    assert client.post(where("add_file", school), sent | {"scale": "3"}, **HTMX).status_code == 200
    assert [one["resourceName"] for one in truth()["resources"]] == ["A"]
    answer = client.post(where("add_file", school), sent | {"upload": "x" * 22, "scale": ""}, **HTMX)
    assert "Choose the file again" in answer.content.decode()


@pytest.mark.parametrize(
    "wrong", [{"name": "x" * 64}, {"size": "0"}, {"ext": "exe"}, {"url": "ftp:/x"}, {"name": "ü" * 40}]
)
def test_invalid_file_is_refused_at_its_field(client: Client, school: School, wrong: dict[str, str]) -> None:
    file = {"name": "a", "url": "https://files.test/a", "ext": "pdf", "size": "1200"} | wrong
    answer = client.post(where("add_file", school), file, **HTMX)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Entry.objects.filter(action="resource.put").exists()


def test_only_files_of_the_class_can_be_deleted(client: Client, school: School) -> None:
    other = Room.objects.create(room_uuid="other", name="Other")
    foreign = Resource.objects.create(room=other, resource_uuid="f", name="foreign")
    for chosen in ({"files": [foreign.pk]}, {}, {"files": ["x"]}):
        assert client.post(where("delete_files", school), chosen, **HTMX).status_code == 422
    assert not Entry.objects.filter(action="resource.delete").exists()


def test_create_a_class(client: Client, school: School, sim: Any) -> None:
    answer = client.post(reverse("live:create"), {"name": "Neu", "room_type": "4", "minutes": "45"})
    assert answer.status_code == 302
    entry = Entry.objects.get(action="class.create")
    made = sim.oracle(room=entry.room_uuid)["rooms"][0]
    assert made["roomName"] == "Neu"
    room = Room.objects.filter(room_uuid=entry.room_uuid).first()
    assert answer["Location"] == (reverse("live:class", args=[room.key]) if room else "/")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 65},
        {"room_type": "3"},
        {"starts_at": "tomorrow"},
        {"starts_at": "2001-01-01T10:00"},
        {"minutes": "0"},
        {"minutes": "1441"},
    ],
)
def test_invalid_class_is_not_created(client: Client, school: School, wrong: dict[str, str]) -> None:
    answer = client.post(reverse("live:create"), {"name": "Neu", "room_type": "4", "minutes": "45"} | wrong)
    assert answer.status_code == 422
    assert not Entry.objects.filter(action="class.create").exists()


def test_times_are_read_in_the_persons_time_zone(client: Client, school: School) -> None:
    school.teacher.time_zone = "Asia/Tokyo"
    school.teacher.save()
    assert "Asia/Tokyo" in client.get(reverse("live:create")).content.decode()
    day = timezone.now().astimezone(ZoneInfo("Asia/Tokyo")) + timedelta(days=2)
    client.post(
        reverse("live:create"),
        {"name": "Neu", "room_type": "4", "minutes": "45", "starts_at": f"{day:%Y-%m-%d}T09:30"},
    )
    (made,) = Room.objects.filter(name="Neu")
    assert (
        f"{made.planned_start_at.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M}"
        == f"{day:%Y-%m-%d} 09:30"
    )


@pytest.mark.parametrize(("name", "what"), [("command", "explode"), ("recording", "explode")])
def test_unknown_command_gets_404(client: Client, school: School, name: str, what: str) -> None:
    assert client.post(where(name, school, what)).status_code == 404


def test_a_post_without_a_token_is_refused(school: School) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(school.teacher)
    assert client.post(where("command", school, "start"), **HTMX).status_code == 403
    token = client.get("/").context["csrf_token"]
    answer = client.post(where("command", school, "start"), **HTMX, HTTP_X_CSRFTOKEN=str(token))
    assert answer.status_code == 200
