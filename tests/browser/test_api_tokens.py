"""API tokens in the browser: create, copy, use and revoke one, as its person and as an administrator."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.page_parts import card, press
from tests.browser.school import ADMINISTRATOR, TEACHER, TEACHER_NAME


def create_token(page: Page, name: str) -> str:
    """Create a token that may read and write, and return it."""
    page.goto("/account/security/")
    page.get_by_role("link", name="Show tokens").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Allowed").select_option("Read and write")
    page.get_by_label("Valid for").select_option("30 days")
    press(page, "Create token")
    return page.get_by_role("textbox", name="Token", exact=True).input_value()


def status(page: Page, token: str) -> int:
    """Return the status with which the API answers the token."""
    headers = {"Authorization": f"Bearer {token}"}
    return page.request.get("/api/v1/me", headers=headers).status


def test_person_creates_uses_and_revokes_a_token(window: Opener) -> None:
    page, program = window(TEACHER), window()
    token = create_token(page, "Timetable import")
    assert status(program, token) == 200
    press(page, "Copy token")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    page.goto("/account/tokens/")
    expect(page.get_by_text(token)).to_have_count(0)
    expect(card(page, "Your tokens").get_by_text("Read and write")).to_be_visible()
    press(page, "Create token")
    expect(page.get_by_text("This field is required.")).to_be_visible()
    page.get_by_role("button", name="Revoke the token Timetable import").click()
    expect(page.get_by_role("status").filter(has_text="no longer works")).to_be_visible()
    assert status(program, token) == 401


def test_administrator_revokes_the_token_of_a_person(window: Opener) -> None:
    page, program = window(TEACHER), window()
    token = create_token(page, "Gradebook")
    administrator = window(ADMINISTRATOR)
    administrator.goto("/people/")
    administrator.get_by_role("link", name=TEACHER_NAME).first.click()
    administrator.get_by_role("button", name="Revoke the token Gradebook").click()
    expect(administrator.get_by_role("status").filter(has_text="no longer works")).to_be_visible()
    assert status(program, token) == 401


def test_documentation_opens_operations_without_scripts_of_others(window: Opener) -> None:
    page = window(TEACHER)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/account/tokens/")
    page.get_by_role("link", name="Documentation of the API").click()
    operation = page.locator("#create_class")
    operation.locator("summary").click()
    expect(operation.get_by_text("starts_at").first).to_be_visible()
    own = page.url.split("/api/")[0]
    assert [url for url in asked if not url.startswith(own)] == []
