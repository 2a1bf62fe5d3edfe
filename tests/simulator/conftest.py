"""A running simulator, and an API client with valid credentials."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from agoraiotools.RtmTokenBuilder2 import RtmTokenBuilder

from classroom_admin.simulator.clock import STEPPED_START_MS
from classroom_admin.simulator.testing import RunningSimulator, running_simulator

UID = "school-server"


class Api:
    """A client of the cloud with an RTM token. ``get("/v2/rooms/{}", "a room")`` encodes path parts."""

    def __init__(self, sim: RunningSimulator, uid: str = UID) -> None:
        self.sim = sim
        token = RtmTokenBuilder.build_token(sim.app_id, sim.app_certificate, uid, 3600)
        self.headers = {"x-agora-token": token, "x-agora-uid": uid}
        self.session = requests.Session()
        self.session.trust_env = False

    def url(self, path: str, *parts: str, prefix: str | None = None) -> str:
        prefix = f"/ap/edu/apps/{self.sim.app_id}" if prefix is None else prefix
        return self.sim.base_url + prefix + path.format(*(quote(part, safe="") for part in parts))

    def call(self, method: str, path: str, *parts: str, **more: Any) -> requests.Response:
        prefix = more.pop("prefix", None)
        headers = more.pop("headers", self.headers)
        url = self.url(path, *parts, prefix=prefix)
        return self.session.request(method, url, headers=headers, timeout=10, **more)

    def get(self, path: str, *parts: str, **query: Any) -> requests.Response:
        return self.call("GET", path, *parts, params=query)

    def put(self, path: str, *parts: str, **body: Any) -> requests.Response:
        return self.call("PUT", path, *parts, json=body)

    def post(self, path: str, *parts: str, **body: Any) -> requests.Response:
        return self.call("POST", path, *parts, json=body)

    def patch(self, path: str, *parts: str, **body: Any) -> requests.Response:
        return self.call("PATCH", path, *parts, json=body)

    def delete(self, path: str, *parts: str, **body: Any) -> requests.Response:
        return self.call("DELETE", path, *parts, json=body)

    def poll_response(self) -> requests.Response:
        return self.call("GET", "/v2/rooms/sequences", prefix=f"/ap/edu/polling/apps/{self.sim.app_id}")

    def poll(self) -> list[dict[str, Any]]:
        """Return the events of one polling answer."""
        answer = self.poll_response()
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    def drain(self) -> list[dict[str, Any]]:
        """Poll until the stream is empty. Return all events."""
        found: list[dict[str, Any]] = []
        while batch := self.poll():
            found += batch
        return found

    def events(self, room: str, **query: Any) -> dict[str, Any]:
        data: dict[str, Any] = self.get("/v2/rooms/{}/sequences", room, **query).json()["data"]
        return data


def refused(answer: requests.Response) -> tuple[int, int]:
    """Check the form of an error answer. Return its HTTP status and business code."""
    body = answer.json()
    assert set(body) == {"code", "msg", "ts"}
    assert body["msg"]
    assert answer.headers["X-Request-Id"]
    return answer.status_code, body["code"]


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[RunningSimulator]:
    with running_simulator(stepped=True, plain=True) as running:
        yield running


@pytest.fixture
def sim(shared_simulator: RunningSimulator) -> RunningSimulator:
    """An empty simulator with a stepped clock and without variations."""
    shared_simulator.control("POST", "/reset", {"stepped": True, "plain": True, "startMs": STEPPED_START_MS})
    return shared_simulator


@pytest.fixture
def api(sim: RunningSimulator) -> Api:
    return Api(sim)


@pytest.fixture
def room(sim: RunningSimulator) -> str:
    """A started class with a teacher and two students. Its events so far are polled already."""
    sim.make_room("class 1", roomName="Class one", state=1, duration=3600)
    sim.room("class 1", "enter", userUuid="teacher-1", userName="Ms Grey", role=1, stream=True)
    sim.room("class 1", "enter", userUuid="ada", userName="Ada")
    sim.room("class 1", "enter", userUuid="bob", userName="Bob", stream=True)
    Api(sim).drain()
    return "class 1"
