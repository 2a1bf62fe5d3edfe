"""The school's own face: the settings with their preview, the announcement, and the pages that show it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import assert_fits, keep_screenshot, open_class, press
from tests.browser.school import ADMINISTRATOR, TEACHER
from tests.web.face.pictures import png

LOGO: FilePayload = {"name": "logo.png", "mimeType": "image/png", "buffer": png(96, 48)}
ACCENT = "getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()"
_CLEAN = """
from classroom_admin.accounts.models import SchoolFace, SchoolLogo, User
SchoolFace.objects.all().delete(); SchoolLogo.objects.all().delete(); User.objects.update(dismissed_banner=0)
"""


@pytest.fixture
def plain_again(dashboard: Dashboard, window: Opener) -> Iterator[None]:
    """Give the shared dashboard its usual face back, and wait until its pages show it."""
    yield
    done = dashboard.manage("shell", "--verbosity", "0", "-c", _CLEAN)
    assert done.returncode == 0, done.stderr
    page = window()
    page.goto("/sign-in/")
    for _attempt in range(200):
        if "Classroom Admin" in page.title():
            return
        page.reload()
    pytest.fail("the pages still show the face of this test")


def assert_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def press_and_wait(page: Page, name: str) -> None:
    """Press a button whose answer is another page."""
    with page.expect_navigation():
        press(page, name)


def test_the_preview_follows_the_form_and_all_pages_show_what_was_saved(
    window: Opener, classroom: MakeClassroom, plain_again: None
) -> None:
    page = window(ADMINISTRATOR, viewport={"width": 1440, "height": 1000})
    page.goto("/settings/")
    press(page, "Appearance")
    page.get_by_label("Logo (PNG, JPEG or WebP)").set_input_files(LOGO)
    press_and_wait(page, "Upload logo")
    expect(page.get_by_role("img", name="The logo of the school")).to_be_visible()

    light, dark = (page.get_by_role("region", name=f"{mode} mode") for mode in ("Light", "Dark"))
    page.get_by_label("Name of the school").fill("Hill School")
    for half in (light, dark):
        expect(half).to_contain_text("Hill School")
    page.locator("#id_colour").fill("#ffd400")
    expect(page.get_by_text("Texts in #ffd400 would be hard to read on white.")).to_be_visible()
    page.get_by_label("Choose a colour").fill("#c8102e")
    expect(page.get_by_text("Texts in #c8102e are easy to read")).to_be_visible()
    expect(page.locator("#id_colour")).to_have_value("#c8102e")
    button = light.locator(".face-button")
    expect(button).to_have_css("background-color", "rgb(200, 16, 46)")
    page.get_by_role("textbox", name="Text").fill("No classes on Friday")
    page.get_by_label("Importance").select_option(label="Warning")
    expect(dark).to_contain_text("No classes on Friday")
    page.get_by_label("Link to help").fill("https://hill.example/help")
    page.get_by_label("Link to the privacy statement").fill("https://hill.example/privacy")
    page.get_by_label("Show it on the sign-in page and to students who join, too").check()
    assert page.evaluate(ACCENT) == "#3a4bc8"  # nothing is saved yet
    assert_fits(page)
    assert_accessible(page)
    keep_screenshot(page, "appearance")
    press_and_wait(page, "Save")
    expect(page.get_by_text("All pages show it within seconds.")).to_be_visible()
    assert page.evaluate(ACCENT) == "#c8102e"

    visitor = window(color_scheme="dark", viewport={"width": 390, "height": 844})
    visitor.goto("/sign-in/")
    expect(visitor.get_by_role("link", name="Hill School: classes")).to_be_visible()
    expect(visitor.locator(".bar").get_by_text("Hill School")).to_be_visible()
    expect(visitor.get_by_role("region", name="Announcement of the school")).to_contain_text("Friday")
    expect(visitor.get_by_role("link", name="Privacy statement")).to_be_visible()
    assert visitor.evaluate(ACCENT) not in ("#c8102e", "#a3b1ff")
    assert_fits(visitor)
    assert_accessible(visitor)
    keep_screenshot(visitor, "appearance-sign-in")

    teacher = window(TEACHER, viewport={"width": 1440, "height": 900})
    open_class(teacher, classroom("Face 4a"))
    banner = teacher.get_by_role("region", name="Announcement of the school")
    expect(banner).to_be_visible()
    assert_accessible(teacher)
    keep_screenshot(teacher, "appearance-class")
    press(teacher, "Dismiss")
    expect(banner).to_have_count(0)
    teacher.goto("/")
    expect(teacher.get_by_role("heading", level=1)).to_be_visible()
    expect(banner).to_have_count(0)
    for width in (390, 2560):
        teacher.set_viewport_size({"width": width, "height": 900})
        assert_fits(teacher)

    page.goto("/appearance/")
    press_and_wait(page, "Remove logo")
    expect(page.get_by_text("The logo was removed.")).to_be_visible()
