"""The incident report: what the archive contains, what it hides, and who may download it."""

from __future__ import annotations

import hashlib
import io
import json
import re
from datetime import datetime, timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client

from classroom_admin.audit.models import Entry, Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.rooms.models import ChatMessage, PeerMessage, Presence, Recording, Room
from classroom_admin.sync.models import SequenceGap, StoredEvent
from tests.append_only import attack
from tests.school import HOSTILE, School

TOKEN = "007" + "A1b2" * 12
KEY = "stream-key-4711"


@pytest.fixture
def start(school: School) -> datetime:
    """The start of a class of 20 minutes, with a dispute from minute 5 to minute 7."""
    room = school.room
    start = clock.now().replace(microsecond=0) - timedelta(hours=3)

    def at(minutes: float) -> datetime:
        return start + timedelta(minutes=minutes)

    Room.objects.filter(pk=room.pk).update(started_at=start, ended_at=at(20), last_event_at=at(20), state=2)
    ChatMessage.objects.filter(room=room).delete()
    StoredEvent.objects.filter(room=room).delete()
    Recording.objects.filter(room=room).update(
        started_at=at(1),
        ended_at=at(20),
        state="ended",
        pauses=[[clock.to_ms(at(2)), clock.to_ms(at(3))]],
        streaming_urls={"rtmp": f"rtmp://live.test/{KEY}"},
        file_urls=[f"https://files.test/a.mp4?sign={KEY}"],
    )
    for number, (minutes, text) in enumerate([(1, "Good morning"), (6, f"look {TOKEN}"), (15, "Goodbye")]):
        ChatMessage.objects.create(
            room=room, sequence=10 + number, user_uuid="ana", name=HOSTILE, text=text, sent_at=at(minutes)
        )
    link = f"https://school.test/join?token={KEY}&name=x"
    PeerMessage.objects.create(
        room=room, digest="d", arrived=1, sent_at=at(6), name="Mia", to_user_uuid="ana", text=f"join {link}"
    )
    for user_uuid, entered, left in (("ana", 0, 20), ("cloud-user-2", 5.5, 6.5), ("cloud-user-3", 0, 4)):
        Presence.objects.create(
            room=room, user_uuid=user_uuid, entered_sequence=1, entered_at=at(entered), left_at=at(left)
        )
    for number, (minutes, cmd) in enumerate([(6, 99), (15, 99)]):
        StoredEvent.objects.create(
            room=room, stream="room", sequence=20 + number, cmd=cmd, received_at=at(minutes),
            ts_ms=clock.to_ms(at(minutes)), raw=json.dumps({"cmd": cmd, "data": {"token": TOKEN}}),
        )  # fmt: skip
    for action, minutes in (("participant.remove", 6.5), ("class.end", 20), ("report.export", 6.6)):
        entry = record(
            actor=school.teacher, action=action, room_uuid=room.room_uuid, target="cloud-user-2",
            target_name="Tim", params={"url": link} if action != "class.end" else {},
        )  # fmt: skip
        add_step(entry, Step.Kind.REQUESTED)
        add_step(entry, Step.Kind.CONFIRMED)
        _set_time(entry, at(minutes))
    return start


def _set_time(entry: Entry, at: datetime) -> None:
    """Set the time of an entry, which the product never does."""
    attack("UPDATE audit_entry SET at = %s WHERE id = %s", [at, entry.pk])


def where(school: School) -> str:
    return f"/reports/classes/{school.room.key}/incident/"


