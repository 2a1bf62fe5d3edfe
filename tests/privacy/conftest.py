"""A simulated cloud, and classes that ended long ago."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from classroom_admin.agora.answers import RawAnswer
from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.privacy import erasure_ledger, retention
from classroom_admin.privacy.models import RetentionRun
from classroom_admin.rooms.models import Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import inbox, projector
from classroom_admin.sync.models import InboxAnswer
from tests.stepped_clock import SteppedClock, use
from tests.sync.conftest import cloud, room, sim, sync_once

__all__ = ["cloud", "sim"]
CANARY = "Zeisig-7719"
"""A word that only chat messages contain."""
KEEP_ALL = dict.fromkeys(
    (
        *("chat", "direct_messages", "recordings", "events", "attendance", "class_lists"),
        *("audit", "quarantine", "commands", "files", "exports"),
    ),
    0,
)


@pytest.fixture(autouse=True)
def _ledger_of_this_test() -> Iterator[None]:
    """Each test has its own ledger file and stored files. The erasures of earlier tests are forgotten."""
    erasure_ledger.forget()
    yield
    erasure_ledger.forget()
    erasure_ledger.ledger_path().unlink(missing_ok=True)
    shutil.rmtree(default_storage.location, ignore_errors=True)  # type: ignore[attr-defined]


@pytest.fixture
def hands(transactional_db: None) -> Iterator[SteppedClock]:
    """Our own clock, moved by hand."""
    before = clock._read_cloud_offset_ms
    clock.follow_cloud(lambda: 0)
    try:
        with use(SteppedClock(timezone.now())) as stepped:
            yield stepped
    finally:
        clock.follow_cloud(before)


@pytest.fixture
def keep(settings: Any) -> Any:
    """`keep(chat=90)` keeps the chat for 90 days, and everything else for good."""

    def choose(**days: int) -> None:
        settings.RETENTION_DAYS = {**KEEP_ALL, **days}

    choose()
    return choose


@pytest.fixture
def lesson(sim: RunningSimulator, cloud: Client, hands: SteppedClock, keep: Any) -> Room:
    """A class with a chat, a hand and a quiz that has just ended and is gone from the cloud."""
    return a_class(sim, "maths")


def a_class(sim: RunningSimulator, uuid: str) -> Room:
    sim.make_room(uuid, roomName="Mathematics", state=1)
    sim.room(uuid, "enter", userUuid="kim", userName="Ms Kim", role=1)
    sim.room(uuid, "enter", userUuid="ada", userName="Ada", role=2)
    sim.room(uuid, "wave", userUuid="ada")
    for number in range(3):
        sim.room(uuid, "chat", userUuid="ada", message=f"{CANARY} {number}")
    sim.room(uuid, "custom", userUuid="kim", message=f"to apps {CANARY}")
    sim.room(uuid, "leave", userUuid="ada")
    sim.room(uuid, "state", state=2)
    assert sync_once() == ""
    sim.room(uuid, "state", state=3)
    assert sync_once() == ""
    arrive_from_the_webhook(uuid)
    Room.objects.filter(room_uuid=uuid).update(gone_at=clock.now())
    return room(uuid)


def arrive_from_the_webhook(uuid: str) -> None:
    """Let a direct message arrive, as the school's own server sends it."""
    data = {"fromUser": {"userUuid": "ada", "userName": "Ada", "role": 2}, "message": f"{CANARY} in secret"}
    notification = {"cmd": 1, "version": 1, "ts": clock.now_ms(), "sequence": 0, "data": data}
    item = {"channel": "peer", "roomUuid": uuid, "toUserUuid": "kim", "notification": notification}
    body = json.dumps(item).encode()
    raw = RawAnswer(body=body, http_status=200, received_at_ms=clock.now_ms(), request_id="1", path="")
    inbox.read(inbox.keep(raw, source=InboxAnswer.Source.RELAY).pk)
    projector.project_rooms(projector.waiting_rooms())


def days_later(hands: SteppedClock, days: float) -> None:
    hands.step(timedelta(days=days).total_seconds())


def run() -> RetentionRun:
    """Run retention to the end."""
    begun = retention.begin()
    assert retention.work(begun)
    begun.refresh_from_db()
    return begun


def rebuilt(capsys: pytest.CaptureFixture[str]) -> str:
    """What `manage.py rebuild` prints."""
    capsys.readouterr()
    call_command("rebuild")
    return capsys.readouterr().out.strip()
