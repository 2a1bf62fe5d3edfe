"""The whole product, running: a simulator, `manage.py serve` with all its processes, and Debian's chromium.

Everything lives as long as this package: playwright's event loop in the main thread would be in the way of
the tests that come after it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    StorageState,
    expect,
    sync_playwright,
)

from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.browser import presses
from tests.browser.school import ACCOUNTS_SCRIPT, PASSWORD, Classroom, free_port, open_classroom

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
]
PATIENCE_MS = 15_000  # for what takes three seconds at most: a poll of the cloud and one of the page
expect.set_options(timeout=PATIENCE_MS)
RELAY_SECRET = "what the school's relay knows too"
Opener = Callable[..., Page]
MakeClassroom = Callable[..., Classroom]


@pytest.fixture(scope="package")
def cloud() -> Iterator[RunningSimulator]:
    """The simulated cloud that all browser tests share; `simulator` is what a test asks for."""
    with running_simulator(plain=True) as running:
        yield running


@pytest.fixture
def simulator(cloud: RunningSimulator) -> Iterator[RunningSimulator]:
    """The shared cloud; what a test did to its health ends with the test."""
    yield cloud
    cloud.clear_faults()


@pytest.fixture
def classroom(simulator: RunningSimulator) -> Iterator[MakeClassroom]:
    """``classroom("Geometry 8b", state=0)``: a room of the test's own, with teacher-1 in it.

    It is closed after the test, and then in nobody's way: no other test's, nor its own when it is run again.
    """
    rooms: list[Classroom] = []

    def opened(name: str, **settings: Any) -> Classroom:
        rooms.append(open_classroom(simulator, name, **settings))
        return rooms[-1]

    yield opened
    simulator.clear_faults()
    known = {room["roomUuid"]: room for room in simulator.oracle(events=0)["rooms"]}
    for room in rooms:
        if not known[room.uuid]["destroyedAt"] and known[room.uuid]["state"] < 3:
            room.act("state", state=3)


@dataclass
class Dashboard:
    """A running dashboard: `url`, its environment (for `manage.py` beside it) and its log."""

    url: str
    environment: dict[str, str]
    log: Path

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip

    def room(self, room_uuid: str) -> dict[str, Any]:
        """What `manage.py room --json` tells."""
        return json.loads(self.manage("room", room_uuid, "--json").stdout)


@pytest.fixture(scope="package")
def dashboard(cloud: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    folder = tmp_path_factory.mktemp("dashboard")
    port = free_port()
    foreign = ("AGORA_", "DJANGO_", "DATABASE_", "CELERY_", "MAKE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment = kept | {
        "DATA_DIR": str(folder / "var"),
        "PORT": str(port),
        "MAKELEVEL": "1",  # started for somebody: it ends with us, even when we are killed
        "AGORA_BASE_URL": cloud.base_url,
        "AGORA_FALLBACK_URL": "",
        "AGORA_POLL_SECONDS": "0.4",  # each step of a journey waits for a poll
        "AGORA_APP_ID": cloud.app_id,
        "AGORA_APP_CERTIFICATE": cloud.app_certificate,
        "RELAY_SECRET": RELAY_SECRET,
        "JOIN_URL_TEMPLATE": "http://127.0.0.1/join?room={room}&user={user}&name={name}&role={role}",
    }
    if presses.FOLDER:
        environment["DJANGO_SETTINGS_MODULE"] = "tests.browser.marked"
    log = folder / "serve.log"
    running = Dashboard(f"http://127.0.0.1:{port}", environment, log)
    for arguments in (("migrate", "--verbosity", "0"), ("shell", "--verbosity", "0", "-c", ACCOUNTS_SCRIPT)):
        done = running.manage(*arguments)
        assert done.returncode == 0, done.stderr
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until_it_answers(running.url, process, log)
        yield running
        assert process.poll() is None, f"the dashboard ended by itself:\n{log.read_text()}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    assert "Traceback" not in log.read_text(), log.read_text()


def wait_until_it_answers(url: str, process: subprocess.Popen[Any], log: Path) -> None:
    """Until `/healthz` of a started dashboard says 200; fails with its log."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with opener.open(f"{url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)  # between two looks; the deadline above decides
    pytest.fail(f"The dashboard did not answer within 60 s:\n{log.read_text()}")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.fail("No chromium on this machine: run `make test`, which installs it or says how to get it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def signed_in(chromium: Browser, dashboard: Dashboard) -> Callable[[str], StorageState]:
    """The cookies of a person who signed in once, as a browser would have kept them."""
    known: dict[str, StorageState] = {}

    def cookies(email: str) -> StorageState:
        if email not in known:
            with chromium.new_context(base_url=dashboard.url) as context:
                sign_in(context.new_page(), email)
                known[email] = context.storage_state()
        return known[email]

    return cookies


@pytest.fixture
def window(
    chromium: Browser, dashboard: Dashboard, signed_in: Callable[[str], StorageState]
) -> Iterator[Opener]:
    """`window("admin@school.test")`: a page in a browser context of its own, signed in as that person.

    Without an address nobody is signed in. Errors in the page's console or scripts fail the test.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def opened(email: str | None = None, **settings: Any) -> Page:
        if email:
            settings["storage_state"] = signed_in(email)
        context = chromium.new_context(base_url=dashboard.url, **settings)
        contexts.append(context)
        presses.record(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"script: {error}"))
        page.on("console", lambda line: problems.append(f"console: {line.text}") if _is_fault(line) else None)
        page.on("dialog", lambda dialog: problems.append(f"a script opened a dialog: {dialog.message}"))
        return page

    yield opened
    found = list(problems)  # an answer that reaches a page which is being closed finds nothing in it
    for context in contexts:
        context.close()
    assert not found, "\n".join(found)


def _is_fault(line: ConsoleMessage) -> bool:
    # The browser itself notes every 4xx answer; the tests that provoke one look at the page instead.
    # htmx notes a connection that is gone, as the browser does; the page has to show it, and tests look.
    expected = (
        "Failed to load resource",
        "Response Status Error Code",
        "htmx:afterRequest",
        "htmx:sendError",
    )
    return line.type == "error" and not any(words in line.text for words in expected)


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Fill in the sign-in page and send it."""
    page.goto("/sign-in/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
