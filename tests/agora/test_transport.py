"""The transport over real HTTP: fail-over, repeats, timeouts, tokens, and errors without secrets."""

from __future__ import annotations

import email.utils
import gzip
import json
import socket
import threading
import time
import traceback

import pytest
from agoraiotools.AccessToken2 import AccessToken

from classroom_admin.agora import retries
from classroom_admin.agora.answers import read_events_answer
from classroom_admin.agora.calls import KickUser, PutRoomProperties, ReadRoom, SetClassState
from classroom_admin.agora.errors import (
    ClassAlreadyStarted,
    CloudFailed,
    CloudUnavailable,
    RateLimited,
    RoomNotFound,
    Unauthorized,
    UnreadableAnswer,
)
from classroom_admin.agora.event_calls import PollEvents
from classroom_admin.agora.recording_and_file_calls import ListRecordings, StartRecording
from tests.agora.cloud import (
    APP_ID,
    CERTIFICATE,
    answer,
    cut_off,
    envelope,
    hang_up,
    raw,
    refusing_address,
    running_cloud,
    stall,
)

ROOM = {"roomName": "Maths", "roomUuid": "r1"}


def test_refused_connection_switches_to_the_fallback_and_stays_there(make_client):
    with refusing_address() as dead, running_cloud(answer(ROOM)) as cloud:
        made = make_client(dead, fallback_url=cloud.url)
        assert made.client.send(ReadRoom(room_uuid="r1")).room_name == "Maths"
        assert [exchange.status for exchange in made.exchanges] == [None, 200]
        made.client.send(ReadRoom(room_uuid="r1"))
        assert len(made.exchanges) == 3, "the dead host is not asked again at once"
        made.clockwork.now_s += retries.HOST_DOWN_S + 1
        made.client.send(ReadRoom(room_uuid="r1"))
        assert [exchange.host for exchange in made.exchanges[3:]] == [dead, cloud.url]
        assert made.clockwork.slept == [], "fail-over does not wait"


def test_polling_fails_over_when_nothing_was_sent(make_client):
    with refusing_address() as dead, running_cloud(answer([{"cmd": 1}])) as cloud:
        made = make_client(dead, fallback_url=cloud.url)
        assert read_events_answer(made.client.send(PollEvents()).body).events == [{"cmd": 1}]
        assert len(cloud.asked) == 1


def test_commands_fail_over_and_wait_when_nothing_was_sent(make_client):
    with refusing_address() as dead:
        made = make_client(dead)
        with pytest.raises(CloudUnavailable) as caught:
            made.client.send(KickUser(room_uuid="r1", user_uuid="u1"))
        assert caught.value.may_have_happened is False
        assert caught.value.http_status is None
        assert len(made.exchanges) == retries.MOST_TRIES
        assert 0.125 <= made.clockwork.slept[0] <= 0.25 <= made.clockwork.slept[1] <= 0.5


def test_polling_without_a_reachable_host_fails_at_once(make_client):
    with refusing_address() as dead:
        made = make_client(dead)
        with pytest.raises(CloudUnavailable) as caught:
            made.client.send(PollEvents())
        assert caught.value.may_have_happened is False
        assert len(made.exchanges) == 1
        assert made.clockwork.slept == []


def test_polling_call_is_not_repeated_after_a_timeout(make_client):
    part = b'{"code":0,"data":[{"roomUuid":"r1","cmd":1}'
    with running_cloud() as cloud, refusing_address() as other:
        cloud.scripts = [stall(lambda: cloud, sent=part, promised=500)]
        made = make_client(cloud.url, fallback_url=other, real_time=True, read_timeout_s=0.2)
        with pytest.raises(CloudUnavailable) as caught:
            made.client.send(PollEvents())
        assert caught.value.may_have_happened is True
        assert caught.value.partial_body == part, "what came is not thrown away"
        assert len(cloud.asked) == 1
        assert len(made.exchanges) == 1, "nor is the other host asked"


