"""The simulated Agora Chat calls the dashboard's webhook over HTTP, with its faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.rooms.models import ChatMessage
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import chat_history, projector
from classroom_admin.sync.models import ChatHour, StoredEvent
from tests.realtime.serving import Server, running_server
from tests.sync.conftest import config_for, room, sim, sync_once

__all__ = ["sim"]
pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "the secret of the rule"


@pytest.fixture
def lesson(sim: RunningSimulator, settings: Any, transactional_db: None) -> Iterator[RunningSimulator]:
    """A live class, whose chat calls a running dashboard."""
    settings.AGORA = config_for(sim, chat_url=f"{sim.base_url}/chat")
    settings.AGORA_CHAT_SECRET = SECRET
    with running_server() as server:
        connect(sim, server)
        sim.make_room("maths", state=1, agoraChat=True)
        sim.room("maths", "enter", userUuid="zoe", userName="Zoë")
        assert sync_once() == ""
        yield sim


def connect(sim: RunningSimulator, server: Server) -> None:
    to = f"http://127.0.0.1:{server.port}/api/agora/chat/"
    sim.control("POST", "/agora-chat", {"callbackTo": to, "secret": SECRET})


def texts(count: int) -> list[str]:
    """Wait for this many messages."""
    until = time.monotonic() + 15
    while ChatMessage.objects.count() < count and time.monotonic() < until:
        threading.Event().wait(0.05)
    return list(ChatMessage.objects.order_by("sent_at", "sequence").values_list("text", flat=True))


def test_message_arrives_by_itself(lesson: RunningSimulator) -> None:
    lesson.room("maths", "chat", userUuid="zoe", message="Hello")
    assert texts(1) == ["Hello"]


def test_doubled_late_forged_and_lost_callbacks_lose_and_repeat_nothing(lesson: RunningSimulator) -> None:
    for fault, params in (("duplicate", {}), ("delay", {"ms": 300}), ("bad_signature", {}), ("refuse", {})):
        lesson.clear_faults()
        lesson.fault(fault, route="chat_callback", count=1, params=params)
        lesson.room("maths", "chat", userUuid="zoe", message=fault)
        until = time.monotonic() + 5
        while not lesson.control("GET", "/faults")["faults"][0]["hits"] and time.monotonic() < until:
            threading.Event().wait(0.02)
    lesson.clear_faults()
    lesson.room("maths", "chat", userUuid="zoe", message="last")
    assert texts(3) == ["duplicate", "delay", "last"]
    ChatHour.objects.update(due_at=clock.cloud_now())
    assert not chat_history.read_due(Client(config_for(lesson, chat_url=f"{lesson.base_url}/chat"))).problems
    projector.project_rooms(projector.waiting_rooms())
    assert texts(5) == ["duplicate", "delay", "bad_signature", "refuse", "last"]
    assert StoredEvent.objects.filter(stream="chat").count() == 5
    assert projector.project_again(room("maths").pk).rows == 0
