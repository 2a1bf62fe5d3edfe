"""Token verification."""

import time

import pytest
from agoraiotools.AccessToken2 import AccessToken, ServiceRtm
from agoraiotools.education_token_builder import EducationTokenBuilder
from agoraiotools.RtmTokenBuilder import RtmTokenBuilder as FirstRtmTokenBuilder
from agoraiotools.RtmTokenBuilder2 import RtmTokenBuilder

from classroom_admin.simulator.testing import running_simulator
from tests.simulator.conftest import Api, refused

OTHER_APP = "1" * 32
OTHER_CERTIFICATE = "2" * 32


def rtm(sim, uid="me", *, app_id=None, certificate=None, expire=600):
    return RtmTokenBuilder.build_token(app_id or sim.app_id, certificate or sim.app_certificate, uid, expire)


def ask(api, headers):
    return api.call("GET", "/v2/configs", headers=headers)


def test_rtm_token_is_accepted(sim, api):
    assert ask(api, {"x-agora-token": rtm(sim), "x-agora-uid": "me"}).status_code == 200


def test_first_generation_rtm_token_is_accepted(sim, api):
    until = int(time.time()) + 600
    token = FirstRtmTokenBuilder.buildToken(sim.app_id, sim.app_certificate, "me", 1, until)
    assert ask(api, {"x-agora-token": token, "x-agora-uid": "me"}).status_code == 200
    assert refused(ask(api, {"x-agora-token": token, "x-agora-uid": "you"}))[0] == 401
    old = FirstRtmTokenBuilder.buildToken(sim.app_id, sim.app_certificate, "me", 1, int(time.time()) - 1)
    assert refused(ask(api, {"x-agora-token": old, "x-agora-uid": "me"}))[0] == 401
    forged = FirstRtmTokenBuilder.buildToken(sim.app_id, OTHER_CERTIFICATE, "me", 1, until)
    assert refused(ask(api, {"x-agora-token": forged, "x-agora-uid": "me"}))[0] == 401


@pytest.mark.parametrize("pattern", ["agora token={}", 'agora token="{}"', "Agora token={}"])
@pytest.mark.parametrize("kind", ["app", "user", "room user"])
def test_education_tokens_are_accepted_with_and_without_quotes(sim, api, pattern, kind):
    build = EducationTokenBuilder
    token = {
        "app": lambda: build.build_app_token(sim.app_id, sim.app_certificate, 600),
        "user": lambda: build.build_user_token(sim.app_id, sim.app_certificate, "me", 600),
        "room user": lambda: build.build_room_user_token(sim.app_id, sim.app_certificate, "r", "me", 1, 600),
    }[kind]()
    assert ask(api, {"Authorization": pattern.format(token)}).status_code == 200


def test_headers_of_a_classroom_client_are_accepted(sim, api):
    token = EducationTokenBuilder.build_room_user_token(sim.app_id, sim.app_certificate, "r", "me", 1, 600)
    headers = {
        "x-agora-token": token,
        "x-agora-uid": "me",
        "Authorization": f'agora token="{token}"',
    }
    assert ask(api, headers).status_code == 200
    assert refused(ask(api, headers | {"x-agora-uid": "you"}))[0] == 401


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sim: {},
        lambda sim: {"x-agora-token": rtm(sim)},
        lambda sim: {"x-agora-uid": "me"},
        lambda sim: {"x-agora-token": "nonsense", "x-agora-uid": "me"},
        lambda sim: {"x-agora-token": "007!!!!", "x-agora-uid": "me"},
        lambda sim: {"x-agora-token": "007" + "A" * 40, "x-agora-uid": "me"},
        lambda sim: {"x-agora-token": rtm(sim)[:-8] + "AAAAAAA=", "x-agora-uid": "me"},
        lambda sim: {"x-agora-token": rtm(sim, "you"), "x-agora-uid": "me"},
        lambda sim: {"x-agora-token": rtm(sim, app_id=OTHER_APP), "x-agora-uid": "me"},
        lambda sim: {"x-agora-token": rtm(sim, certificate=OTHER_CERTIFICATE), "x-agora-uid": "me"},
        lambda sim: {"Authorization": "Bearer abc"},
        lambda sim: {"Authorization": f"agora token={rtm(sim)}"},
        lambda sim: {"Authorization": "agora token="},
    ],
)
def test_invalid_tokens_are_refused(sim, api, spoil):
    assert refused(ask(api, spoil(sim)))[0] == 401


def test_expired_token_is_refused(sim, api):
    token = AccessToken(sim.app_id, sim.app_certificate, issue_ts=int(time.time()) - 700, expire=600)
    service = ServiceRtm("me")
    service.add_privilege(ServiceRtm.kPrivilegeLogin, 600)
    token.add_service(service)
    answer = ask(api, {"x-agora-token": token.build(), "x-agora-uid": "me"})
    assert refused(answer)[0] == 401
    assert "expired" in answer.json()["msg"]


def test_token_is_valid_for_one_day_at_most(sim, api):
    token = AccessToken(sim.app_id, sim.app_certificate, issue_ts=int(time.time()) - 86_401, expire=10**6)
    service = ServiceRtm("me")
    service.add_privilege(ServiceRtm.kPrivilegeLogin, 10**6)
    token.add_service(service)
    assert refused(ask(api, {"x-agora-token": token.build(), "x-agora-uid": "me"}))[0] == 401


def test_unknown_app_id_is_refused(sim, api):
    answer = api.call("GET", "/v2/configs", prefix=f"/ap/edu/apps/{OTHER_APP}")
    assert refused(answer) == (401, 401)
    assert "App ID" in answer.json()["msg"]


def test_token_is_valid_by_the_cloud_or_the_machine_clock(sim, api):
    """The stepped clock is far from the machine's; tokens are valid by either clock."""
    token = AccessToken(sim.app_id, sim.app_certificate, issue_ts=sim.world.now // 1000, expire=600)
    service = ServiceRtm("me")
    service.add_privilege(ServiceRtm.kPrivilegeLogin, 600)
    token.add_service(service)
    headers = {"x-agora-token": token.build(), "x-agora-uid": "me"}
    assert ask(api, headers).status_code == 200
    sim.step(600_000)
    assert refused(ask(api, headers))[0] == 401
    assert ask(api, {"x-agora-token": rtm(sim), "x-agora-uid": "me"}).status_code == 200


def test_app_id_and_certificate_can_be_set():
    with running_simulator(app_id=OTHER_APP, app_certificate=OTHER_CERTIFICATE) as sim:
        api = Api(sim)
        assert api.headers["x-agora-token"].startswith("007")
        assert api.get("/v2/configs").status_code == 200


def test_skewed_clock_invalidates_tokens(sim, api):
    sim.fault("skew", params={"ms": -3_600_000})
    answer = ask(api, {"x-agora-token": rtm(sim), "x-agora-uid": "me"})
    assert refused(answer)[0] == 401
    assert "clock" in answer.json()["msg"]
