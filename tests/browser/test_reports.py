"""Reports in the browser: filter, sort, open the report of a class, correct attendance, print."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, Opener
from tests.browser.page_parts import assert_fits, dialog, keep_screenshot
from tests.browser.school import TEACHER, Classroom, eventually, open_classroom

STUDENTS = {"r1": "Zoë Brandt", "r2": "Amir Haddad", "r3": "Lena Fischer"}
REPORT = """
from classroom_admin.reports.models import ClassSummary
found = ClassSummary.objects.filter(room__room_uuid=ROOM, starts_at__isnull=False).first()
print(found.room.key if found else "")
"""


@pytest.fixture(scope="module")
def report(cloud: RunningSimulator, dashboard: Dashboard) -> tuple[Classroom, str]:
    """Return a class that has closed, and the address of its report, once the background task made it."""
    room = open_classroom(cloud, "Reported 5a")
    for user_uuid, name in STUDENTS.items():
        room.enter(user_uuid, name)
    entered_at = time.monotonic()
    eventually(lambda: time.monotonic() > entered_at + 1)  # who enters in the last moment is absent
    room.act("state", state=2)
    room.act("state", state=3)

    def key() -> str:
        done = dashboard.manage("shell", "--verbosity", "0", "-c", f"ROOM = {room.uuid!r}\n{REPORT}")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return room, f"/reports/classes/{eventually(key, within_s=60)}/"


def test_filter_sort_and_open_a_class(window: Opener, report: tuple[Classroom, str]) -> None:
    room, address = report
    page = window(TEACHER, viewport={"width": 1440, "height": 900})
    page.goto("/reports/")
    page.get_by_role("main").get_by_role("link", name="Attendance", exact=True).click()
    expect(page.get_by_label("To (inclusive)")).to_be_hidden()
    page.get_by_label("Period").select_option("From and to")
    expect(page.get_by_label("To (inclusive)")).to_be_visible()
    page.get_by_label("Period").select_option("Last 7 days")
    page.get_by_label("Name of the class").fill("reported")
    page.get_by_role("button", name="Show").click()
    names = page.locator("#rows tbody th a")
    expect(names).to_have_text(["Amir Haddad", "Lena Fischer", "Zoë Brandt"])
    page.get_by_role("link", name="Name", exact=True).click()
    expect(names).to_have_text(["Zoë Brandt", "Lena Fischer", "Amir Haddad"])
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("searchbox", name="Search by name").fill("zoe")
    page.keyboard.press("Enter")
    expect(names).to_have_text(["Zoë Brandt"])
    page.get_by_role("link", name="By class", exact=True).click()
    expect(page.get_by_label("Name of the class")).to_have_value("reported")
    page.locator("#rows tbody").get_by_role("link", name=room.name).click()
    expect(page).to_have_url(re.compile(f"{address}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(room.name)
    expect(page.locator("#evidence")).to_contain_text("Complete:")


def test_attendance_is_corrected_and_withdrawn_by_keyboard(
    window: Opener, report: tuple[Classroom, str]
) -> None:
    page = window(TEACHER, viewport={"width": 1440, "height": 900})
    page.goto(report[1])
    amir = page.locator("#people-table tbody tr").filter(has_text="Amir Haddad")
    button = amir.get_by_role("link", name="Correct")
    expect(amir.locator(".status")).not_to_contain_text("measured")
    button.press("Enter")
    expect(dialog(page)).to_contain_text("Measured")
    dialog(page).get_by_label("Status").select_option("Excused")
    dialog(page).get_by_label("Note").fill("At the doctor")
    dialog(page).get_by_role("button", name="Save").press("Enter")
    expect(dialog(page)).to_be_hidden()
    expect(amir.locator(".status")).to_contain_text("Excused")
    expect(amir.locator(".status")).to_contain_text("measured:")
    expect(amir.locator(".status")).to_contain_text("At the doctor")
    expect(page.locator("#class-sums")).to_contain_text("2 of 2 attended")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    dialog(page).get_by_role("button", name="Withdraw the correction").press("Enter")
    expect(dialog(page)).to_be_hidden()
    expect(amir.locator(".status")).not_to_contain_text("measured")
    expect(page.locator("#class-sums")).to_contain_text("3 of 3 attended")
    page.keyboard.press("Enter")
    expect(dialog(page)).to_contain_text("History")
    expect(dialog(page)).to_contain_text("Withdrawn")
    page.keyboard.press("Escape")


def test_paper_has_figures_but_no_controls(window: Opener, report: tuple[Classroom, str]) -> None:
    page = window(TEACHER, viewport={"width": 390, "height": 844})
    for address, table in ((report[1], "#people-table"), ("/reports/attendance/", "#rows table")):
        page.goto(address)
        assert_fits(page)
        page.emulate_media(media="print")
        expect(page.locator(f"{table} tbody th").filter(has_text="Amir Haddad").first).to_be_visible()
        controls = page.locator("main").locator("button, input, select, .button").filter(visible=True)
        expect(controls).to_have_count(0)
        keep_screenshot(page, f"paper-{address.split('/')[2]}", full=True)
        page.emulate_media(media="screen")
