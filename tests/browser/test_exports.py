"""Exports in the browser: start one, reload, download it, cancel one, and download an incident report."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

from playwright.sync_api import Page, expect

from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import assert_fits, keep_screenshot, open_class
from tests.browser.school import ADMINISTRATOR

# An export that no worker claims
WAITING = """
from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.reports.exports.jobs import FINISHING
from classroom_admin.reports.models import ExportJob
ExportJob.objects.create(owner=User.objects.get(email=EMAIL), what="attendance", format="xlsx", total=9,
    claimable_at=clock.now() + FINISHING)
"""


def downloaded(page: Page, name: str, folder: Path) -> Path:
    """Press a button that downloads a file. Return its path."""
    with page.expect_download() as download:
        page.get_by_role("main").get_by_role("link", name=name).or_(
            page.get_by_role("button", name=name)
        ).first.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_export_is_made_while_the_person_reloads(window: Opener, tmp_path: Path) -> None:
    page = window(ADMINISTRATOR, viewport={"width": 1440, "height": 900})
    page.goto("/reports/participation/")
    page.locator(".export-menu > summary").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    assert download.value.suggested_filename.endswith(".csv")
    large = "/reports/exports/new/?what=attendance&format=csv&period=all"
    page.goto(large)
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.goto(large)
    page.get_by_role("button", name="Start export").click()
    row = page.locator("table.exports tbody tr").first
    expect(row).to_contain_text("Attendance, CSV")
    page.reload()
    expect(row.get_by_text("Ready")).to_be_visible()
    keep_screenshot(page, "exports")
    text = downloaded(page, "Download", tmp_path).read_text(encoding="utf-8-sig")
    assert text.startswith("class_key,class,")


def test_waiting_export_is_cancelled(window: Opener, dashboard: Dashboard) -> None:
    done = dashboard.manage("shell", "--verbosity", "0", "-c", f"EMAIL = {ADMINISTRATOR!r}\n{WAITING}")
    assert done.returncode == 0, done.stderr
    page = window(ADMINISTRATOR, viewport={"width": 390, "height": 844})
    page.goto("/reports/exports/")
    row = page.locator("table.exports tbody tr").first
    expect(row.get_by_role("progressbar")).to_be_visible()
    assert_fits(page)
    row.get_by_role("link", name="Cancel export").click()
    page.get_by_role("main").get_by_role("link", name="Back").click()
    row.get_by_role("link", name="Cancel export").click()
    page.get_by_role("button", name="Cancel export").click()
    expect(row).to_contain_text("Cancelled")


def test_incident_report_is_downloaded(window: Opener, classroom: MakeClassroom, tmp_path: Path) -> None:
    room = classroom("Incident 5a")
    room.act("chat", userUuid="teacher-1", message="Please stop that")
    page = window(ADMINISTRATOR, viewport={"width": 1440, "height": 900})
    open_class(page, room)
    expect(page.locator("#chat-log")).to_contain_text("Please stop that")
    key = page.url.split("/classes/")[1].split("/")[0]
    address = f"/reports/classes/{key}/incident/"
    page.goto(address)
    page.get_by_role("link", name="Cancel", exact=True).click()
    expect(page.locator("#chat-log")).to_be_visible()
    page.goto(address)
    assert_fits(page)
    with ZipFile(downloaded(page, "Download archive", tmp_path)) as archive:
        assert [one["text"] for one in json.loads(archive.read("chat.json"))] == ["Please stop that"]
        archive.extract("index.html", tmp_path)
    page.goto((tmp_path / "index.html").as_uri())
    expect(page.get_by_role("heading", name="Incident report")).to_be_visible()
    expect(page.get_by_text("Please stop that").first).to_be_visible()
