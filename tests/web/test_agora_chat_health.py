"""What *Settings → Event sync* says about Agora Chat."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from classroom_admin.agora.client import Client
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.simulator.world.agora_chat import signed
from classroom_admin.sync import chat_rooms
from classroom_admin.sync.models import ChatHour
from tests.actions.conftest import School, school  # noqa: F401
from tests.sync.conftest import config_for, sim, sync_once  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def administrator(school: School) -> Browser:  # noqa: F811
    client = Browser()
    client.force_login(school.administrator)
    return client


def rows(administrator: Browser) -> dict[str, str]:
    """Return the second and third cell of each row about Agora Chat, by the first."""
    html = administrator.get(reverse("settings:sync")).content.decode()
    found = re.findall(r"<tr>\s*<td>([^<]*Agora Chat[^<]*)</td>(.*?)</tr>", html, re.DOTALL)
    return {what: " ".join(re.sub(r"<[^>]+>", " ", rest).split()) for what, rest in found}


def test_page_says_nothing_of_agora_chat_where_nobody_uses_it(
    sim: RunningSimulator,  # noqa: F811
    settings: Any,
    administrator: Browser,
) -> None:
    settings.AGORA, settings.AGORA_CHAT_SECRET = config_for(sim), ""
    assert rows(administrator) == {}


def test_page_says_when_agora_chat_was_read_and_what_fails(
    sim: RunningSimulator,  # noqa: F811
    settings: Any,
    administrator: Browser,
) -> None:
    settings.AGORA = config_for(sim, chat_url=f"{sim.base_url}/chat")
    settings.AGORA_CHAT_SECRET = "s"
    sim.make_room("maths", roomName="Mathematics", state=1, agoraChat=True)
    sim.room("maths", "enter", userUuid="zoe", userName="Zoë")
    assert sync_once() == ""
    said = rows(administrator)
    assert said["Classes with Agora Chat"].startswith("1 ")
    read_at = ChatHour.objects.exclude(read_at=None).latest("read_at").read_at
    assert read_at is not None
    assert f"{read_at:%H:%M}" in said["Last read of the Agora Chat history"]
    assert said["Last callback from Agora Chat"].startswith("none in the last day")
    assert said["Failed reads of Agora Chat"].startswith("0 ")

    sim.room("maths", "chat", userUuid="zoe", message="Hello")
    (callback,) = sim.do(lambda world: list(world.agora_chat.callbacks))
    body = json.dumps(signed(callback, secret="s"))
    assert administrator.post("/api/agora/chat/", body, content_type="application/json").status_code == 200
    assert "none in the last day" not in rows(administrator)["Last callback from Agora Chat"]

    sim.fault("unavailable", route="chat_history_hour")
    ChatHour.objects.update(due_at=read_at)
    assert chat_rooms.read_due(Client(settings.AGORA)).problems
    failed = rows(administrator)["Failed reads of Agora Chat"]
    assert failed.startswith("1 ")
    assert "503" in failed
    sim.clear_faults()
    ChatHour.objects.update(due_at=read_at)
    assert not chat_rooms.read_due(Client(settings.AGORA)).problems
    assert rows(administrator)["Failed reads of Agora Chat"].startswith("0 ")


def test_page_says_which_part_of_agora_chat_is_not_set_up(
    sim: RunningSimulator,  # noqa: F811
    settings: Any,
    administrator: Browser,
) -> None:
    settings.AGORA, settings.AGORA_CHAT_SECRET = config_for(sim), "s"
    said = rows(administrator)
    assert said["Last read of the Agora Chat history"].startswith("not set up")
    assert "Failed reads of Agora Chat" not in said
