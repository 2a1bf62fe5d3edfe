"""The log of a running installation: every line is JSON, and a command can be followed across processes."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from classroom_admin.operations.demo_school import PASSWORD
from classroom_admin.runtime import ports
from tests import migrated
from tests.environment.test_variables import ROOT
from tests.runtime.processes import wait_for

WITHIN_S = 100.0
STEPS = ("requested", "accepted", "confirmed")

pytestmark = pytest.mark.timeout(300)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def http_error_302(self, request: Any, answer: Any, *_: Any) -> Any:
        return answer  # the id of this response is that of the command


class Demo:
    """A demo that writes JSON and an access log, and a person in a browser."""

    def __init__(self, folder: Path) -> None:
        self.data_dir, self.log = folder / "data", folder / "log"
        migrated.copy_into(self.data_dir)
        self.port = ports.free_port()
        names = ("PATH", "LANG", "HOME")
        env = {name: os.environ[name] for name in names if name in os.environ} | {
            "DATA_DIR": str(self.data_dir), "PORT": str(self.port),
            "LOG_FORMAT": "json", "LOG_LEVEL": "INFO", "ACCESS_LOG": "true", "SECOND_FACTOR": "nobody",
        }  # fmt: skip
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT
            )
        self.cookies = http.cookiejar.CookieJar()
        cookies = urllib.request.HTTPCookieProcessor(self.cookies)
        self._browser = urllib.request.build_opener(cookies, NoRedirect)

    @property
    def lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").split("\n")[:-1]

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def request(self, path: str, **fields: str) -> str:
        """Send a GET, or a POST with the fields. Return the request id."""
        token = next((cookie.value for cookie in self.cookies if cookie.name == "csrftoken"), None)
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=urllib.parse.urlencode(fields).encode() if fields else None,
            headers={"X-CSRFToken": token or ""},
        )
        with self._browser.open(request, timeout=60) as answer:
            answer.read()
            request_id: str = answer.headers["X-Request-ID"]
        return request_id

    def live_class(self) -> str:
        with sqlite3.connect(self.data_dir / "classroom_admin.sqlite3") as database:
            found = database.execute("select key from rooms_room where state = 1 and parent_id is null")
            return str(found.fetchone()[0])

    def of_action(self, request_id: str) -> list[dict[str, Any]]:
        """Return all records of the action that a request caused, as docs/logging.md describes."""
        records = self.records
        [action] = {r["action_id"] for r in records if r.get("request_id") == request_id and "step" in r}
        return [record for record in records if record.get("action_id") == action]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("logs"))
    try:
        wait_for(lambda: any("is ready at" in line for line in running.lines), within_s=WITHIN_S)
        running.request("/sign-in/")
        running.request("/sign-in/", login="admin@school.test", password=PASSWORD)
        yield running
    finally:
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGTERM)
            running.process.wait(60)


def test_command_can_be_followed_from_the_request_to_its_confirmation(demo: Demo) -> None:
    key = demo.live_class()
    request_id = demo.request(f"/classes/{key}/do/end/", confirmed="1")

    def steps() -> list[dict[str, Any]]:
        return [record for record in demo.of_action(request_id) if "step" in record]

    wait_for(lambda: len(steps()) >= len(STEPS), within_s=WITHIN_S)
    assert [record["step"] for record in steps()] == list(STEPS)
    assert {record["action"] for record in steps()} == {"class.end"}
    assert {record["request_id"] for record in steps()} == {request_id}
    parts = [record["part"] for record in steps()]
    assert parts[:2] == ["web", "web"]
    assert parts[2] in ("poll", "worker")
    assert steps()[2]["task"].startswith("sync.")
    assert {record["room"] for record in steps()} == {key}
    [access] = [r for r in demo.of_action(request_id) if r["logger"] == "classroom_admin.access"]
    shown = {name: access[name] for name in ("method", "path", "route", "room", "status")}
    assert shown == {
        "method": "POST", "path": f"/classes/{key}/do/end/", "route": "live:command", "room": key,
        "status": 302,
    }  # fmt: skip
    assert isinstance(access["person"], int)
    assert access["ms"] > 0


def test_requests_have_one_record_each_and_probes_none(demo: Demo) -> None:
    request_id = demo.request("/people/?q=Ana")
    demo.request("/healthz")
    wait_for(lambda: any(record.get("request_id") == request_id for record in demo.records))
    [record] = [one for one in demo.records if one.get("request_id") == request_id]
    assert (record["route"], record["path"], record["status"]) == ("people:list", "/people/", 200)
    assert not [one for one in demo.records if one.get("path") == "/healthz"]


def test_every_line_is_a_record_and_no_person_is_named_by_email(demo: Demo) -> None:
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(60) == 0
    records = demo.records
    signed_in = [record for record in records if record.get("action") == "account.sign_in"]
    posted = [one for one in records if one.get("path") == "/sign-in/" and one.get("method") == "POST"]
    assert [one["person"] for one in posted] == [one["person"] for one in signed_in]
    assert {record["part"] for record in records} >= {"web", "worker", "supervisor"}
    for record in records:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["time"])
        assert record["level"] in ("debug", "info", "warning", "error", "critical")
        assert record["event"]
        assert "@" not in record["event"] or record["part"] == "supervisor"  # the demo prints its accounts
