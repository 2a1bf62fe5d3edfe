"""The webhook over HTTP beside polling of the simulated cloud, with the examples of `docs/webhook.md`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from classroom_admin.rooms.models import PeerMessage, Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.models import StoredEvent
from tests.realtime.serving import Server, running_server
from tests.sync.comparison import assert_all_stored_once, assert_rooms_match
from tests.sync.conftest import sync_once
from tests.web.api.conftest import ADDRESS, SECRET

pytestmark = pytest.mark.django_db(transaction=True)
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "webhook.md"


@pytest.fixture
def server(settings: Any, transactional_db: None) -> Iterator[Server]:
    settings.RELAY_SECRET = SECRET
    with running_server() as running:
        yield running


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found
    return found.group(1)


def forward(server: Server, items: list[Any], *, argv: list[str], secret: str = SECRET) -> Any:
    """Send items with an example of the document."""
    env = {"PATH": os.environ["PATH"], "RELAY_SECRET": secret}
    env["RELAY_URL"] = f"http://127.0.0.1:{server.port}{ADDRESS}"
    several = "python" in Path(argv[0]).name
    words = "\n".join(json.dumps(item) for item in items) if several else json.dumps(items)
    return subprocess.run(argv, input=words, env=env, capture_output=True, text=True, timeout=60, check=False)


PYTHON = [sys.executable, "-c", example("python")]
SHELL = ["sh", "-c", example("sh")]


def lesson(sim: RunningSimulator) -> list[Any]:
    """Make a class and return the items of its messaging channel."""
    sim.make_room("maths", roomName="Mathematics", state=1)
    for user_uuid, name in (("zoe", "Zoë"), ("amir", "Amir")):
        sim.room("maths", "enter", userUuid=user_uuid, userName=name)
    sim.room("maths", "chat", userUuid="zoe", message="Hello")
    items = [
        sim.room("maths", "peer", userUuid="zoe", toUserUuid="amir", message=f"№ {n}", cmd=cmd)["relay"]
        for n, cmd in ((1, 1), (2, 99))
    ]
    events = [event for event in sim.oracle()["events"] if event["stream"] == "room"]
    raw = [json.loads(event["raw"]) for event in events]
    items += [
        {
            "channel": "room",
            "roomUuid": "maths",
            "notification": {k: v for k, v in one.items() if k != "roomUuid"},
        }
        for one in raw
    ]
    return items


@pytest.mark.parametrize("argv", [PYTHON, SHELL], ids=["python", "curl"])
@pytest.mark.parametrize("polled_first", [True, False])
def test_example_stores_what_polling_brings_and_more(
    sim: RunningSimulator,
    cloud: Any,
    server: Server,
    argv: list[str],
    polled_first: bool,
) -> None:
    if argv is SHELL and not (shutil.which("curl") and shutil.which("openssl")):
        pytest.skip("no curl or openssl on this machine")
    items = lesson(sim)
    if polled_first:
        assert sync_once() == ""
    done = forward(server, items, argv=argv)
    new = 2 if polled_first else len(items)
    assert json.loads(done.stdout) == {"stored": new, "duplicates": len(items) - new}, done.stderr
    if not polled_first:
        assert Room.objects.get().chat_count == 1
        assert sync_once() == ""
    assert_all_stored_once(sim)
    assert_rooms_match(sim)
    assert list(PeerMessage.objects.order_by("sent_at", "arrived").values_list("text", "to_user_uuid")) == [
        ("№ 1", "amir"),
        ("№ 2", "amir"),
    ]
    again = forward(server, items, argv=argv)
    assert json.loads(again.stdout) == {"stored": 0, "duplicates": len(items)}
    assert StoredEvent.objects.count() == len(sim.oracle()["events"]) + 2


@pytest.mark.parametrize("argv", [PYTHON, SHELL], ids=["python", "curl"])
def test_example_with_wrong_secret_is_refused(server: Server, argv: list[str]) -> None:
    if argv is SHELL and not (shutil.which("curl") and shutil.which("openssl")):
        pytest.skip("no curl or openssl on this machine")
    done = forward(server, [], argv=argv, secret="another")
    assert "401" in done.stderr or "does not fit" in done.stdout
    assert not StoredEvent.objects.exists()
