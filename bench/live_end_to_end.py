"""Measure the time from an event in the simulated cloud to the DOM of a browser, with real processes."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from live_parts import ROOT, Subscribers, answer, free_port, process, wait_for

APP = {
    "AGORA_APP_ID": "0123456789abcdef0123456789abcdef",
    "AGORA_APP_CERTIFICATE": "fedcba9876543210fedcba9876543210",
}
CLASS = re.compile(rb"/classes/([a-z0-9]{12})/")
ROOM, STUDENT = "bench-room", "p1"
SIGN_IN = """
import sys
sys.path.insert(0, "bench")
import live_school
print("sessions", live_school.sessions({streams}))
"""
# The page records when each number of rewards appeared. It runs on this machine, so the clock is the same.
WATCH = """() => {
  window.seen = {};
  const check = () => {
    const rewards = document.querySelector('#people-here [title="Rewards"]')?.textContent.match(/\\d+/)?.[0];
    if (rewards && !(rewards in window.seen)) window.seen[rewards] = Date.now();
  };
  const all = { subtree: true, childList: true, characterData: true };
  new MutationObserver(check).observe(document.querySelector("#people-here"), all);
}"""


def measure(*, subscribers: int, events: int, poll_s: float | None) -> list[float]:
    """Return for each event the seconds from the cloud to the browser's DOM.

    `poll_s` is `AGORA_POLL_SECONDS`, or None for the default.
    """
    with tempfile.TemporaryDirectory() as folder:
        cloud, port = free_port(), free_port()
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("AGORA_", "DATABASE_"))
        }
        env |= APP | {
            "DATA_DIR": folder, "PORT": str(port),
            "AGORA_BASE_URL": f"http://127.0.0.1:{cloud}", "AGORA_FALLBACK_URL": "",
        }  # fmt: skip
        if poll_s is not None:
            env["AGORA_POLL_SECONDS"] = str(poll_s)
        simulator = [sys.executable, "manage.py", "simulator", "--port", str(cloud)]
        with (Path(folder) / "log").open("w") as log, process(*simulator, env=env, output=log):
            wait_for(cloud, "/_sim/")
            sessions = prepare(env, streams=subscribers + 1)
            with process(sys.executable, "manage.py", "serve", env=env, output=log):
                wait_for(port)
                return _run(cloud, port, sessions, subscribers=subscribers, events=events)


def prepare(env: dict[str, str], *, streams: int) -> str:
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
    argv = [sys.executable, "manage.py", "shell", "-v0", "-c", SIGN_IN.format(streams=streams)]
    said = subprocess.run(argv, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout
    return said.split("sessions ")[1].strip()


def _control(port: int, path: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/_sim{path}", json.dumps(body).encode(), method="POST"
    )
    request.add_header("Content-Type", "application/json")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).close()


def _run(cloud: int, port: int, sessions: str, *, subscribers: int, events: int) -> list[float]:
    cookie = sessions.split(",")[0]
    _control(cloud, "/rooms", {"roomUuid": ROOM, "roomName": "Bench", "state": 1})
    _control(cloud, f"/rooms/{ROOM}/enter", {"userUuid": STUDENT, "userName": "Pia", "role": 2})
    until = time.monotonic() + 30
    while not (found := CLASS.search(answer(port, "/?when=live", Cookie=f"sessionid={cookie}")[2])):
        assert time.monotonic() < until, "the dashboard never received the class"
        time.sleep(0.2)
    key = found[1].decode()
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as playwright,
        Subscribers(port, f"/live/classes/{key}/stream", sessions, subscribers),
    ):
        path = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": f"http://127.0.0.1:{port}"}])
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/classes/{key}/")
        page.wait_for_selector('html[data-live="stream"]', state="attached")
        page.wait_for_selector("#people-here > tr")
        page.evaluate(WATCH)
        acted = {}
        for number in range(1, events + 1):
            acted[str(number)] = time.time()
            _control(cloud, f"/rooms/{ROOM}/reward", {"userUuid": STUDENT, "change": 1})
            page.wait_for_function("(n) => n in window.seen", arg=str(number), timeout=20_000)
            time.sleep(random.uniform(0.1, 1.1))  # send events at random times within the polling interval
        seen = page.evaluate("window.seen")
        browser.close()
    return [seen[number] / 1000 - at for number, at in acted.items()]
