"""Run the whole product for the browser tests: the simulator, all processes of `manage.py serve`, Chromium.

The fixtures last as long as this package, because Playwright keeps an event loop in the main thread, which
would disturb later tests.
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
from contextlib import contextmanager
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
from tests import migrated
from tests.browser import button_coverage
from tests.browser.console import ROOT, Console
from tests.browser.school import ACCOUNTS_SCRIPT, PASSWORD, Classroom, eventually, free_port, open_classroom

# What Playwright switches off.
FEATURES_OF_PLAYWRIGHT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding",
    "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "TcpPortRandomizationWin",
    "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
    "msForceBrowserSignIn", "msEdgeUpdateLaunchServicesPreferredVersion",
)  # fmt: skip
# With every new window, Chromium loads pages for its own address bar, and prepares for a page that may come.
# That takes more than half of the processor time of an empty window.
FEATURES_OF_A_WINDOW = (
    "WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess",
)  # fmt: skip
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    # Chromium obeys the last list only, so it repeats Playwright's; test_chromium.py compares them.
    "--disable-features=" + ",".join((*FEATURES_OF_PLAYWRIGHT, *FEATURES_OF_A_WINDOW)),
]
TIMEOUT_MS = 15_000  # the slowest change takes three seconds: a poll of the cloud, then an update of the page
expect.set_options(timeout=TIMEOUT_MS)
RELAY_SECRET = "what the school's relay knows too"
Opener = Callable[..., Page]
MakeClassroom = Callable[..., Classroom]


@pytest.fixture(scope="package")
def cloud() -> Iterator[RunningSimulator]:
    """Start the simulated cloud that all browser tests share. Tests use `simulator`."""
    with running_simulator(plain=True) as running:
        yield running


@pytest.fixture
def simulator(cloud: RunningSimulator) -> Iterator[RunningSimulator]:
    """Return the shared cloud, and remove the faults of the test afterwards."""
    yield cloud
    cloud.clear_faults()


@pytest.fixture
def classroom(simulator: RunningSimulator) -> Iterator[MakeClassroom]:
    """Return a function that opens a room with teacher-1 in it: ``classroom("Geometry 8b", state=0)``.

    The rooms are closed after the test, so that no other test sees them live.
    """
    rooms: list[Classroom] = []

    def open_room(name: str, **settings: Any) -> Classroom:
        rooms.append(open_classroom(simulator, name, **settings))
        return rooms[-1]

    yield open_room
    simulator.clear_faults()
    known = {room["roomUuid"]: room for room in simulator.oracle(events=0)["rooms"]}
    for room in rooms:
        if not known[room.uuid]["destroyedAt"] and known[room.uuid]["state"] < 3:
            room.act("state", state=3)


@dataclass
class Dashboard:
    """A running dashboard: its address, its log, and a console for `manage.py` in its environment."""

    url: str
    console: Console
    log: Path

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.console.run(*arguments)

    def room(self, room_uuid: str) -> dict[str, Any]:
        """Return what `manage.py room --json` prints, when the room is known."""
        return json.loads(eventually(lambda: self.manage("room", room_uuid, "--json").stdout))


@pytest.fixture(scope="package")
def dashboard(cloud: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with running_dashboard(cloud, tmp_path_factory.mktemp("dashboard")) as running:
        yield running


@contextmanager
def running_dashboard(
    cloud: RunningSimulator, folder: Path, *, accounts: str = ACCOUNTS_SCRIPT, **more: str
) -> Iterator[Dashboard]:
    """Run `manage.py serve` with the accounts that a script creates. ``more`` is added to its environment."""
    port = int(more.get("PORT", free_port()))
    removed = ("AGORA_", "DJANGO_", "DATABASE_", "CELERY_", "MAKE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(removed)}
    environment = (
        inherited
        | {
            "DATA_DIR": str(folder / "var"),
            "PORT": str(port),
            "MAKELEVEL": "1",  # the server ends when the test process ends, even when that is killed
            "AGORA_BASE_URL": cloud.base_url,
            "AGORA_FALLBACK_URL": "",
            "AGORA_POLL_SECONDS": "0.4",  # most steps of a test wait for a poll
            "AGORA_APP_ID": cloud.app_id,
            "AGORA_APP_CERTIFICATE": cloud.app_certificate,
            "RELAY_SECRET": RELAY_SECRET,
            "OUTBOUND_PRIVATE_NETWORKS": "127.0.0.0/8",  # receivers of webhooks
            "JOIN_URL_TEMPLATE": "http://127.0.0.1/join?room={room}&user={user}&name={name}&role={role}",
        }
        | more
    )
    if button_coverage.FOLDER:
        environment["DJANGO_SETTINGS_MODULE"] = "tests.browser.settings_with_button_sources"
    log = folder / "serve.log"
    running = Dashboard(f"http://127.0.0.1:{port}", Console(environment), log)
    first = [("shell", "--verbosity", "0", "-c", accounts)]
    if "DATABASE_URL" in more:
        first.insert(0, ("migrate", "--verbosity", "0"))
    else:
        migrated.copy_into(folder / "var")
    for arguments in first:
        done = running.manage(*arguments)
        assert done.returncode == 0, done.stderr
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until_ready(running.url, process, log)
        yield running
        assert process.poll() is None, f"the dashboard ended by itself:\n{log.read_text()}"
    finally:
        running.console.close()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    assert "Traceback" not in log.read_text(), log.read_text()


def wait_until_ready(url: str, process: subprocess.Popen[Any], log: Path) -> None:
    """Wait until `/healthz` of a started dashboard answers 200. On failure, report its log."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with opener.open(f"{url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)  # between two requests; the deadline above decides
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
    """Return a function that gives the cookies of a person, who signs in once."""
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
    """Return a function that opens a page in its own browser context: `window("admin@school.test")`.

    The page is signed in as that person; without an address, nobody is signed in. Errors in the page's
    console or scripts fail the test.
    """
    with windows(chromium, dashboard.url, signed_in) as open_page:
        yield open_page


@contextmanager
def windows(chromium: Browser, base_url: str, signed_in: Callable[[str], StorageState]) -> Iterator[Opener]:
    """Return the function of `window` for the dashboard at `base_url`."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(email: str | None = None, **settings: Any) -> Page:
        if email:
            settings["storage_state"] = signed_in(email)
        # wide enough that a class shows most of its panels together
        settings.setdefault("viewport", {"width": 2560, "height": 1440})
        context = chromium.new_context(base_url=base_url, **settings)
        contexts.append(context)
        button_coverage.record(context)
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        page.on("crash", lambda _page: problems.append("the tab crashed"))
        page.on("pageerror", lambda error: problems.append(f"script: {error}"))
        page.on("console", lambda line: problems.append(f"console: {line.text}") if _is_error(line) else None)
        page.on("dialog", lambda dialog: problems.append(f"a script opened a dialog: {dialog.message}"))
        return page

    yield open_page
    found = list(problems)  # before closing: an answer that arrives while a page closes logs an error
    for context in contexts:
        context.close()
    assert not found, "\n".join(found)


def _is_error(line: ConsoleMessage) -> bool:
    # The browser logs every 4xx answer, htmx logs lost connections. The tests check what the page shows
    # instead.
    expected = (
        "Failed to load resource",
        "Response Status Error Code",
        "htmx:afterRequest",
        "htmx:sendError",
    )
    return line.type == "error" and not any(words in line.text for words in expected)


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Fill in and send the sign-in page."""
    page.goto("sign-in/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
