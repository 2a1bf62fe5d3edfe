"""Configuration, tokens, error classes and waiting times."""

from __future__ import annotations

import random
import threading

import pytest
from agoraiotools.AccessToken2 import AccessToken, ServiceApaas, ServiceRtm

from classroom_admin.agora import errors, retries
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.tokens import LIFE_S, TokenSource
from classroom_admin.common.problem_texts import in_english
from tests.agora.cloud import APP_ID, CERTIFICATE

GOOD = {"region": "eu", "app_id": APP_ID, "app_certificate": CERTIFICATE, "uid": "server"}


def test_good_configuration_has_no_problems_and_hides_its_certificate():
    config = CloudConfig(**GOOD)
    assert config.problems() == []
    assert CERTIFICATE not in repr(config)
    assert CERTIFICATE not in str(config)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"base_url": ""}, "AGORA_BASE_URL is not set"),
        ({"base_url": "api.agora.io"}, "AGORA_BASE_URL is not a web address"),
        ({"base_url": "http://h:99999"}, "AGORA_BASE_URL is not a web address"),
        ({"fallback_url": "ftp://x"}, "AGORA_FALLBACK_URL is not a web address"),
        ({"region": ""}, "AGORA_REGION is not set"),
        ({"region": "us"}, "AGORA_REGION is 'us'"),
        ({"app_id": ""}, "AGORA_APP_ID is not set"),
        ({"app_id": "g" * 32}, "AGORA_APP_ID is not valid"),
        ({"app_certificate": ""}, "AGORA_APP_CERTIFICATE is not set"),
        ({"app_certificate": "secret-but-wrong"}, "AGORA_APP_CERTIFICATE is not valid"),
        ({"uid": ""}, "AGORA_UID is not set"),
        ({"uid": "ü"}, "AGORA_UID is not valid"),
        ({"auth": "basic"}, "AGORA_AUTH is 'basic'"),
        ({"record_update_method": "POST"}, "AGORA_RECORD_UPDATE_METHOD"),
        ({"read_timeout_s": 0}, "The connect and read timeouts must be"),
        ({"requests_per_second": -1}, "AGORA_REQUESTS_PER_SECOND"),
    ],
)
def test_problem_names_the_setting(change, named):
    (problem,) = CloudConfig(**{**GOOD, **change}).problems()
    assert named in in_english(problem)
    assert "secret-but-wrong" not in in_english(problem) + str(problem)


def test_fallback_and_uid_are_optional_for_education():
    assert CloudConfig(**{**GOOD, "fallback_url": "", "uid": "", "auth": "education"}).problems() == []


def parsed(token):
    read = AccessToken()
    assert read.from_string(token.secret)
    return vars(read)


@pytest.mark.parametrize(
    ("auth", "services"),
    [("auto", [ServiceRtm, ServiceApaas]), ("rtm", [ServiceRtm]), ("education", [ServiceApaas])],
)
def test_token_has_the_services_of_its_sign_in(auth, services):
    source = TokenSource(CloudConfig(**{**GOOD, "auth": auth}), clock=lambda: 1_800_000_000.0)
    token = source.current()
    facts = parsed(token)
    assert facts["_AccessToken__app_id"] == APP_ID.encode()
    assert facts["_AccessToken__expire"] == LIFE_S
    assert 0 <= 1_800_000_000 - facts["_AccessToken__issue_ts"] <= 60
    assert list(facts["_AccessToken__service"]) == [service.kServiceType for service in services]
    assert token.secret not in repr(token)


def test_token_is_reused_and_renewed_before_it_expires():
    now = [1_800_000_000.0]
    source = TokenSource(CloudConfig(**GOOD), clock=lambda: now[0])
    first = source.current()
    now[0] += LIFE_S * 0.79
    assert source.current() is first
    now[0] += LIFE_S * 0.02
    second = source.current()
    assert second.secret != first.secret
    now[0] -= 40_000
    assert source.current().secret != second.secret, "a clock that was set back"


