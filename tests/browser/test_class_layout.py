"""The class page fits one window at every width, and nothing in it moves when numbers grow."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Opener
from tests.browser.long_class import class_after_45_minutes, class_of_a_thousand
from tests.browser.page_parts import assert_fits, keep_screenshot, open_class
from tests.browser.school import ADMINISTRATOR, Classroom
from tests.browser.test_every_page import violations_of

SIZES = {320: 640, 390: 844, 1024: 768, 1344: 800, 1440: 900, 1792: 1000, 2560: 1440}
HANDS_IN_VIEW = 5


@pytest.fixture(scope="module")
def long_class(cloud: RunningSimulator) -> Classroom:
    return class_after_45_minutes(cloud)


@pytest.fixture(scope="module")
def big_class(cloud: RunningSimulator) -> Classroom:
    return class_of_a_thousand(cloud)


def opened(window: Opener, room: Classroom, width: int, **settings: Any) -> Page:
    page = window(ADMINISTRATOR, viewport={"width": width, "height": SIZES[width]}, **settings)
    open_class(page, room)
    expect(page.locator('html[data-live="stream"]')).to_be_attached()
    expect(page.locator(".panel.htmx-request")).to_have_count(0)  # each panel has its content
    return page


# The elements that a selector finds and that lie wholly inside the window and inside their panel.
IN_VIEW = """(selector) => [...document.querySelectorAll(selector)].filter((one) => {
  const box = one.getBoundingClientRect();
  const panel = (one.closest(".scroll") || document.documentElement).getBoundingClientRect();
  const low = Math.min(innerHeight, panel.bottom) + 1;
  return box.width > 0 && box.top >= Math.max(0, panel.top) - 1 && box.bottom <= low
    && box.left >= 0 && box.right <= innerWidth;
}).length"""


def test_at_1440_everything_that_matters_is_in_view(window: Opener, long_class: Classroom) -> None:
    page = opened(window, long_class, 1440)
    expect(page.locator("#question-list > .running")).to_be_visible()
    keep_screenshot(page, "long-class-1440")
    for selector in (
        "h1", ".head-title .badge", ".run time", ".rec", "#do-record-stop", "#do-class-end",
        ".head-more > summary", ".last-command", "#freshness", "#question-list > .running",
    ):  # fmt: skip
        assert page.evaluate(IN_VIEW, selector) == 1, selector
    assert page.evaluate(IN_VIEW, "#people-here > tr") >= 16  # the teacher and 15 students
    assert page.evaluate(IN_VIEW, "#hands-queue > li") == 3
    assert page.evaluate(IN_VIEW, "#chat-log > li") >= 4
    assert page.evaluate(IN_VIEW, "#people-here .remove") >= 15


@pytest.mark.parametrize("width", SIZES)
def test_only_panels_scroll(window: Opener, long_class: Classroom, width: int) -> None:
    page = opened(window, long_class, width)
    keep_screenshot(page, f"long-class-{width}")
    assert_fits(page)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


@pytest.mark.parametrize("width", [390, 1440])
def test_only_panels_scroll_from_right_to_left(window: Opener, long_class: Classroom, width: int) -> None:
    page = opened(window, long_class, width, locale="ar", color_scheme="dark")
    keep_screenshot(page, f"long-class-{width}-rtl-dark")
    assert_fits(page)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_the_page_stays_in_one_window_during_an_outage(
    window: Opener, cloud: RunningSimulator, long_class: Classroom, width: int
) -> None:
    page = opened(window, long_class, width)
    cloud.fault("unavailable", route="poll")
    try:
        expect(page.locator("#outage")).to_be_visible(timeout=30_000)
        keep_screenshot(page, f"long-class-{width}-outage")
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        assert page.evaluate(IN_VIEW, ".rail") == 1
        assert page.evaluate(IN_VIEW, "#people-here > tr") >= 1
    finally:
        cloud.clear_faults()
    expect(page.locator("#outage")).to_be_hidden(timeout=60_000)


@pytest.mark.parametrize("locale", ["en", "es", "ar"])
def test_tabs_of_the_chat_are_in_one_line(window: Opener, long_class: Classroom, locale: str) -> None:
    page = opened(window, long_class, 1440, locale=locale)
    tops = page.locator(".talk-tabs label").evaluate_all("tabs => tabs.map(tab => tab.offsetTop)")
    assert len(tops) == 3
    assert len(set(tops)) == 1


@pytest.mark.parametrize("language", ["ar", "es", "zh-Hans-CN"])
@pytest.mark.parametrize("width", [1024, 1440])
def test_headings_of_the_roster_do_not_overlap(
    window: Opener, long_class: Classroom, width: int, language: str
) -> None:
    page = opened(window, long_class, width, locale=language)
    beyond = """(headings) => headings.filter((one) => {
      const [own, cell] = [one, one.parentNode].map((each) => each.getBoundingClientRect());
      return own.left < cell.left - 1 || own.right > cell.right + 1 || own.height > cell.height;
    }).map((one) => one.textContent)"""
    assert page.locator(".roster thead button").evaluate_all(beyond) == []
    assert_fits(page)


@pytest.mark.parametrize("width", SIZES)
def test_numbers_of_four_digits_move_nothing(window: Opener, long_class: Classroom, width: int) -> None:
    page = opened(window, long_class, width)
    places = """() => [...document.querySelectorAll(
        `.panel, .panel > header > *, .head-do, .head-do *, .head-title > *, #people-here > tr,
        #people-here td, .rail li, .rail a`)]
      .filter((one) => one.getClientRects().length)
      .map((one) => [one.className || one.tagName, one.getBoundingClientRect()])
      .map(([name, box]) => `${name} ${[box.x, box.y, box.width, box.height].map(Math.round)}`)"""
    before = page.evaluate(places)
    page.evaluate(
        """() => document.querySelectorAll(`.number, .sum span, .count span, #hands-sum,
            .more-of`).forEach((one) => {
          for (const text of one.childNodes) {
            if (text.nodeType === 3) text.nodeValue = text.nodeValue.replace(/\\d+(:\\d+)*/, "9999");
          }
        })"""
    )
    assert page.evaluate(places) == before


def test_five_raised_hands_are_in_view_and_the_rest_is_a_number(window: Opener, big_class: Classroom) -> None:
    page = opened(window, big_class, 1440)
    expect(page.locator("#hands-queue > li")).to_have_count(43)
    assert page.evaluate(IN_VIEW, "#hands-queue > li") == HANDS_IN_VIEW
    expect(page.locator("#hands-beyond")).to_have_text("38 more")
    keep_screenshot(page, "big-class-1440")
    assert_fits(page)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing(window: Opener, long_class: Classroom, big_class: Classroom, width: int) -> None:
    for room in (long_class, big_class):
        page = opened(window, room, width, reduced_motion="reduce")
        assert violations_of(page) == []
