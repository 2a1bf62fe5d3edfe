"""The simulator sends webhook requests to the dashboard over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from classroom_admin.rooms.models import PeerMessage
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.simulator.webhook import WebhookSender
from tests.realtime.serving import Server, running_server, until
from tests.web.api.conftest import ADDRESS, SECRET

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings: Any, transactional_db: None) -> Iterator[Server]:
    settings.RELAY_SECRET = SECRET
    with running_server() as running:
        yield running


def whisper(sim: RunningSimulator, message: str) -> None:
    sim.room("r", "peer", userUuid="zoe", toUserUuid="amir", message=message)


def a_class(sim: RunningSimulator) -> None:
    sim.make_room("r", state=1)
    for user_uuid in ("zoe", "amir"):
        sim.room("r", "enter", userUuid=user_uuid, userName=user_uuid.title())


def test_direct_messages_reach_the_dashboard(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}{ADDRESS}"
    with running_simulator(plain=True, relay_to=url, relay_secret=SECRET) as sim:
        a_class(sim)
        whisper(sim, "one")
        until(lambda: PeerMessage.objects.count() == 1)
        whisper(sim, "two")
        until(lambda: PeerMessage.objects.count() == 2)
    assert list(PeerMessage.objects.order_by("sent_at", "arrived").values_list("text", flat=True)) == [
        "one",
        "two",
    ]


def test_refused_request_is_retried(server: Server, settings: Any) -> None:
    url = f"http://127.0.0.1:{server.port}{ADDRESS}"
    with running_simulator(plain=True) as sim:
        a_class(sim)
        webhook = WebhookSender(url=url, secret=SECRET)
        whisper(sim, "one")
        settings.RELAY_SECRET = "changed"
        assert not webhook.send(webhook.next_batch(sim.cloud))
        settings.RELAY_SECRET = SECRET
        assert webhook.send(webhook.next_batch(sim.cloud))
        nowhere = WebhookSender(url="http://127.0.0.1:9/", secret=SECRET)
        assert not nowhere.send(nowhere.next_batch(sim.cloud))
    assert PeerMessage.objects.count() == 1
