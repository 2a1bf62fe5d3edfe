"""What a page says while the server's disk is nearly full, and while its database is away."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.actions.files import PDF
from tests.browser.conftest import Dashboard, running_dashboard, sign_in, windows
from tests.browser.page_parts import dialog, keep_screenshot, open_class, press
from tests.browser.school import TEACHER, open_classroom

WITHIN_MS = 60_000
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def own_cloud() -> Iterator[RunningSimulator]:
    """Start another cloud: two dashboards would take each other's events."""
    with running_simulator(plain=True) as running:
        yield running


@contextmanager
def running(cloud: RunningSimulator, folder: Path, **settings: str) -> Iterator[tuple[Dashboard, Path]]:
    """Run a dashboard whose database file is in a folder that a test can move away."""
    place = folder / "own"
    place.mkdir(mode=0o700)
    address = f"sqlite:///{place / 'school.sqlite3'}"
    with running_dashboard(cloud, folder, DATABASE_URL=address, **settings) as dashboard:
        yield dashboard, place


def test_page_says_why_uploads_and_then_the_whole_dashboard_wait(
    chromium: Browser, own_cloud: RunningSimulator, tmp_path: Path
) -> None:
    # Polling continues, because it needs only a quarter of this.
    reserve = str(2 * shutil.disk_usage(tmp_path).free // MEGABYTE)
    file = tmp_path / "Angles.pdf"
    file.write_bytes(PDF)
    room = open_classroom(own_cloud, "Full disk 5b")
    with (
        running(own_cloud, tmp_path, DISK_RESERVE_MB=reserve) as (dashboard, place),
        windows(chromium, dashboard.url, lambda _email: None) as window,  # type: ignore[arg-type,return-value]
    ):
        page = window()
        sign_in(page, TEACHER)
        open_class(page, room)
        press(page, "Add")
        dialog(page).get_by_label("File", exact=True).set_input_files(file)
        expect(dialog(page).get_by_role("alert")).to_have_text(
            "The server's disk is almost full, so it accepts no files at the moment. Tell an administrator."
        )
        keep_screenshot(page, "disk-full")
        page.keyboard.press("Escape")

        # Streams keep the file open, also if it is moved. A page without a stream asks for the status.
        other = page.context.new_page()
        other.goto("/lists/")
        for open_page in (page, other):
            expect(open_page.locator("#outage")).to_be_hidden()
        away = place.rename(tmp_path / "away")
        expect(page.locator("#outage")).to_contain_text("This page catches up", timeout=WITHIN_MS)
        expect(other.locator("#outage")).to_contain_text(
            "The dashboard can't use its database at the moment.", timeout=WITHIN_MS
        )
        expect(page.get_by_role("heading", level=1)).to_have_text(room.name)
        keep_screenshot(other, "database-away")
        away.rename(place)
        for open_page in (page, other):
            expect(open_page.locator("#outage")).to_be_hidden(timeout=WITHIN_MS)
        room.enter("p9", "Late Lena")
        expect(page.get_by_text("Late Lena").first).to_be_visible(timeout=WITHIN_MS)