def test_threads_refused_at_the_same_time_share_one_new_token():
    source = TokenSource(CloudConfig(**GOOD))
    refused = source.current()
    renewed = []
    threads = [threading.Thread(target=lambda: renewed.append(source.after([refused]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(renewed) == 8
    assert {token.serial for token in renewed} == {refused.serial + 1}


def test_bad_certificate_gives_no_token():
    with pytest.raises(errors.Unauthorized) as caught:
        TokenSource(CloudConfig(**{**GOOD, "app_certificate": "x" * 32})).current()
    assert "x" * 32 not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "cls"),
    [
        (400, 400, errors.BadParameter),
        (400, 12345, errors.BadParameter),
        (401, None, errors.Unauthorized),
        (401, 401, errors.Unauthorized),
        (403, 30403200, errors.ChatMuted),
        (403, 30403100, errors.UserBanned),
        (403, 7, errors.CloudError),
        (404, None, errors.PathNotFound),
        (404, 404, errors.PathNotFound),
        (404, 20404100, errors.RoomNotFound),
        (404, 20404200, errors.UserNotFound),
        (409, 30409410, errors.RecordingNotStarted),
        (409, 30409411, errors.RecordingNotEnded),
        (409, 30409100, errors.ClassAlreadyStarted),
        (409, 30409101, errors.ClassAlreadyEnded),
        (409, 20409000, errors.Conflict),
        (409, None, errors.Conflict),
        (429, None, errors.RateLimited),
        (500, 500, errors.CloudFailed),
        (501, None, errors.CloudFailed),
        (502, None, errors.CloudUnavailable),
        (503, None, errors.CloudUnavailable),
        (504, None, errors.CloudUnavailable),
        (200, 30409100, errors.ClassAlreadyStarted),
        (200, 429, errors.RateLimited),
        (200, 99, errors.CloudError),
    ],
)
def test_status_and_code_choose_the_error_class(status, code, cls):
    error = errors.error_for(http_status=status, code=code, message="m", request_id="q", retry_after_s=1.5)
    assert type(error) is cls
    facts = (error.http_status, error.code, error.message, error.request_id, error.retry_after_s)
    assert facts == (status, code, "m", "q", 1.5)


def test_token_in_a_message_is_redacted():
    token = TokenSource(CloudConfig(**GOOD)).current().secret
    error = errors.Unauthorized(f"token {token} of x; agora token=abc is wrong")
    assert token[:40] not in str(error) + error.message + repr(error)
    assert "abc" not in str(error)
    assert "is wrong" in str(error)
    assert len(errors.CloudError("x" * 9000).message) == 500


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Fri, 15 Jan 2027 08:00:10 GMT", 10.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_in_seconds(header, seconds):
    assert retries.read_retry_after(header, now_s=1_800_000_000) == seconds


def test_waits_double_with_jitter_up_to_a_limit():
    rng = random.Random(1)
    for number, whole in [(2, 0.25), (3, 0.5), (4, 1.0), (9, 4.0)]:
        waits = {retries.wait_before(number, rng=rng) for _ in range(200)}
        assert whole / 2 <= min(waits) < max(waits) <= whole
        assert len(waits) > 100


def test_failed_host_is_tried_again_after_a_minute():
    now = [0.0]
    hosts = retries.Hosts("http://a/", "http://b", "http://a", "", monotonic=lambda: now[0])
    assert hosts.in_order() == ["http://a", "http://b"]
    hosts.failed("http://a")
    assert hosts.in_order() == ["http://b", "http://a"]
    hosts.failed("http://b")
    assert hosts.in_order() == ["http://a", "http://b"], "both down: the first again"
    hosts.answered("http://b")
    assert hosts.in_order()[0] == "http://b"
    now[0] = retries.HOST_DOWN_S + 1
    assert hosts.in_order()[0] == "http://a"
