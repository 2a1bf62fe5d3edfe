"""Live updates do not move what people read or are about to press, as the browser measures it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import open_class, row_of
from tests.browser.school import ADMINISTRATOR, open_classroom

GOOD = 0.1  # browsers call this a good score for a visit
# Rows of a list may move to make space for a new row; nothing else may move.
OBSERVE = """() => {
  window.shifts = [];
  const rows = "tr, ol > li, ul > li, time, .sr-only";
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const moved = entry.sources.map(({ node }) => (node?.nodeType === 3 ? node.parentElement : node));
      const strange = moved.filter((node) => node && !node.closest(rows));
      const words = strange.map((node) => node.outerHTML.slice(0, 120));
      window.shifts.push({ value: entry.value, strange: words });
    }
  }).observe({ type: "layout-shift" });
}"""


def shifts(page: Page) -> tuple[float, list[Any]]:
    """Return the score, and the moved elements that are no rows of a list."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = page.evaluate("window.shifts")
    return sum(one["value"] for one in found), [one for one in found if one["strange"]]


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["wide", "phone"])
def test_a_class(window: Opener, classroom: MakeClassroom, size: tuple[int, int]) -> None:
    room = classroom(f"Quiet 5a {size[0]}")
    for number in range(12):
        room.enter(f"p{number}", f"Student {number:02}")
    page = window(ADMINISTRATOR, viewport={"width": size[0], "height": size[1]})
    open_class(page, room)
    expect(page.locator("#people-here > tr")).to_have_count(13)
    expect(page.locator('html[data-live="stream"]')).to_be_attached()
    page.evaluate(OBSERVE)
    room.enter("new", "Zora New")
    room.act("wave", userUuid="p7")
    room.act("chat", userUuid="p3", message="Which page?")
    room.act("reward", userUuid="p2", change=1)
    room.act("leave", userUuid="p5")
    room.act("record", state=1, mode="web")
    expect(row_of(page, "Zora New")).to_be_attached()
    expect(page.locator("#chat-log")).to_contain_text("Which page?")
    expect(page.locator("#count-hands")).to_have_text("1")
    expect(page.locator("#class-header")).to_contain_text("Recording")
    score, strange = shifts(page)
    assert not strange, strange
    assert score < GOOD


def test_changes_in_a_tile_do_not_move_other_tiles(window: Opener, cloud: RunningSimulator) -> None:
    page = window(ADMINISTRATOR, viewport={"width": 1440, "height": 900})
    first = open_classroom(cloud, "Moving 1a")
    page.goto("/")
    expect(page.get_by_role("link", name=first.name)).to_be_attached()
    expect(page.locator('html[data-live="stream"]')).to_be_attached()
    page.evaluate(OBSERVE)
    first.enter("p1", "Pia Student")
    first.enter("p2", "Ben Student")
    first.act("record", state=1)
    tile = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=first.name))
    expect(tile.get_by_text("Rec", exact=True)).to_be_visible()
    score, _rows = shifts(page)
    assert score < GOOD
