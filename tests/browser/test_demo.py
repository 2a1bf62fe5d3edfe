"""`manage.py demo` in an empty data folder, as a new user starts it."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import ROOT, sign_in, wait_until_ready
from tests.browser.page_parts import card
from tests.browser.school import eventually, free_port

SIGN_INS = ("admin@school.test", "teacher@school.test", "teacher2@school.test")
Started = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Started]:
    """Return a function that starts the demo. Kill what still runs after the test."""
    log = tmp_path / "demo.log"
    running: list[subprocess.Popen[str]] = []

    def started() -> subprocess.Popen[str]:
        ours = ("MAKE", "DJANGO_")  # from make and from pytest
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        environment |= {"DATA_DIR": str(tmp_path / "var"), "PORT": str(port), "MAKELEVEL": "1"}
        with log.open("a") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"],
                cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
        running.append(process)
        return process

    yield started
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of the processes whose environment names this data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        # A process may end meanwhile, and some may not be read.
        with contextlib.suppress(OSError):
            if f"DATA_DIR={folder}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if line:  # a zombie has none
                    found.append(line)
    return found


@pytest.mark.long
def test_the_demo_runs_ends_and_keeps_its_data(
    start: Started, tmp_path: Path, port: int, chromium: Browser
) -> None:
    url, log = f"http://127.0.0.1:{port}", tmp_path / "demo.log"
    process = start()
    eventually(lambda: "is ready" in log.read_text() or process.poll() is not None, within_s=60)
    said = log.read_text()
    assert url in said
    for email in SIGN_INS:
        assert re.search(rf"{email}\s+classroom", said)
    assert len(processes_of(tmp_path / "var")) >= 5

    names: dict[str, set[str]] = {}
    for email in SIGN_INS:
        with chromium.new_context(base_url=url) as context:
            page = context.new_page()
            sign_in(page, email, "classroom")
            live = page.get_by_role("region", name=re.compile("^Live now"))
            expect(live.get_by_role("listitem").first).to_be_visible(timeout=30_000)
            names[email] = set(live.get_by_role("heading", level=3).all_text_contents())
            live.get_by_role("heading", level=3).get_by_role("link").first.click()
            events = card(page, "Events").get_by_role("listitem")
            expect(events.nth(5)).to_be_visible(timeout=30_000)
    assert names["teacher@school.test"] != names["teacher2@school.test"]
    assert names["teacher@school.test"] <= names["admin@school.test"]

    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    eventually(lambda: not processes_of(tmp_path / "var"), within_s=10)

    again = start()
    wait_until_ready(url, again, log)
    with chromium.new_context(base_url=url) as context:
        page = context.new_page()
        sign_in(page, "admin@school.test", "classroom")
        page.goto("/settings/audit/")
        expect(page.get_by_role("cell", name="Signed in").nth(3)).to_be_visible()  # three before, one now
    again.send_signal(signal.SIGTERM)
    again.wait(timeout=30)
    eventually(lambda: not processes_of(tmp_path / "var"), within_s=10)


def test_a_port_in_use_is_reported_in_one_line(start: Started, tmp_path: Path, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        process = start()
        assert process.wait(timeout=30) == 1
    lines = [line for line in (tmp_path / "demo.log").read_text().splitlines() if line.strip()]
    assert len(lines) == 1, lines
    assert f"Port {port} is taken" in lines[0]
    assert "PORT=" in lines[0]
