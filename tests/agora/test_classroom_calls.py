"""Calls from outside the classroom: their checks, their answers, and the call with the customer id."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from classroom_admin.agora.classroom_calls import Announce, GiveRewards
from classroom_admin.agora.errors import InvalidArgument, Unauthorized, UnreadableAnswer
from classroom_admin.agora.media_calls import (
    Block,
    BlockPublishing,
    PutStream,
    PutStreams,
    ReadBlocks,
    ReadSnapshot,
)
from classroom_admin.agora.widget_calls import StartCountdown, StartPoll, StartQuiz
from tests.agora.cloud import APP_ID, Script, answer, raw, running_cloud

R = {"room_uuid": "r1"}
BLOCK: dict[str, Any] = {
    **R, "stream_number": 7, "seconds": 600, "privileges": ["publish_audio"], "app_id": APP_ID,
}  # fmt: skip


def json_answer(value: Any) -> Script:
    return raw(200, json.dumps(value).encode())


@pytest.mark.parametrize(
    ("build", "field", "code"),
    [
        (lambda: Announce(**R, text=" "), "msg", "text_empty"),
        (lambda: Announce(**R, text="x" * 1001), "msg", "text_too_long"),
        (lambda: Announce(**R, text="x\x00y"), "msg", "control_characters"),
        (lambda: PutStream(**R, user_uuid="u", stream_uuid="s"), "", "settings_empty"),
        (lambda: PutStreams(**R, streams=[]), "streams", "list_empty"),
        (
            lambda: PutStreams(**R, streams=[{"userUuid": "u", "streamUuid": "s"}] * 101),
            "streams",
            "list_too_long",
        ),
        (lambda: GiveRewards(**R, reward_details=[]), "rewardDetails", "list_empty"),
        (lambda: StartQuiz(**R, items=["A"], correct_items=["A"]), "items", "wrong_number"),
        (lambda: StartQuiz(**R, items=["A", "A"], correct_items=["A"]), "items", "listed_twice"),
        (lambda: StartQuiz(**R, items=["A", "B"], correct_items=["C"]), "correctItems", "not_among_options"),
        (lambda: StartPoll(**R, mode=3, items=["A", "B"]), "mode", "not_a_choice"),
        (lambda: StartCountdown(**R, seconds=0), "duration", "out_of_range"),
        (lambda: BlockPublishing(**BLOCK | {"seconds": 9}), "time_in_seconds", "out_of_range"),
        (lambda: BlockPublishing(**BLOCK | {"privileges": ["all"]}), "privileges", "not_a_choice"),
        (lambda: BlockPublishing(**BLOCK | {"privileges": []}), "privileges", "list_empty"),
    ],
)
def test_a_call_names_the_field_that_is_wrong(build: Any, field: str, code: str) -> None:
    with pytest.raises(InvalidArgument) as wrong:
        build()
    assert (wrong.value.field, wrong.value.problem.code) == (field, code)


def test_blocks_are_read_with_the_customer_id_and_no_token(make_client: Any) -> None:
    rules = [
        {"cname": "r1", "uid": 7, "privileges": ["publish_audio", "publish_video"]},
        {"cname": "r1", "uid": None, "privileges": ["publish_audio"]},
        {"cname": "r2", "uid": 8},
    ]
    with running_cloud(json_answer({"status": "success", "rules": rules})) as cloud:
        client = make_client(cloud.url, customer_id="who", customer_secret="what").client
        found = client.send(ReadBlocks(app_id=APP_ID), deadline_s=20)
        (asked,) = cloud.asked
    assert found == {Block("r1", 7, "publish_audio"), Block("r1", 7, "publish_video")}
    assert (asked.method, asked.target) == ("GET", f"/dev/v1/kicking-rule?appid={APP_ID}")
    assert asked.headers["authorization"] == "Basic " + b64encode(b"who:what").decode()
    assert "x-agora-token" not in asked.headers


def test_a_block_is_sent_with_the_customer_id_and_no_token(make_client: Any) -> None:
    with running_cloud(json_answer({"status": "success", "id": 1953})) as cloud:
        client = make_client(cloud.url, customer_id="who", customer_secret="what").client
        client.send(BlockPublishing(**BLOCK), deadline_s=20)
        (asked,) = cloud.asked
    assert (asked.method, asked.target) == ("POST", "/dev/v1/kicking-rule")
    assert asked.headers["authorization"] == "Basic " + b64encode(b"who:what").decode()
    assert "x-agora-token" not in asked.headers
    assert asked.json == {
        "appid": APP_ID,
        "cname": "r1",
        "uid": 7,
        "time_in_seconds": 600,
        "privileges": ["publish_audio"],
    }


def test_a_block_that_is_not_a_success_is_unreadable(make_client: Any) -> None:
    with running_cloud(json_answer({"status": "failed"})) as cloud:
        client = make_client(cloud.url, customer_id="who", customer_secret="what").client
        with pytest.raises(UnreadableAnswer):
            client.send(BlockPublishing(**BLOCK), deadline_s=20)


def test_refused_customer_credentials_are_tried_once(make_client: Any) -> None:
    with running_cloud(answer(None, status=401, code=401)) as cloud:
        client = make_client(cloud.url, customer_id="who", customer_secret="wrong").client
        with pytest.raises(Unauthorized):
            client.send(BlockPublishing(**BLOCK), deadline_s=20)
        assert len(cloud.asked) == 1


def test_a_snapshot_tells_the_state_of_each_stream(make_client: Any) -> None:
    users = [
        {"userUuid": "u1", "streams": [{"streamUuid": "s1", "audioState": "0", "videoState": 1}, {}]},
        {"userUuid": "u2"},
        "odd",
    ]
    with running_cloud(answer({"users": users})) as cloud:
        found = make_client(cloud.url).client.send(ReadSnapshot(**R), deadline_s=20)
    assert {name: (stream.audio_state, stream.video_state) for name, stream in found.items()} == {
        "s1": (0, 1)
    }


@pytest.mark.parametrize(("data", "quiz_id"), [({"popupQuizId": "q1"}, "q1"), ({}, None), (None, None)])
def test_a_started_quiz_has_an_id_if_the_cloud_names_it(make_client: Any, data: Any, quiz_id: Any) -> None:
    with running_cloud(answer(data)) as cloud:
        quiz = StartQuiz(**R, items=["A", "B"], correct_items=["A"])
        assert make_client(cloud.url).client.send(quiz, deadline_s=20) == quiz_id
