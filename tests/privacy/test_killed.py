"""`manage.py retention` in a process of its own, also killed in the middle. The texts leave the file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from classroom_admin.common import clock
from classroom_admin.privacy import retention
from classroom_admin.privacy.models import RetentionRun
from classroom_admin.privacy.recorder import AT_ONCE
from classroom_admin.rooms.models import ChatMessage, ClassRetention, Room
from classroom_admin.sync import projector, registry
from classroom_admin.sync.models import StoredEvent
from tests.privacy.conftest import days_later, rebuilt, run
from tests.stepped_clock import SteppedClock
from tests.sync.test_lease import database_url

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = 4000
SECRET = "Nachtigall-4410"


@pytest.fixture
def talkative() -> Room:
    """A class of 400 days ago with thousands of messages."""
    at = clock.now() - timedelta(days=400)
    made = Room.objects.create(room_uuid="talk", name="Talk", profile_state=3, known_since=at, gone_at=at)
    sender = {"userUuid": "ada", "userName": "Ada", "role": 2}
    StoredEvent.objects.bulk_create(
        StoredEvent(
            room=made,
            stream="room",
            sequence=number,
            cmd=3,
            ts_ms=clock.to_ms(at),
            received_at=at,
            raw=json.dumps(
                {
                    "roomUuid": "talk",
                    "cmd": 3,
                    "sequence": number,
                    "ts": clock.to_ms(at),
                    "data": {"fromUser": sender, "message": f"{SECRET} {number}"},
                }
            ),
        )
        for number in range(1, MESSAGES + 1)
    )
    registry.adopt([made.pk])
    projector.project_again(made.pk)
    assert ChatMessage.objects.count() == MESSAGES
    made.refresh_from_db()
    return made


def start(*arguments: str, **limits: int) -> subprocess.Popen[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AGORA_", "RETENTION_"))
    }
    none = dict.fromkeys((name.upper() for name in django_settings.RETENTION_DAYS), 0)
    chosen = none | {name.upper(): days for name, days in limits.items()}
    env = kept | {f"RETENTION_{name}_DAYS": str(days) for name, days in chosen.items()}
    env |= {
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        "DATA_DIR": str(django_settings.DATA_DIR),
        "DATABASE_URL": database_url(),
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "retention", *arguments],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finished(process: subprocess.Popen[str]) -> str:
    out, problems = process.communicate(timeout=120)
    assert process.returncode == 0, problems
    return out


def test_a_killed_run_is_continued_and_counts_nothing_twice(talkative: Room) -> None:
    process = start(events=365, chat=90)
    deadline = time.monotonic() + 60
    while ChatMessage.objects.filter(deleted=False).count() == MESSAGES and process.poll() is None:
        assert time.monotonic() < deadline
        signal.sigtimedwait([], 0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    begun = RetentionRun.objects.get()
    left = ChatMessage.objects.filter(deleted=False).count()
    assert begun.count_of("chat")["rows"] == MESSAGES - left
    assert begun.count_of("events")["rows"] == MESSAGES - StoredEvent.objects.count()
    if begun.finished_at is None:
        finished(start(events=365, chat=90))
    done = RetentionRun.objects.get()
    assert done.finished_at is not None
    assert done.counts == {
        "chat": {"rows": MESSAGES, "classes": 1},
        "events": {"rows": MESSAGES, "classes": 1},
    }
    assert ClassRetention.objects.get().events_deleted == MESSAGES


def test_a_dry_run_prints_and_deletes_nothing(talkative: Room) -> None:
    found = json.loads(finished(start("--dry-run", "--json", chat=90)))
    assert found["chat"]["rows"] == MESSAGES
    assert (found["chat"]["classes"], found["chat"]["days"]) == (1, 90)
    assert "would be deleted" in finished(start("--dry-run", events=90))
    assert not ChatMessage.objects.filter(deleted=True).exists()
    assert not RetentionRun.objects.exists()


def test_no_part_holds_the_write_lock_for_long(talkative: Room, hands: SteppedClock, keep: Any) -> None:
    """Each transaction changes few rows. (The benchmark measures the time.)"""
    keep(chat=90, events=365)
    days_later(hands, 1)
    begun, before = RetentionRun.objects.create(started_at=clock.now(), limits={}), MESSAGES
    for _part in retention._parts(begun):
        now = ChatMessage.objects.filter(deleted=False).count()
        assert before - now <= AT_ONCE
        before = now
    assert before == 0


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_deleted_texts_are_not_in_the_database_file(
    talkative: Room, hands: SteppedClock, keep: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(str(connection.settings_dict["NAME"]))
    assert any(SECRET.encode() in file.read_bytes() for file in files_of(path))
    keep(chat=90)
    run()
    assert rebuilt(capsys) == "0 rows changed"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert [file.name for file in files_of(path) if SECRET.encode() in file.read_bytes()] == []


def files_of(path: Path) -> list[Path]:
    return [file for file in path.parent.glob(f"{path.name}*") if file.is_file()]
