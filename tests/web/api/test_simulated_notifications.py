"""The simulator sends notifications about channels to the dashboard over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from classroom_admin.simulator.notifications import NotificationSender
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.sync.models import ChannelNotice
from tests.realtime.serving import Server, running_server, until
from tests.web.api.test_channel_notifications import ADDRESS, SECRET

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings: Any, transactional_db: None) -> Iterator[Server]:
    settings.AGORA_NOTIFICATIONS_SECRET = SECRET
    with running_server() as running:
        yield running


@contextmanager
def notifying(server: Server) -> Iterator[RunningSimulator]:
    url = f"http://127.0.0.1:{server.port}{ADDRESS}"
    with running_simulator(plain=True, notify_to=url, notify_secret=SECRET) as sim:
        yield sim


def types() -> list[int]:
    return list(ChannelNotice.objects.order_by("client_seq", "pk").values_list("event_type", flat=True))


def count() -> int:
    return ChannelNotice.objects.count()


def test_joining_and_leaving_reach_the_dashboard(server: Server) -> None:
    with notifying(server) as sim:
        sim.make_room("r", state=1)
        sim.room("r", "enter", userUuid="ada", role=1)
        sim.room("r", "enter", userUuid="ben")
        sim.room("r", "drop", userUuid="ben")
        sim.room("r", "kick", userUuid="ada")
        until(lambda: count() == 6)
    found = ChannelNotice.objects.exclude(stream_uuid="").order_by("client_seq")
    told = [(one.event_type, one.reason, one.room_uuid) for one in found]
    assert told == [(103, None, "r"), (105, None, "r"), (106, 2, "r"), (104, 3, "r")]
    assert set(ChannelNotice.objects.filter(stream_uuid="").values_list("event_type", flat=True)) == {
        101,
        102,
    }


def test_notification_is_repeated_until_it_is_accepted(server: Server, settings: Any) -> None:
    settings.AGORA_NOTIFICATIONS_SECRET = ""
    with notifying(server) as sim:
        sim.make_room("r", state=1)
        sim.room("r", "enter", userUuid="ada")
        sender = NotificationSender(url=sim.cloud.settings.notify_to, secret=SECRET)
        assert not sender.send(sim.cloud.world.notices[0], SECRET)
        settings.AGORA_NOTIFICATIONS_SECRET = SECRET
        until(lambda: count() == 2)


def test_lost_notification_never_comes_and_a_late_one_does(server: Server) -> None:
    with notifying(server) as sim:
        sim.fault("notice_lost", params={"eventType": 103})
        sim.fault("notice_late", params={"eventType": 101, "ms": 500})
        sim.make_room("r", state=1)
        sim.room("r", "enter", userUuid="ada", role=1)
        sim.room("r", "enter", userUuid="ben")
        until(lambda: count() == 2)
    assert sorted(types()) == [101, 105]


def test_notification_that_comes_twice_is_stored_once(server: Server) -> None:
    with notifying(server) as sim:
        sim.fault("notice_twice")
        sim.make_room("r", state=1)
        sim.room("r", "enter", userUuid="ada")
        sim.room("r", "leave", userUuid="ada")
        until(lambda: count() == 4)
    assert sorted(types()) == [101, 102, 105, 106]


def test_notification_with_another_signature_is_not_stored(server: Server, caplog: Any) -> None:
    with notifying(server) as sim:
        sim.fault("notice_forged", params={"eventType": 105}, count=1)
        sim.make_room("r", state=1)
        sim.room("r", "enter", userUuid="ada")
        sim.room("r", "leave", userUuid="ada")
        until(lambda: count() == 3)
        until(lambda: "does not fit" in caplog.text)
    assert sorted(types()) == [101, 102, 106]
