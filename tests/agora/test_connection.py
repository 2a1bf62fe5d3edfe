"""The connection test of the settings page: each fault has its own cause and text."""

from __future__ import annotations

import json

import pytest

from classroom_admin.agora.connection import ConnectionReport, check_connection
from classroom_admin.common.problem_texts import in_english
from tests.agora.cloud import envelope, raw, refusing_address, running_cloud

NOW_MS = 1_800_000_000_000


def text_of(report: ConnectionReport) -> str:
    return " ".join(map(in_english, report.findings))


def refusal(status, message="", *, code=None, ts=NOW_MS):
    return raw(status, json.dumps({"code": code or status, "msg": message, "ts": ts}).encode())


@pytest.mark.parametrize(
    ("script", "ok", "cause", "says"),
    [
        (refusal(404, "room not exists", code=20404100), True, None, "works"),
        (refusal(404, "gone", code=20404100, ts=NOW_MS + 600_000), True, "clock", "10 min behind"),
        (refusal(404, "gone", code=20404100, ts=NOW_MS - 7 * 3_600_000), True, "clock", "7.0 h ahead of"),
        (refusal(401, "invalid app id"), False, "app_id", "AGORA_APP_ID"),
        (refusal(401, "token invalid"), False, "certificate", "AGORA_APP_CERTIFICATE"),
        (refusal(401, "token expired", ts=NOW_MS + 90_000_000), False, "clock", "25.0 h behind"),
        (refusal(404), False, "app_id", "AGORA_REGION"),
        (raw(404, b"<html>nginx</html>"), False, "app_id", "AGORA_REGION"),
        (raw(429, b"", Retry_After="60"), False, "rate", "Too many requests use this App ID"),
        (refusal(500, "oops"), False, "cloud", "internal problem"),
        (raw(503, b""), False, "cloud", "internal problem"),
        (raw(200, b"<html>welcome to the school network</html>"), False, "unreachable", "proxy"),
        (raw(302, b"", Location="http://127.0.0.1:9/"), False, "unreachable", "proxy"),
        (raw(200, envelope({}, ts=NOW_MS)), True, None, "works"),
    ],
)
def test_connection_report_names_the_cause(make_client, script, ok, cause, says):
    with running_cloud(script) as cloud:
        made = make_client(cloud.url)
        report = check_connection(made.client)
        assert (report.ok, report.cause) == (ok, cause), text_of(report)
        assert says in text_of(report)
        assert report.latency_ms >= 0
        assert all("/sequences" not in asked.target for asked in cloud.asked), "the stream is not drained"


def test_connection_report_of_a_chosen_kind_suggests_to_try_every_kind(make_client):
    with running_cloud(refusal(401, "token invalid")) as cloud:
        report = check_connection(make_client(cloud.url, auth="education").client)
    assert (report.ok, report.cause) == (False, "token")
    assert "set AGORA_AUTH to auto" in text_of(report)


def test_connection_report_of_an_unreachable_cloud(make_client):
    with refusing_address() as dead:
        report = check_connection(make_client(dead).client)
    assert (report.ok, report.cause) == (False, "unreachable")
    assert "connection refused" in text_of(report)


@pytest.mark.parametrize(
    ("settings", "cause", "says"),
    [
        ({"app_id": ""}, "app_id", "AGORA_APP_ID is not set"),
        ({"app_certificate": "xyz"}, "certificate", "AGORA_APP_CERTIFICATE is not valid"),
        ({"base_url": "api.agora.io"}, "unreachable", "AGORA_BASE_URL is not a web address"),
        ({"region": "us"}, "unreachable", "AGORA_REGION"),
    ],
)
def test_settings_are_checked_before_any_request(make_client, settings, cause, says):
    with running_cloud() as cloud:
        report = check_connection(make_client(**{"base_url": cloud.url, **settings}).client)
        assert (report.ok, report.cause) == (False, cause)
        assert says in text_of(report)
        assert cloud.asked == []
