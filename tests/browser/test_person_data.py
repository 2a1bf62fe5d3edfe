"""An administrator finds a student, exports the student's data and erases it, with every button."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

from playwright.sync_api import Page, expect

from tests.browser.conftest import Dashboard, MakeClassroom, Opener, sign_in
from tests.browser.page_parts import assert_fits, keep_screenshot
from tests.browser.school import ADMINISTRATOR, TEACHER_NAME, Classroom, eventually
from tests.browser.test_exports import downloaded

NAME = "Erika Canary"


def choose(page: Page, *, cancel: bool = False) -> None:
    """Open the student's data from the search of the page, and show what is stored."""
    page.goto("/privacy/people/")
    page.get_by_label("Name, email address or cloud user id").fill("erika can")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.get_by_role("link", name=NAME).click()
    if cancel:
        page.get_by_role("link", name="Cancel", exact=True).click()
        page.go_back()
    page.get_by_role("button", name="Show what is stored").click()


def test_a_student_is_exported_and_erased(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard, tmp_path: Path
) -> None:
    room = classroom("Privacy 7b")
    room.enter("erika-canary-1", NAME)
    room.act("chat", userUuid="erika-canary-1", message="My own words")
    room.act("leave", userUuid="erika-canary-1")
    eventually(lambda: NAME in names_in(dashboard, room))
    page = window(viewport={"width": 1440, "height": 900})
    sign_in(page, ADMINISTRATOR)  # an export and an erasure need a recent sign-in
    reach_the_pages(page)
    export(page, tmp_path)
    erase(page)
    page.goto("/search/?q=Erika")
    expect(page.get_by_role("main")).to_contain_text("No matching classes or people")
    assert NAME not in names_in(dashboard, room)


def names_in(dashboard: Dashboard, room: Classroom) -> list[str]:
    return [one["name"] for one in dashboard.room(room.uuid)["participants"]]


def reach_the_pages(page: Page) -> None:
    """Follow the buttons on the pages of settings, of an account and of a student."""
    page.goto("/settings/")
    page.get_by_role("link", name="Data of a person").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Data of a person")
    page.goto("/people/")
    page.get_by_role("link", name=TEACHER_NAME).first.click()
    page.get_by_role("link", name="Data of this person").click()
    expect(page.get_by_role("checkbox", checked=True).first).to_be_visible()
    page.goto(f"/search/?q={NAME}")
    page.get_by_role("main").get_by_role("link", name=NAME).first.click()
    page.get_by_role("link", name="Data of this person").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)


def export(page: Page, folder: Path) -> None:
    choose(page, cancel=True)
    expect(page.get_by_role("table")).to_contain_text("Chat messages")
    keep_screenshot(page, "person-data", full=True)
    page.get_by_role("button", name="Export data").click()
    with ZipFile(downloaded(page, "Download", folder)) as archive:
        assert json.loads(archive.read("chat.json"))[0]["text"] == "My own words"


def erase(page: Page) -> None:
    choose(page)
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.set_viewport_size({"width": 390, "height": 844})
    choose(page)
    expect(page.get_by_label("To confirm, type")).to_be_visible()  # the page has been opened
    assert_fits(page)
    page.get_by_role("radio", name="Pseudonymise").check()
    page.get_by_label("To confirm, type").fill("Another Person")
    page.get_by_role("button", name="Erase person").click()
    expect(page.get_by_role("alert")).to_contain_text("is not the name of the person")
    page.get_by_role("radio", name="Erase", exact=False).last.check()
    page.get_by_label("To confirm, type").fill(NAME)
    page.get_by_role("button", name="Erase person").click()
    expect(page.get_by_text("The data was erased")).to_be_visible(timeout=60_000)
    assert_fits(page)
    keep_screenshot(page, "person-erased", full=True)