def test_read_is_repeated_at_the_other_host_after_a_timeout(make_client):
    with running_cloud() as silent, running_cloud(answer(ROOM)) as other:
        silent.scripts = [stall(lambda: silent)]
        made = make_client(silent.url, fallback_url=other.url, real_time=True, read_timeout_s=0.2)
        assert made.client.send(ReadRoom(room_uuid="r1")).room_name == "Maths"
        assert (len(silent.asked), len(other.asked)) == (1, 1)


def test_command_is_not_repeated_after_a_timeout(make_client):
    with running_cloud() as silent, running_cloud(answer()) as other:
        silent.scripts = [stall(lambda: silent)]
        made = make_client(silent.url, fallback_url=other.url, real_time=True, read_timeout_s=0.2)
        with pytest.raises(CloudUnavailable) as caught:
            made.client.send(SetClassState(room_uuid="r1", state=1))
        assert caught.value.may_have_happened is True
        assert (len(silent.asked), len(other.asked)) == (1, 0)
        made.client.send(SetClassState(room_uuid="r1", state=2))
        assert (len(silent.asked), len(other.asked)) == (1, 1), "the next one goes to the host that answers"


def test_slow_body_ends_at_the_deadline(make_client):
    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not cloud.released.wait(0.02):
            try:
                handler.wfile.write(b" ")
            except OSError:
                break
        handler.close_connection = True

    with running_cloud() as cloud:
        cloud.scripts = [drip]
        made = make_client(cloud.url, real_time=True)
        started = time.monotonic()
        with pytest.raises(CloudUnavailable, match="answer_too_slow"):
            made.client.send(ReadRoom(room_uuid="r1"), deadline_s=0.3)
        assert time.monotonic() - started < 2
        assert len(cloud.asked) == 1


@pytest.mark.parametrize("script", [hang_up, cut_off(b'{"code":0', promised=400)])
def test_broken_connection_is_repeated_for_reads_only(make_client, script):
    with running_cloud(script, answer(ROOM)) as cloud:
        made = make_client(cloud.url)
        assert made.client.send(ReadRoom(room_uuid="r1")).room_name == "Maths"
        assert len(cloud.asked) == 2
    with running_cloud(script, answer([])) as cloud:
        made = make_client(cloud.url)
        with pytest.raises(CloudUnavailable) as caught:
            made.client.send(PollEvents())
        assert caught.value.may_have_happened is True
        assert len(cloud.asked) == 1


@pytest.mark.parametrize(("header", "least"), [("2", 2.0), ("date", 3.0)])
def test_429_waits_as_long_as_the_cloud_says_even_for_commands(make_client, header, least):
    def busy(handler):
        # The server adds its own Date header: a date in Retry-After counts from that.
        value = email.utils.formatdate(time.time() + 4, usegmt=True) if header == "date" else header
        handler.give(429, b"", Retry_After=value)

    with running_cloud(busy, answer()) as cloud:
        made = make_client(cloud.url)
        made.client.send(KickUser(room_uuid="r1", user_uuid="u1"))
        assert len(cloud.asked) == 2
        assert least <= made.clockwork.slept[0] <= 4.5


def test_429_without_retry_after_backs_off_and_gives_up(make_client):
    with running_cloud(raw(429, b"")) as cloud:
        made = make_client(cloud.url)
        with pytest.raises(RateLimited) as caught:
            made.client.send(ReadRoom(room_uuid="r1"))
        assert caught.value.retry_after_s is None
        assert len(cloud.asked) == retries.MOST_TRIES


def test_429_that_asks_for_too_long_is_raised_with_the_time(make_client):
    with running_cloud(raw(429, b"", Retry_After="120")) as cloud:
        made = make_client(cloud.url)
        with pytest.raises(RateLimited) as caught:
            made.client.send(ReadRoom(room_uuid="r1"))
        assert caught.value.retry_after_s == 120
        assert made.clockwork.slept == []


def test_429_of_the_polling_call_is_raised_to_its_caller(make_client):
    with running_cloud(raw(429, b"", Retry_After="1")) as cloud:
        made = make_client(cloud.url)
        with pytest.raises(RateLimited) as caught:
            made.client.send(PollEvents())
        assert caught.value.retry_after_s == 1
        assert len(cloud.asked) == 1
        assert made.clockwork.slept == []


