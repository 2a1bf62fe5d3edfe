"""Signing in to the simulated cloud over HTTP: both kinds of token, each alone, and what is remembered."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from classroom_admin.agora.calls import ReadRoom
from classroom_admin.agora.connection import check_connection
from classroom_admin.agora.errors import RoomNotFound, Unauthorized
from classroom_admin.agora.tokens import LIFE_S, TRY_KINDS_EVERY_S
from classroom_admin.common.problem_texts import in_english
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.agora.conftest import Made

MINUTE_MS = 60_000


@pytest.fixture
def sim() -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as simulator:
        simulator.make_room("r1", state=1)
        yield simulator


@pytest.fixture
def dashboard(sim: RunningSimulator, make_client: Callable[..., Made]) -> Callable[..., Made]:
    """Return a function that makes a client of the simulator with the real clock."""

    def make(**settings: Any) -> Made:
        names = {"app_id": sim.app_id, "app_certificate": sim.app_certificate, "real_time": True}
        return make_client(sim.base_url, **{**names, **settings})

    return make


def says(made: Made, **options: Any) -> str:
    return " ".join(map(in_english, check_connection(made.client, **options).findings))


@pytest.mark.parametrize("auth", ["auto", "education", "rtm"])
def test_cloud_accepts_every_kind_of_token(dashboard, auth):
    made = dashboard(auth=auth)
    assert made.client.send(ReadRoom(room_uuid="r1")).room_name
    assert len(made.exchanges) == 1
    assert made.client.transport.accepted_kind == ("both" if auth == "auto" else auth)


@pytest.mark.parametrize("kind", ["both", "education", "rtm"])
def test_auto_finds_the_kind_that_the_cloud_takes_and_remembers_it(sim, dashboard, kind):
    sim.fault("sign_in", params={"kind": kind})
    made = dashboard()
    made.client.send(ReadRoom(room_uuid="r1"))
    assert made.client.transport.accepted_kind == kind
    asked = len(made.exchanges)
    made.client.send(ReadRoom(room_uuid="r1"))
    assert len(made.exchanges) == asked + 1, "the second call uses the remembered kind at once"


def test_refused_call_also_tells_the_kind_of_token(sim, dashboard):
    sim.fault("sign_in", params={"kind": "rtm"})
    made = dashboard()
    with pytest.raises(RoomNotFound):
        made.client.send(ReadRoom(room_uuid="nowhere"))
    assert made.client.transport.accepted_kind == "rtm"


def test_auto_finds_the_new_kind_when_the_cloud_changes(sim, dashboard):
    made = dashboard()
    made.client.send(ReadRoom(room_uuid="r1"))
    sim.fault("sign_in", params={"kind": "education"})
    made.client.send(ReadRoom(room_uuid="r1"))
    assert made.client.transport.accepted_kind == "education"


@pytest.mark.parametrize("auth", ["education", "rtm"])
def test_chosen_kind_is_the_only_one_that_is_tried(sim, dashboard, auth):
    sim.fault("sign_in", params={"kind": "rtm" if auth == "education" else "education"})
    made = dashboard(auth=auth)
    with pytest.raises(Unauthorized):
        made.client.send(ReadRoom(room_uuid="r1"))
    assert len(made.exchanges) == 2


def test_each_kind_is_tried_once_and_not_again_for_a_minute(sim, make_client):
    sim.fault("token_expired")
    made = make_client(sim.base_url, app_id=sim.app_id, app_certificate=sim.app_certificate)
    for requests in (4, 2):  # the token, a new one, then each other kind; a moment later only the first two
        before = len(made.exchanges)
        with pytest.raises(Unauthorized):
            made.client.send(ReadRoom(room_uuid="r1"))
        assert len(made.exchanges) - before == requests
    made.clockwork.now_s += TRY_KINDS_EVERY_S
    with pytest.raises(Unauthorized):
        made.client.send(ReadRoom(room_uuid="r1"))
    assert len(made.exchanges) == 10
    assert made.client.transport.accepted_kind is None


def test_token_of_both_kinds_is_renewed_before_it_expires(sim, make_client):
    made = make_client(sim.base_url, app_id=sim.app_id, app_certificate=sim.app_certificate)
    tokens = made.client.transport._tokens
    first = tokens.current()
    made.clockwork.now_s += LIFE_S * 0.81
    second = tokens.current()
    assert first.secret != second.secret
    assert second.kind == "both"


def test_no_token_is_shown_or_logged_when_every_kind_is_refused(sim, dashboard, caplog):
    caplog.set_level(logging.DEBUG)
    sim.fault("token_expired")
    made = dashboard()
    tokens = made.client.transport._tokens
    shown = repr(tokens.current())
    with pytest.raises(Unauthorized) as caught:
        made.client.send(ReadRoom(room_uuid="r1"))
    shown += caplog.text + str(caught.value) + "".join(traceback.format_exception(caught.value))
    assert tokens.current().secret[:20] not in shown
    assert sim.app_certificate not in shown


# --- the connection test


@pytest.mark.parametrize(
    ("kind", "named"), [("both", "both kinds"), ("education", "an education token"), ("rtm", "an RTM token")]
)
def test_connection_test_tells_which_kind_the_cloud_took(sim, dashboard, kind, named):
    sim.fault("sign_in", params={"kind": kind})
    made = dashboard()
    report = check_connection(made.client)
    assert (report.ok, report.kind) == (True, kind)
    assert named in " ".join(map(in_english, report.findings))


def test_connection_test_names_a_wrong_region(sim, dashboard):
    sim.fault("other_region", params={"region": "ap"})
    made = dashboard(region="eu")
    report = check_connection(made.client, known_room="r1")
    assert (report.ok, report.cause) == (False, "region")
    assert "Set AGORA_REGION=ap" in " ".join(map(in_english, report.findings))


def test_connection_test_confirms_the_right_region(sim, dashboard):
    sim.fault("other_region", params={"region": "eu"})
    assert "The region is right" in says(dashboard(region="eu"), known_room="r1")


@pytest.mark.parametrize("room", ["", "nowhere", "../nowhere/"])
def test_connection_test_says_when_the_region_was_not_tested(sim, dashboard, room):
    made = dashboard()
    report = check_connection(made.client, known_room=room)
    assert report.ok
    assert "The region was not tested" in " ".join(map(in_english, report.findings))


def test_connection_test_names_a_wrong_clock(sim, dashboard):
    sim.fault("skew", params={"ms": 30 * MINUTE_MS})
    report = check_connection(dashboard().client)
    assert (report.ok, report.cause) == (True, "clock")
    assert "30 min behind" in " ".join(map(in_english, report.findings))


def test_connection_test_names_a_wrong_app_id(dashboard):
    report = check_connection(dashboard(app_id="f" * 32).client)
    assert (report.ok, report.cause) == (False, "app_id")
    assert "AGORA_APP_ID" in " ".join(map(in_english, report.findings))


@pytest.mark.parametrize("auth", ["auto", "education", "rtm"])
def test_connection_test_names_a_wrong_certificate(dashboard, auth):
    report = check_connection(dashboard(app_certificate="f" * 32, auth=auth).client)
    assert (report.ok, report.cause) == (False, "certificate")
    assert "AGORA_APP_CERTIFICATE" in " ".join(map(in_english, report.findings))
