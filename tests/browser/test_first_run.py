"""The first-run page of a new installation: from the code in the log to the invited teacher."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, Opener, running_dashboard, windows
from tests.browser.page_parts import assert_fits, keep_screenshot, press
from tests.browser.school import eventually
from tests.browser.test_every_page import SCHEMES, violations_of
from tests.browser.test_second_factors import code_of, expect_heading

PASSWORD = "quiet-otter-lamp"
TITLE = "Set up the dashboard"
WIDTHS = (390, 1440, 2560)
CODE = re.compile(r"enter the code (\S+)")


@pytest.fixture(scope="module")
def fresh(cloud: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Run a dashboard without accounts."""
    folder = tmp_path_factory.mktemp("fresh")
    with running_dashboard(cloud, folder, accounts="pass", SECOND_FACTOR="administrators") as running:
        yield running


@pytest.fixture
def visit(chromium: Browser, fresh: Dashboard) -> Iterator[Opener]:
    with windows(chromium, fresh.url, lambda _: {}) as open_page:
        yield open_page


def check_looks(page: Page, name: str) -> None:
    """Assert that the page fits all widths, and that axe finds nothing in light and dark mode."""
    assert not violations_of(page), violations_of(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert_fits(page)
        keep_screenshot(page, f"{name}-{width}-light")
    page.set_viewport_size({"width": 1440, "height": 900})


def log_code(fresh: Dashboard) -> str:
    return eventually(lambda: CODE.search(fresh.log.read_text()), within_s=60)[1]


def fill_in(page: Page, code: str, email: str) -> None:
    page.get_by_label("Code from the log").fill(code)
    page.get_by_label("Name", exact=True).fill("Ada Admin")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Repeat the password").fill(PASSWORD)


def test_sysadmin_sets_up_the_dashboard_with_the_code_from_the_log(fresh: Dashboard, visit: Opener) -> None:
    code, page = log_code(fresh), visit(viewport={"width": 1440, "height": 900})
    page.goto("/people/")
    expect_heading(page, TITLE)
    expect(page.get_by_label("Code from the log")).to_be_focused()
    check_looks(page, "first-run")

    fill_in(page, "AAAA-BBBB-CCCC", "ada@school.test")
    press(page, "Create account and sign in")
    expect(page.get_by_text("This is not the code.")).to_be_visible()
    expect(page.get_by_label("Email address")).to_have_value("ada@school.test")
    check_looks(page, "first-run-wrong")

    dark = visit(viewport={"width": 390, "height": 900}, color_scheme="dark")
    dark.goto("/sign-in/")
    expect_heading(dark, TITLE)
    assert not violations_of(dark, rules=SCHEMES["dark"])
    keep_screenshot(dark, "first-run-390-dark")

    # with the keyboard alone
    page.get_by_label("Code from the log").focus()
    for text in (code.lower(), None, None, PASSWORD, PASSWORD):
        if text:
            page.keyboard.press("Control+a")
            page.keyboard.type(text)
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Create account and sign in")).to_be_focused()
    page.keyboard.press("Enter")

    expect_heading(page, "Set up a second factor")
    press(page, "Use an authenticator app")
    page.get_by_text("Can’t scan the picture?").click()
    key = page.get_by_label("Enter this key in the app").input_value()
    page.get_by_label("Code that the app shows now").fill(code_of(key))
    press(page, "Finish")
    press(page, "I have stored the codes")
    check_connection(page)
    invite_teachers(page, visit)

    dark.goto("/")
    expect_heading(dark, "Sign in")
    dark.goto("/first-run/")
    expect_heading(dark, "Sign in")


def check_connection(page: Page) -> None:
    expect(page.get_by_role("heading", level=2, name="Test the connection to the cloud")).to_be_visible()
    press(page, "Skip this step")
    expect(page.get_by_role("heading", level=2, name="Invite a teacher")).to_be_visible()
    page.go_back()
    press(page, "Test the connection")
    expect(page.get_by_role("main").get_by_role("status")).to_contain_text("No problems found.")
    check_looks(page, "first-run-connection")
    press(page, "Continue")


def invite_teachers(page: Page, visit: Opener) -> None:
    expect(page.get_by_role("heading", level=2, name="Invite a teacher")).to_be_visible()
    check_looks(page, "first-run-teacher")
    page.get_by_label("Name", exact=True).fill("Tara Teacher")
    page.get_by_label("Email address").fill("tara@school.test")
    press(page, "Invite teacher")
    expect_heading(page, "Tara Teacher was added")
    press(page, "Copy link")
    address = page.get_by_role("textbox", name="Link").input_value()
    check_looks(page, "first-run-invited")
    press(page, "Invite another teacher")
    press(page, "Skip this step")
    expect_heading(page, "Classes")
    page.go_back()
    page.get_by_label("Name", exact=True).fill("Omar Other")
    page.get_by_label("Email address").fill("omar@school.test")
    press(page, "Invite teacher")
    press(page, "Finish")
    expect_heading(page, "Classes")

    teacher = visit()
    teacher.goto(address)
    teacher.get_by_label("New password", exact=True).fill("blue-teapot-moon")
    teacher.get_by_label("Repeat the new password").fill("blue-teapot-moon")
    press(teacher, "Save and sign in")
    expect_heading(teacher, "Classes")