def test_500_and_503_are_repeated_only_for_reads_and_repeatable_writes(make_client):
    for status, error in ((500, CloudFailed), (503, CloudUnavailable)):
        with running_cloud(answer(status=status, code=500), answer(ROOM)) as cloud:
            assert make_client(cloud.url).client.send(ReadRoom(room_uuid="r1")).room_name == "Maths"
        with running_cloud(raw(status, b"<html>"), answer()) as cloud:
            make_client(cloud.url).client.send(PutRoomProperties(room_uuid="r1", properties={"a": 1}))
            assert len(cloud.asked) == 2
        with running_cloud(raw(status, b"<html>"), answer()) as cloud:
            with pytest.raises(error) as caught:
                make_client(cloud.url).client.send(StartRecording(room_uuid="r1"))
            assert len(cloud.asked) == 1
            assert caught.value.http_status == status
            assert getattr(caught.value, "may_have_happened", True) is True


def test_401_renews_the_token_once(make_client):
    with running_cloud(answer(status=401, code=401, msg="expired"), answer(ROOM)) as cloud:
        made = make_client(cloud.url)
        assert made.client.send(ReadRoom(room_uuid="r1")).room_name == "Maths"
        first, second = (asked.headers["x-agora-token"] for asked in cloud.asked)
        assert first != second
        made.client.send(ReadRoom(room_uuid="r1"))
        assert cloud.asked[2].headers["x-agora-token"] == second


def test_401_twice_is_unauthorized_with_a_chosen_kind(make_client):
    with running_cloud(answer(status=401, code=401, msg="wrong uid")) as cloud:
        made = make_client(cloud.url, auth="rtm")
        with pytest.raises(Unauthorized, match="wrong uid"):
            made.client.send(KickUser(room_uuid="r1", user_uuid="u1"))
        assert len(cloud.asked) == 2


def test_new_token_after_a_401_uses_the_time_of_the_cloud(make_client):
    ahead_ms = 1_800_000_000_000 + 7 * 3_600_000
    refusal = json.dumps({"code": 401, "msg": "token expired", "ts": ahead_ms}).encode()
    with running_cloud(raw(401, refusal), answer(ROOM)) as cloud:
        made = make_client(cloud.url)
        made.client.send(ReadRoom(room_uuid="r1"))
        read = AccessToken()
        read.from_string(cloud.asked[1].headers["x-agora-token"])
        assert abs(read._AccessToken__issue_ts - ahead_ms / 1000) < 60


@pytest.mark.parametrize("auth", ["rtm", "education"])
def test_each_sign_in_sends_its_header(make_client, auth):
    with running_cloud(answer(ROOM)) as cloud:
        make_client(cloud.url, auth=auth).client.send(ReadRoom(room_uuid="r1"))
        headers = cloud.asked[0].headers
        if auth == "rtm":
            assert headers["x-agora-uid"] == "server"
            assert headers["x-agora-token"].startswith("007")
            assert "authorization" not in headers
        else:
            assert headers["authorization"].startswith("agora token=007")
            assert "x-agora-token" not in headers


def test_error_of_truncated_json_keeps_the_body(make_client):
    body = b'{"code":0,"data":[{"cmd"'
    with running_cloud(raw(200, body)) as cloud:
        made = make_client(cloud.url)
        assert made.client.send(PollEvents()).body == body, "the bytes of events come unread"
        with pytest.raises(UnreadableAnswer) as caught:
            made.client.send(ReadRoom(room_uuid="r1"))
        assert caught.value.body == body
        assert len(cloud.asked) == 2


def test_gzip_is_read_and_the_request_id_is_kept(make_client):
    body = gzip.compress(envelope([{"cmd": 3}]))
    with running_cloud(raw(200, body, Content_Encoding="gzip", X_Request_Id="abc")) as cloud:
        answered = make_client(cloud.url).client.send(PollEvents())
        assert json.loads(answered.body)["data"] == [{"cmd": 3}]
        assert (answered.request_id, answered.http_status) == ("abc", 200)


