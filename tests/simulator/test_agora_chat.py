"""The simulated Agora Chat: chat rooms of classes, its REST API, its hourly files, and its callbacks."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from agoraiotools.ChatTokenBuilder2 import ChatTokenBuilder2
from agoraiotools.education_token_builder import EducationTokenBuilder

from classroom_admin.simulator.testing import ControlFailed, RunningSimulator, running_simulator
from tests.simulator.conftest import Api

BASE = "/chat/demo-school/classroom"
Ask = Callable[..., requests.Response]


@pytest.fixture
def chat(sim: RunningSimulator) -> str:
    sim.make_room("class 1", state=1, agoraChat=True)
    sim.room("class 1", "enter", userUuid="ada", userName="Ada")
    sim.room("class 1", "enter", userUuid="kim", userName="Ms Kim", role=1)
    found: str = truth(sim)["chatRoomId"]
    return found


@pytest.fixture
def ask(sim: RunningSimulator) -> Ask:
    token = ChatTokenBuilder2.build_app_token(sim.app_id, sim.app_certificate, 600)
    session = requests.Session()
    session.trust_env = False

    def send(method: str, path: str, body: Any = None, *, bearer: str = token) -> requests.Response:
        headers = {"Authorization": f"Bearer {bearer}"}
        return session.request(method, sim.base_url + path, json=body, headers=headers, timeout=10)

    return send


def truth(sim: RunningSimulator, room: str = "class 1") -> dict[str, Any]:
    found: dict[str, Any] = sim.oracle(room=room)["rooms"][0]["agoraChat"]
    return found


def test_class_names_its_chat_room_and_people_have_an_id_there(
    sim: RunningSimulator, api: Api, chat: str
) -> None:
    data = api.get("/v2/rooms/{}", "class 1").json()["data"]
    widget = data["roomProperties"]["widgets"]["easemobIM"]
    assert widget["extra"] == {
        "orgName": "demo-school",
        "appName": "classroom",
        "chatRoomId": chat,
        "appKey": "demo-school#classroom",
    }
    entered = next(event for event in api.drain() if event["cmd"] == 20)["data"]["onlineUsers"][0]
    assert entered["userProperties"]["widgets"]["easemobIM"]["userId"]


def test_chat_of_such_a_class_emits_no_event(sim: RunningSimulator, api: Api, chat: str) -> None:
    api.drain()
    assert api.post("/v2/rooms/{}/from/{}/chat", "class 1", "ada", message="hi", type=1).status_code == 200
    assert api.drain() == []
    (message,) = truth(sim)["messages"]
    assert message["payload"]["bodies"] == [{"type": "txt", "msg": "hi"}]
    assert (message["to"], message["chat_type"]) == (chat, "chatroom")


def test_other_classes_use_event_3(sim: RunningSimulator, api: Api) -> None:
    sim.make_room("class 2", state=1)
    sim.room("class 2", "enter", userUuid="ada", userName="Ada")
    sim.room("class 2", "chat", userUuid="ada", message="hi")
    assert [event["cmd"] for event in api.drain()][-1] == 3
    assert truth(sim, "class 2") is None


def test_switch_decides_which_new_classes_use_it(sim: RunningSimulator) -> None:
    sim.control("POST", "/agora-chat", {"uses": "some"})
    for number in range(4):
        sim.make_room(f"r{number}")
    uses = [room["agoraChat"] is not None for room in sim.oracle()["rooms"]]
    assert uses == [True, False, False, True]
    sim.control("POST", "/agora-chat", {"uses": "all"})
    sim.make_room("r4")
    assert truth(sim, "r4")
    with pytest.raises(ControlFailed):
        sim.control("POST", "/agora-chat", {"uses": "sometimes"})


def test_mutes_keep_students_from_writing(sim: RunningSimulator, ask: Ask, chat: str) -> None:
    assert ask("POST", f"{BASE}/chatrooms/{chat}/ban").json()["data"] == {"mute": True}
    with pytest.raises(ControlFailed, match="muted"):
        sim.room("class 1", "chat", userUuid="ada", message="x")
    sim.room("class 1", "chat", userUuid="kim", message="I may")
    assert ask("DELETE", f"{BASE}/chatrooms/{chat}/ban").json()["data"] == {"mute": False}
    people = sim.oracle(room="class 1")["rooms"][0]["users"]
    ada = next(user for user in people if user["userUuid"] == "ada")["properties"]["widgets"]["easemobIM"]
    body = {"usernames": [ada["userId"]], "mute_duration": 60_000}
    row = ask("POST", f"{BASE}/chatrooms/{chat}/mute", body).json()["data"][0]
    assert row["result"] is True
    with pytest.raises(ControlFailed, match="muted"):
        sim.room("class 1", "chat", userUuid="ada", message="x")
    sim.step(60_000)
    sim.room("class 1", "chat", userUuid="ada", message="again")
    assert ask("GET", f"{BASE}/chatrooms/{chat}/mute").json()["data"] == []


def test_sent_message_arrives(sim: RunningSimulator, ask: Ask, chat: str) -> None:
    body = {"to": [chat], "type": "txt", "body": {"msg": "hello"}}
    answer = ask("POST", f"{BASE}/messages/chatrooms", body).json()
    assert answer["data"] == {chat: truth(sim)["messages"][0]["msg_id"]}
    assert truth(sim)["messages"][0]["from"] == "admin"


def test_file_has_the_messages_of_its_hour(sim: RunningSimulator, ask: Ask, chat: str) -> None:
    for message in ("one", "two"):
        sim.room("class 1", "chat", userUuid="ada", message=message)
    sim.step(3_600_000)
    sim.room("class 1", "chat", userUuid="ada", message="next hour")
    url = ask("GET", f"{BASE}/chatmessages/2026010100").json()["data"][0]["url"]
    lines = gzip.decompress(requests.get(url, timeout=10).content).splitlines()
    found = [json.loads(line)["payload"]["bodies"][0]["msg"] for line in lines]
    assert found == ["one", "two"]
    sim.step(1_801_000)
    assert requests.get(url, timeout=10).status_code == 403


def test_history_appears_after_its_delay(sim: RunningSimulator, ask: Ask, chat: str) -> None:
    sim.control("POST", "/agora-chat", {"delay": 60_000})
    sim.room("class 1", "chat", userUuid="ada", message="one")
    assert ask("GET", f"{BASE}/chatmessages/2026010100").status_code == 404
    sim.step(60_000)
    assert ask("GET", f"{BASE}/chatmessages/2026010100").status_code == 200


def test_history_is_answered_ten_times_a_minute(sim: RunningSimulator, ask: Ask, chat: str) -> None:
    statuses = [ask("GET", f"{BASE}/chatmessages/2026010100").status_code for _ in range(11)]
    assert statuses == [404] * 10 + [429]
    sim.step(60_000)
    assert ask("GET", f"{BASE}/chatmessages/2026010100").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("GET", f"{BASE}/chatmessages/20260101", None, 400, "illegal_argument"),
        ("GET", f"{BASE}/chatmessages/2099010100", None, 400, "illegal_argument"),
        ("GET", f"{BASE}/chatrooms/7", None, 404, "service_resource_not_found"),
        ("GET", f"{BASE}/nothing", None, 404, "service_resource_not_found"),
        ("GET", "/chat/other/app/chatrooms/7", None, 404, "organization_application_not_found"),
        ("POST", f"{BASE}/messages/chatrooms", {"to": ["1"] * 11, "type": "txt"}, 400, "illegal_argument"),
        ("POST", f"{BASE}/messages/chatrooms", {"to": ["1"], "type": "odd"}, 400, "illegal_argument"),
    ],
)
def test_refusals_have_the_form_of_the_service(
    ask: Ask, chat: str, method: str, path: str, body: Any, status: int, error: str
) -> None:
    answer = ask(method, path, body)
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]


def test_other_tokens_are_refused(sim: RunningSimulator, ask: Ask, chat: str) -> None:
    education = EducationTokenBuilder.build_app_token(sim.app_id, sim.app_certificate, 600)
    forged = ChatTokenBuilder2.build_app_token(sim.app_id, "2" * 32, 600)
    for bearer in (education, forged, "nonsense", ""):
        assert ask("GET", f"{BASE}/chatrooms/{chat}", bearer=bearer).status_code == 401


class Receiver(http.server.BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Any]:
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.got, server.statuses = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def wait_for(server: Any, count: int) -> list[dict[str, Any]]:
    until = time.monotonic() + 10
    while len(server.got) < count and time.monotonic() < until:
        threading.Event().wait(0.02)
    found: list[dict[str, Any]] = list(server.got)
    return found


@pytest.fixture
def calling(receiver: Any) -> Iterator[RunningSimulator]:
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    with running_simulator(plain=True, agora_chat="all", chat_callback_to=url, chat_secret="s") as sim:
        sim.make_room("class 1", state=1)
        sim.room("class 1", "enter", userUuid="ada", userName="Ada")
        yield sim


def right(callback: dict[str, Any]) -> bool:
    text = f"{callback['callId']}s{callback['timestamp']}"
    return bool(callback["security"] == hashlib.md5(text.encode()).hexdigest())


def test_each_message_is_called_back_with_a_signature(calling: RunningSimulator, receiver: Any) -> None:
    calling.room("class 1", "chat", userUuid="ada", message="hi")
    (callback,) = wait_for(receiver, 1)
    assert right(callback)
    assert (callback["msg_id"], callback["group_id"]) == (
        truth(calling)["messages"][0]["msg_id"],
        truth(calling)["chatRoomId"],
    )


def test_callback_that_failed_is_sent_once_more(calling: RunningSimulator, receiver: Any) -> None:
    receiver.statuses = [500]
    calling.room("class 1", "chat", userUuid="ada", message="hi")
    first, second = wait_for(receiver, 2)
    assert first == second


def test_faults_of_callbacks(calling: RunningSimulator, receiver: Any) -> None:
    calling.fault("duplicate", route="chat_callback", count=1)
    calling.room("class 1", "chat", userUuid="ada", message="twice")
    assert len(wait_for(receiver, 2)) == 2
    calling.clear_faults()
    calling.fault("bad_signature", route="chat_callback", count=1)
    calling.room("class 1", "chat", userUuid="ada", message="forged")
    assert not right(wait_for(receiver, 3)[2])
    calling.clear_faults()
    calling.fault("refuse", route="chat_callback", count=1)
    calling.room("class 1", "chat", userUuid="ada", message="never")
    calling.fault("delay", route="chat_callback", count=1, params={"ms": 200})
    calling.room("class 1", "chat", userUuid="ada", message="late")
    found = [one["payload"]["bodies"][0]["msg"] for one in wait_for(receiver, 4)]
    assert found == ["twice", "twice", "forged", "late"]
