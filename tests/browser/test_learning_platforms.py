"""Learning platforms in a browser: registration and launches in frames of another site."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Dashboard, Opener
from tests.browser.console import ROOT
from tests.browser.page_parts import assert_fits, keep_screenshot
from tests.browser.school import ADMINISTRATOR
from tests.lti import lms

WALK_S = 240


@pytest.fixture(scope="module")
def platform() -> Iterator[Any]:
    """A platform at "localhost", which is another site than 127.0.0.1 for a browser."""
    with lms.running(lms.read_keys) as running:
        running.url = running.url.replace("127.0.0.1", "localhost")
        running.people = [
            lms.Person("ana", "Ana Torres", "ana.torres@lms.test", role="Instructor"),
            lms.Person("leo", "Leo Park"),
        ]
        yield running


def registration_address(page: Page, *, create_accounts: bool) -> str:
    page.goto("/settings/")
    page.get_by_role("link", name="Learning platforms").click()
    if create_accounts:
        page.get_by_label("Create accounts").check()
    page.get_by_role("button", name="Make a registration link").click()
    page.get_by_role("button", name="Copy").click()
    return page.get_by_label("Registration address").input_value()


def test_platform_registers_itself_and_a_teacher_adds_a_class(
    window: Opener, platform: Any, dashboard: Dashboard
) -> None:
    """Registration, deep linking and launches happen in frames. The class opens in a new window."""
    admin = window(ADMINISTRATOR)
    address = registration_address(admin, create_accounts=True)
    lms_page = window()
    lms_page.goto(f"{platform.url}/install?address={address}")
    frame = lms_page.frame_locator("iframe")
    frame.get_by_role("button", name="Register").click()
    expect(lms_page.locator("#said")).to_have_text("Closed")
    admin.goto("/lti/platforms/")
    row = admin.locator("tr", has_text=platform.url)
    row.get_by_role("button", name="Test the connection").click()
    expect(admin.get_by_text("publishes its keys and gives access tokens.")).to_be_visible()

    # Ana adds a new class to her course.
    teacher = window()
    teacher.goto(f"{platform.url}/course?who=ana&what=deep&frame=1")
    frame = teacher.frame_locator("iframe")
    frame.get_by_label("Name").fill("Photosynthesis")
    frame.get_by_label("Send to the gradebook").select_option("attendance")
    frame.get_by_role("button", name="Use this class").click()
    expect(frame.get_by_text("Added: Photosynthesis")).to_be_visible()
    # She opens it from a frame: a new window asks who she is once, and then shows the class.
    for is_known in (False, True):
        teacher.goto(f"{platform.url}/course?who=ana&what=activity-1&frame=1")
        button = teacher.frame_locator("iframe").get_by_role("button", name="Open the class")
        expect(button).to_be_visible()
        # Chromium loses a click in a frame of another site that was shown just now.
        with teacher.context.expect_page() as opened:
            button.press("Enter")
        if not is_known:
            opened.value.get_by_role("button", name="Continue").click()
        expect(opened.value).to_have_url(re.compile(r"/classes/[a-z0-9]+/$"))
        expect(opened.value.get_by_role("heading", name="Photosynthesis")).to_be_visible()
    class_page = opened.value
    key = class_page.url.rstrip("/").rpartition("/")[2]
    # A student sees a link to the classroom.
    student = window()
    student.goto(f"{platform.url}/course?who=leo&what=activity-1&frame=1")
    join = student.frame_locator("iframe").get_by_role("link", name="Join the class")
    expect(join).to_have_attribute("target", "_blank")
    with student.context.expect_page():
        join.press("Enter")
    # The course's students become the class list.
    class_page.goto(f"/classes/{key}/list/")
    class_page.get_by_role("link", name="Courses of the class").click()
    class_page.get_by_role("button", name="Read the students now").click()
    expect(class_page.get_by_text("The class list of Biology 7b is up to date.")).to_be_visible()
    class_page.set_viewport_size({"width": 390, "height": 844})
    assert_fits(class_page)
    keep_screenshot(class_page, "courses of a class", full=True)
    class_page.get_by_label("Send to the gradebook").select_option("quiz")
    class_page.get_by_role("button", name="Save").click()
    expect(class_page.get_by_text("The choice was saved.")).to_be_visible()
    expect(class_page.get_by_label("Send to the gradebook")).to_have_value("quiz")


def test_another_site_can_not_show_a_launch_in_a_frame(chromium: Browser, platform: Any) -> None:
    """The platform is known at "localhost". A page at another address may not frame what is for it."""
    with chromium.new_context() as context:
        page = context.new_page()
        elsewhere = platform.url.replace("localhost", "127.0.0.1")
        with page.expect_console_message(lambda line: "violates" in line.text) as blocked:
            page.goto(f"{elsewhere}/course?who=ana&what=activity-1&frame=1")
        assert f'"frame-ancestors {platform.url}"' in blocked.value.text


def test_administrator_manages_platforms(window: Opener) -> None:
    page = window(ADMINISTRATOR)
    page.goto("/lti/platforms/")
    page.get_by_role("link", name="Add a platform").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Add a platform").click()
    page.get_by_label("Name", exact=True).fill("Canvas")
    page.get_by_label("Platform id (issuer)").fill("https://canvas.instructure.test")
    page.get_by_label("Client id").fill("1000")
    for label in ("Authentication request address", "Access token address", "Address of the public keys"):
        page.get_by_label(label).fill("https://sso.canvaslms.test/x")
    page.get_by_text("Further details").click()
    expect(page.get_by_label("Audience of token requests")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Canvas was saved.")).to_be_visible()
    row = page.locator("tr", has_text="canvas.instructure.test")
    row.get_by_role("link", name="Change").click()
    page.get_by_label("Classes can be opened from this platform").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(row.get_by_text("Off")).to_be_visible()
    for press in ("Cancel", "Delete learning platform"):
        row.get_by_role("link", name="Delete").click()
        role: Any = "link" if press == "Cancel" else "button"
        page.get_by_role(role, name=press).click()
    expect(page.get_by_text("Canvas was deleted.")).to_be_visible()
    page.get_by_role("button", name="Replace the key").click()
    expect(page.get_by_text("There is a new key.")).to_be_visible()


def test_the_walkthrough_of_the_documentation(window: Opener, dashboard: Dashboard) -> None:
    address = registration_address(window(ADMINISTRATOR), create_accounts=True)
    done = subprocess.run(
        [sys.executable, "docs/lti_walkthrough.py", address],
        cwd=ROOT, env=os.environ | {"PYTHONUNBUFFERED": "1"}, capture_output=True, text=True, timeout=WALK_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Registered: the dashboard expects launches at http://127.0.0.1:")
    assert lines[1] == "Deep link: the course has the activity “Photosynthesis”"
    assert "Class list: Leo Park, Mia Chen, Sam Weiss" in lines
    assert lines[-3:] == ["Gradebook: leo 0 of 100", "Gradebook: mia 0 of 100", "Gradebook: sam 0 of 100"]