def archive(client: Client, school: School, **span: str) -> dict[str, bytes]:
    answer = client.post(where(school), span)
    assert answer.status_code == 200, answer.content.decode()
    assert answer["Content-Type"] == "application/zip"
    with ZipFile(io.BytesIO(answer.content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def of_dispute(client: Client, school: School, start: datetime) -> dict[str, bytes]:
    text = "%Y-%m-%dT%H:%M:%S"
    ends = start + timedelta(minutes=5), start + timedelta(minutes=7)
    return archive(client, school, start=ends[0].strftime(text), end=ends[1].strftime(text))


def part(files: dict[str, bytes], name: str) -> Any:
    return json.loads(files[f"{name}.json"])


def test_archive_has_only_what_happened_in_the_stretch(
    school: School, start: datetime, admin: Client
) -> None:
    files = of_dispute(admin, school, start)
    assert [one["text"] for one in part(files, "chat")] == ["look [hidden]"]
    assert [one["name"] for one in part(files, "direct-messages")] == ["Mia"]
    assert [one["user_id"] for one in part(files, "presence")] == ["ana", "cloud-user-2"]
    ((command,), (entry,)) = part(files, "commands"), part(files, "audit")
    assert (command["action"], command["outcome"], entry["action"]) == (
        "participant.remove", "confirmed", "report.export"
    )  # fmt: skip
    assert [one["sequence"] for one in part(files, "events")] == [20]
    (recording,) = part(files, "recordings")
    assert (recording["from_second"], recording["to_second"]) == (180, 300), "without the pause of a minute"
    assert recording["files"] == ["a.mp4"]
    assert part(files, "evidence")["complete"]


def test_manifest_has_the_hash_of_every_file_and_the_audit_log_that_of_the_manifest(
    school: School, start: datetime, admin: Client
) -> None:
    files = of_dispute(admin, school, start)
    manifest = json.loads(files["manifest.json"])
    assert {one["name"] for one in manifest["files"]} == set(files) - {"manifest.json"}
    for one in manifest["files"]:
        assert hashlib.sha256(files[one["name"]]).hexdigest() == one["sha256"]
        assert len(files[one["name"]]) == one["bytes"]
    assert manifest["class"]["key"] == school.room.key
    assert manifest["from"] == (start + timedelta(minutes=5)).isoformat().replace("+00:00", "Z")
    assert manifest["made_by"] == {"name": "Ruth", "email": "admin@school.test"}
    entry = Entry.objects.get(action="report.incident")
    assert entry.params["manifest_sha256"] == hashlib.sha256(files["manifest.json"]).hexdigest()
    assert (entry.actor, entry.room_uuid) == (school.administrator, school.room.room_uuid)


def test_equal_reports_differ_only_in_the_time(school: School, start: datetime, admin: Client) -> None:
    first, second = of_dispute(admin, school, start), of_dispute(admin, school, start)
    made = re.compile(rb'"made_at": "[^"]+"|[0-9a-f]{64}|"bytes": \d+')
    for name in first:
        if name != "index.html":
            assert made.sub(b"", first[name]) == made.sub(b"", second[name]), name


def test_no_secret_is_in_the_archive(school: School, start: datetime, admin: Client) -> None:
    for files in (of_dispute(admin, school, start), archive(admin, school, **_whole(admin, school))):
        for name, content in files.items():
            for secret in (TOKEN, KEY):
                assert secret.encode() not in content, (name, secret)


def _whole(client: Client, school: School) -> dict[str, str]:
    page = client.get(where(school)).content.decode()
    return dict(re.findall(r'name="(start|end)"\s+value="([^"]+)"', page))


def test_whole_class_is_the_default(school: School, start: datetime, admin: Client) -> None:
    files = archive(admin, school, **_whole(admin, school))
    assert len(part(files, "chat")) == 3
    assert len(part(files, "presence")) == 3
    assert len(part(files, "events")) == 2


def test_page_of_the_archive_needs_nothing_and_runs_nothing(
    school: School, start: datetime, admin: Client
) -> None:
    html = of_dispute(admin, school, start)["index.html"].decode()
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r"<script|src=|url\(|@import|<link|javascript:", html)
    assert set(re.findall(r'href="(.)', html)) == {"#"}
    assert "from second 180 to second 300" in html
    assert "default-src 'none'" in html


def test_gap_of_the_stretch_is_in_the_report(school: School, start: datetime, admin: Client) -> None:
    SequenceGap.objects.create(
        room=school.room, stream="room", first=1, last=2, found_at=start, state=SequenceGap.State.GAP
    )
    files = of_dispute(admin, school, start)
    assert not part(files, "evidence")["complete"]
    assert "Events are missing" in files["index.html"].decode()


def test_times_and_texts_are_those_of_the_person(school: School, start: datetime, admin: Client) -> None:
    school.administrator.time_zone, school.administrator.language = "Asia/Kolkata", "es"
    school.administrator.save()
    text = "%Y-%m-%dT%H:%M:%S"
    local = start + timedelta(hours=5, minutes=30)
    files = archive(
        admin, school, start=local.strftime(text), end=(local + timedelta(minutes=2)).strftime(text)
    )
    manifest = json.loads(files["manifest.json"])
    assert manifest["from"] == start.isoformat().replace("+00:00", "Z")
    assert (manifest["language"], manifest["time_zone"]) == ("es", "Asia/Kolkata")
    assert f"{local:%H:%M}" in files["index.html"].decode()
    assert '<html lang="es"' in files["index.html"].decode()


@pytest.mark.parametrize(
    "span",
    [{}, {"start": "x", "end": "y"}, {"start": "2026-01-02T00:00", "end": "2026-01-01T00:00"},
     {"start": "0001-01-01T00:00", "end": "9999-12-31T23:59:59"}],
)  # fmt: skip
def test_wrong_stretch_makes_no_archive(
    school: School, start: datetime, admin: Client, span: dict[str, str]
) -> None:
    assert admin.post(where(school), span).status_code == 422
    assert not Entry.objects.filter(action="report.incident").exists()


@pytest.mark.parametrize(
    ("who", "status"), [("administrator", 200), ("teacher", 404), ("other_teacher", 404), ("nobody", 302)]
)
def test_only_administrators_get_it(school: School, start: datetime, who: str, status: int) -> None:
    client = school.signed_in(getattr(school, who, None))
    assert client.get(where(school)).status_code == status
    span = {"start": "2026-01-01T00:00", "end": "2026-01-02T00:00"}
    assert client.post(where(school), span).status_code == status
    assert Entry.objects.filter(action="report.incident").exists() == (status == 200)
