"""Every action of a class is near for the keyboard: skip links, one Tab stop for the roster, single keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.long_class import class_after_45_minutes
from tests.browser.page_parts import dialog, open_class, row_of
from tests.browser.school import ADMINISTRATOR, Classroom

MOST_PRESSES = 15
WIDE = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def long_class(cloud: RunningSimulator) -> Classroom:
    return class_after_45_minutes(cloud, "Maths 8b – Thales")


ACTIONS = (
    "#do-class-mute-all", "#do-class-announce", "#do-record-stop", "#do-class-end", ".head-more > summary",
    "#find-person", "#people-here .who", "#people-here .menu-of", "#people-here .remove", "#hands-queue .who",
    "#do-hands-lower-hands", "#hands-queue [name='stage_on']", "#do-question-quiz", "#do-question-countdown",
    "#question-list a", "#find-message", "#chat a", "#chat-mute button", "#say-text",
    '.rail [data-part="files"] a', '.rail [data-part="details"] a', "#quiet",
)  # fmt: skip


def reached(page: Page, skip: int) -> set[str]:
    """Return the actions that 15 Tab presses from the top reach, with skip link number `skip`."""
    page.goto(page.url.partition("#")[0])
    found: set[str] = set()
    for press in range(1, MOST_PRESSES + 1):
        page.keyboard.press("Tab")
        if press == skip:
            page.keyboard.press("Enter")
        focused = "(wanted) => wanted.filter((one) => document.activeElement.closest(one))"
        found |= set(page.evaluate(focused, list(ACTIONS)))
    return found


def test_every_action_is_within_15_tab_presses(window: Opener, long_class: Classroom) -> None:
    page = window(ADMINISTRATOR, viewport=WIDE)
    open_class(page, long_class)
    expect(page.locator("#people-here > tr")).to_have_count(31)
    for arrives_later in ("#question-list a", "#chat a", "#hands-queue .who"):
        expect(page.locator(arrives_later).first).to_be_attached()
    skips = page.locator("a.skip").count()
    assert set(ACTIONS) == set().union(*(reached(page, skip) for skip in range(skips + 1)))


def test_arrow_keys_move_through_the_roster_and_a_change_keeps_the_place(
    window: Opener, classroom: MakeClassroom
) -> None:
    room = classroom("Arrows 4a")
    for number, name in enumerate(("Ada Ant", "Bob Bee", "Cleo Cat")):
        room.enter(f"a{number}", name)
    page = window(ADMINISTRATOR, viewport=WIDE)
    open_class(page, room)
    expect(row_of(page, "Cleo Cat")).to_be_visible()
    expect(page.locator('html[data-live="stream"]')).to_be_attached()
    row_of(page, "Ada Ant").locator(".who").focus()
    page.keyboard.press("ArrowDown")
    expect(row_of(page, "Bob Bee").locator(".who")).to_be_focused()
    page.keyboard.press("ArrowRight")
    stage = "[data-key='s']"
    expect(row_of(page, "Bob Bee").locator(stage)).to_be_focused()
    room.act("wave", userUuid="a1")
    expect(row_of(page, "Bob Bee")).to_contain_text("Hand raised")
    expect(row_of(page, "Bob Bee").locator(stage)).to_be_focused()
    page.keyboard.press("j")
    expect(row_of(page, "Cleo Cat").locator(stage)).to_be_focused()
    page.keyboard.press("Delete")
    expect(dialog(page)).to_contain_text("Cleo Cat")
    page.keyboard.press("Escape")
    expect(row_of(page, "Cleo Cat").locator(".remove")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#find-person")).to_be_focused()
    stops = (
        "[...document.querySelectorAll('#people-here :is(a, button)')].filter((one) => one.tabIndex === 0)"
    )
    assert page.evaluate(f"new Set({stops}.map((one) => one.closest('tr'))).size") == 1


def test_keys_choose_a_panel_and_the_choice_is_kept(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Choice 4b")
    page = window(ADMINISTRATOR, viewport=WIDE)
    open_class(page, room)
    # the scripts of the page are running
    expect(page.locator('.rail [data-part="chat"] a')).to_have_attribute("aria-current", "true")
    page.keyboard.press("2")
    expect(page.locator("#files")).to_contain_text("No files are shared with this class.")
    expect(page.locator("#chat")).to_be_hidden()
    room.act("chat", userUuid="teacher-1", message="Read this")
    expect(page.locator("#count-chat")).to_have_text("1")
    page.goto(page.url.partition("?")[0])
    expect(page.locator("#files")).to_be_visible()
    expect(page.locator('.rail [data-part="files"] a')).to_have_attribute("aria-current", "true")
    page.keyboard.press("1")
    expect(page.locator("#chat-log")).to_contain_text("Read this")
    expect(page.locator("#count-chat")).to_be_hidden()
    page.locator('[data-sort="hand"]').click()
    expect(page.locator('th[aria-sort="ascending"]')).to_contain_text("Hand")


def test_without_scripts_links_lead_to_every_panel(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("No scripts 4c")
    with_scripts = window(ADMINISTRATOR)
    open_class(with_scripts, room)
    page = window(ADMINISTRATOR, viewport=WIDE, java_script_enabled=False)
    page.goto(with_scripts.url.partition("?")[0])
    for name in ("files", "recording", "groups", "attendance", "events", "commands", "details"):
        page.locator(f'.rail [data-part="{name}"] a').click()
        expect(page.locator(f"#{name}")).to_be_visible()
        expect(page.locator(f"#{name}")).not_to_contain_text("Loading")