def test_chunked_body_is_read(make_client):
    whole = envelope([{"cmd": n} for n in range(5000)])

    def chunked(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for start in range(0, len(whole), 7000):
            piece = whole[start : start + 7000]
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n")

    with running_cloud(chunked) as cloud:
        assert make_client(cloud.url).client.send(PollEvents()).body == whole


def test_redirects_are_not_followed(make_client):
    with running_cloud(raw(302, b"", Location="http://127.0.0.1:9/login")) as cloud:
        with pytest.raises(CloudUnavailable, match="redirected"):
            make_client(cloud.url).client.send(KickUser(room_uuid="r1", user_uuid="u1"))
        assert len(cloud.asked) >= 1


def test_refusal_has_status_code_message_and_request_id(make_client):
    script = answer(status=409, code=30409100, msg="class started", X_Request_Id="q-1")
    with running_cloud(script) as cloud:
        with pytest.raises(ClassAlreadyStarted) as caught:
            make_client(cloud.url).client.send(SetClassState(room_uuid="r1", state=1))
        error = caught.value
        assert (error.http_status, error.code, error.message, error.request_id) == (
            409,
            30409100,
            "class started",
            "q-1",
        )
        assert str(error) == "class started (HTTP 409, code 30409100, request q-1)"
        assert len(cloud.asked) == 1


def test_error_code_in_a_200_is_a_refusal(make_client):
    with running_cloud(answer(code=20404100, msg="gone")) as cloud, pytest.raises(RoomNotFound):
        make_client(cloud.url).client.send(ListRecordings(room_uuid="r1"))


def test_clock_offset_is_measured(make_client):
    script = raw(200, envelope(ROOM, ts=1_800_000_005_250))
    with running_cloud(script) as cloud:
        made = make_client(cloud.url)
        assert made.client.transport.clock_offset_ms is None
        made.client.send(ReadRoom(room_uuid="r1"))
        assert made.client.transport.clock_offset_ms == 5250


def test_request_waits_as_long_as_the_limiter_says(make_client):
    with running_cloud(answer(ROOM)) as cloud:
        made = make_client(cloud.url)
        waits = iter([0.0, 0.25, 0.5])
        made.client.transport.limiter = lambda call: next(waits)
        for _ in range(3):
            made.client.send(ReadRoom(room_uuid="r1"))
        assert made.clockwork.slept == [0.25, 0.5]


def test_wait_beyond_the_deadline_is_not_started(make_client):
    with running_cloud(raw(429, b"", Retry_After="5")) as cloud:
        made = make_client(cloud.url)
        with pytest.raises(RateLimited):
            made.client.send(ReadRoom(room_uuid="r1"), deadline_s=3)
        assert (len(cloud.asked), made.clockwork.slept) == (1, [])


def test_request_is_built_from_the_call_and_shows_no_token(make_client):
    with running_cloud(answer()) as cloud:
        made = make_client(cloud.url)
        made.client.send(KickUser(room_uuid="a b", user_uuid="u?", ban_s=60))
        (exchange,) = made.exchanges
        assert exchange.method == "POST"
        assert exchange.path == f"/eu/edu/apps/{APP_ID}/v2/rooms/a%20b/users/u%3F/exit"
        assert exchange.request_json == {"dirty": {"state": 1, "duration": 60}}
        assert exchange.status == 200
        assert json.loads(exchange.body)["code"] == 0
        assert cloud.asked[0].headers["x-agora-token"] not in repr(exchange)


def secret_of(headers):
    return headers.get("x-agora-token") or headers["authorization"].removeprefix("agora token=")


@pytest.mark.parametrize("kind", ["refused", "silent", "cut", "echo", "no_certificate"])
def test_no_secret_in_any_traceback(make_client, kind):
    """Search the product's frames for the token and the certificate, as an error page shows them."""
    with running_cloud() as cloud, refusing_address() as dead:
        cloud.scripts = [
            {
                "silent": stall(lambda: cloud),
                "cut": cut_off(b"{", promised=90),
                "echo": lambda h: h.give(401, envelope(code=401, msg=f"bad {secret_of(h.headers)}")),
            }.get(kind, answer())
        ]
        settings = {"app_certificate": "zz" + CERTIFICATE[2:]} if kind == "no_certificate" else {}
        url = dead if kind == "refused" else cloud.url
        made = make_client(url, real_time=True, read_timeout_s=0.2, **settings)
        with pytest.raises((CloudUnavailable, Unauthorized)) as caught:
            made.client.send(KickUser(room_uuid="r1", user_uuid="u1"))
        secrets = {made.client.config.app_certificate}
        secrets |= {secret_of(asked.headers) for asked in cloud.asked}
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        # The frame of this test contains the secrets: search only the frames of the product.
        frames = [
            repr(frame.f_locals)
            for frame, _line in traceback.walk_tb(caught.value.__traceback__)
            if "classroom_admin" in frame.f_code.co_filename
        ]
        assert frames
        for secret in secrets:
            assert secret not in "".join(frames)
            assert secret not in repr(caught.value) + str(caught.value) + repr(caught.value.__dict__)


def test_many_threads_can_share_a_client(make_client):
    with running_cloud(answer(ROOM)) as cloud:
        made = make_client(cloud.url, real_time=True, requests_per_second=0)
        failures = []

        def work():
            for _ in range(10):
                if made.client.send(ReadRoom(room_uuid="r1")).room_name != "Maths":
                    failures.append("odd answer")

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert failures == []
        assert len(cloud.asked) == 80
        assert len({secret_of(asked.headers) for asked in cloud.asked}) == 1


def test_date_header_is_enough_to_measure_the_offset(make_client):
    with running_cloud(raw(401, b""), answer(ROOM)) as cloud:
        made = make_client(cloud.url)  # its clock differs much from the Date of the server
        made.client.send(ReadRoom(room_uuid="r1"))
        read = AccessToken()
        read.from_string(cloud.asked[1].headers["x-agora-token"])
        assert abs(vars(read)["_AccessToken__issue_ts"] - time.time()) < 60


def test_loopback_never_uses_the_proxy_of_the_environment(make_client, monkeypatch):
    with refusing_address() as proxy, running_cloud(answer(ROOM)) as cloud:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert make_client(cloud.url).client.send(ReadRoom(room_uuid="r1")).room_name == "Maths"


def test_other_hosts_use_the_proxy_of_the_environment(make_client, monkeypatch):
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with running_cloud(answer(ROOM)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        client = make_client("http://cloud.invalid").client
        assert client.send(ReadRoom(room_uuid="r1")).room_name == "Maths"
        assert proxy.asked[0].target.startswith("http://cloud.invalid/eu/edu/apps/")
    with refusing_address() as dead:
        monkeypatch.setenv("http_proxy", dead)
        with pytest.raises(CloudUnavailable, match="proxy_failed") as caught:
            make_client("http://cloud.invalid").client.send(PollEvents())
        assert caught.value.may_have_happened is False


def test_cookies_are_not_stored(make_client):
    with running_cloud(answer(ROOM, Set_Cookie="a=b; Path=/")) as cloud:
        client = make_client(cloud.url).client
        client.send(ReadRoom(room_uuid="r1"))
        client.send(ReadRoom(room_uuid="r1"))
        assert "cookie" not in cloud.asked[1].headers


def test_connection_is_reused(make_client):
    ports = []

    def note_port(handler):
        ports.append(handler.client_address[1])
        handler.give(200, envelope(ROOM))

    with running_cloud(note_port) as cloud:
        client = make_client(cloud.url).client
        for _ in range(5):
            client.send(ReadRoom(room_uuid="r1"))
        assert len(set(ports)) == 1


def test_idle_connection_that_the_cloud_closed_is_replaced(make_client):
    closed = threading.Event()

    def close_after(handler):
        handler.give(200, envelope([]))
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_WR)
        closed.set()

    with running_cloud(close_after) as cloud:
        made = make_client(cloud.url)
        for _ in range(3):
            closed.clear()
            made.client.send(PollEvents())
            assert closed.wait(5)
        assert len(cloud.asked) == 3
