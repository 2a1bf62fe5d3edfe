"""Import, export and bulk deactivation of people, by mouse and keyboard."""

from __future__ import annotations

import uuid

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Opener
from tests.browser.page_parts import assert_fits, keep_screenshot, press
from tests.browser.school import ADMINISTRATOR

FILE = "File (XLSX, XLS, ODS, CSV or TSV)"


def uploaded(page: Page, content: str) -> None:
    """Upload a file with people and open the preview."""
    page.goto("/people/")
    press(page, "Import people")
    file: FilePayload = {"name": "staff.csv", "mimeType": "text/csv", "buffer": content.encode()}
    page.get_by_label(FILE).set_input_files(file)
    press(page, "Upload file")
    expect(page.get_by_role("heading", level=1)).to_have_text("Columns")
    press(page, "Preview changes")
    expect(page.get_by_role("heading", level=1)).to_have_text("Changes")


def assert_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def select(page: Page, mark: str, *names: str) -> None:
    """Search for the people of this test and select some of them."""
    page.goto(f"/people/?q={mark}")
    for name in names:
        page.get_by_label(f"Select {name}").check()


def test_people_are_imported_changed_deactivated_and_reactivated(window: Opener) -> None:
    mark = uuid.uuid4().hex[:6]  # a second run of this test must use other accounts
    one, two = f"Uma {mark}", f"Wim {mark}"
    rows = [f"{one},uma-{mark}@school.test,yes", f"{two},wim-{mark}@school.test,yes"]
    page = window(ADMINISTRATOR, viewport={"width": 390, "height": 844})
    page.goto("/people/import/")
    page.get_by_role("main").get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    uploaded(page, "\n".join(["name,e-mail,active", *rows, ""]))
    changes = page.get_by_role("region", name="Changes")
    expect(changes).to_contain_text(f"wim-{mark}@school.test · Teacher")
    page.get_by_label("Role of new people").select_option(label="Assistant")
    press(page, "Show")
    expect(changes).to_contain_text(f"wim-{mark}@school.test · Assistant")
    assert_fits(page)
    assert_accessible(page)
    keep_screenshot(page, "people-import-preview")
    changes.locator("summary").filter(has_text="Added").click()
    expect(changes.get_by_text(one)).to_be_hidden()
    press(page, "Save changes")
    expect(page.get_by_text("2 added, 0 changed, 0 deactivated, 0 reactivated")).to_be_visible()

    uploaded(
        page, f"name,e-mail,active\nUma K. {mark},uma-{mark}@school.test,\n{two},wim-{mark}@school.test,no\n"
    )
    changes.locator("summary").filter(has_text="Changed").click()
    expect(changes.get_by_text(f"Uma K. {mark}").first).to_be_hidden()
    page.get_by_role("main").get_by_role("link", name="Cancel").click()

    page.set_viewport_size({"width": 1440, "height": 900})
    select(page, mark, one, two)
    assert_accessible(page)
    keep_screenshot(page, "people-selected")
    press(page, "Deactivate selected")
    expect(page.get_by_role("heading", level=1)).to_have_text("Deactivate people")
    page.get_by_role("main").get_by_role("link", name="Cancel").click()
    select(page, mark, one, two)
    press(page, "Deactivate selected")
    assert_accessible(page)
    page.get_by_role("button", name="Deactivate", exact=True).click()
    expect(page.get_by_text("2 people were deactivated and signed out everywhere.")).to_be_visible()
    select(page, mark, one)
    page.get_by_role("button", name="Reactivate selected").press("Enter")
    page.get_by_role("button", name="Reactivate", exact=True).press("Enter")
    expect(page.get_by_text("1 person can sign in again.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert f"{two},wim-{mark}@school.test,assistant,no" in text
    assert f"{one},uma-{mark}@school.test,assistant,yes" in text
