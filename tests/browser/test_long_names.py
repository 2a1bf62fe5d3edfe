"""Long names, classes that run for long, and large numbers fit every page and every width."""

import pytest
from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.every_page import paths
from tests.browser.page_parts import open_class, roster, row_of
from tests.browser.scene import STUDENTS, complete, fail_a_recording, furnish
from tests.browser.school import ADMINISTRATOR, TEACHER, Classroom, open_classroom
from tests.browser.test_every_page import listed, too_wide

# At 200 % zoom, a window of 640 to 1200 pixels has the widths 320 to 600.
WIDTHS = (320, 390, 480, 600, 768, 1024, 1440, 2560)
# One word, and many words: both up to what the cloud stores.
WORD = "Bundesausbildungsfoerderungsgesetz" * 7
WORDS = ("Señora María de los Ángeles Fernández-Villaverde y Martínez-Bordiú " * 4)[:240]
# Let all times be earlier: classes run for long, and hands and stays last for long.
EARLIER = """(minutes) => {
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.dateTime = new Date(Date.parse(time.dateTime) - minutes * 60000).toISOString();
  }
  for (const clock of document.querySelectorAll("[data-from]")) {
    clock.dataset.from = new Date(Date.parse(clock.dataset.from) - minutes * 60000).toISOString();
  }
  window.writeTimes(document);
}"""
DAY = 24 * 60
# Let all numbers have four digits.
THOUSANDS = """() => {
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const counts = ".number, .n, .badge, .mark, .more-of, .fact, .tabs span, h2 span";
  while (walk.nextNode()) {
    const { parentElement, data } = walk.currentNode;
    if (parentElement.closest(counts) && !parentElement.closest("time")) {
      walk.currentNode.data = data.replace(/\\b\\d{1,3}\\b/, "1234");
    }
  }
}"""
# Pairs of visible texts that overlap, and texts that leave their row.
OVERLAPPING = """(selector) => {
  const found = [];
  for (const row of document.querySelectorAll(selector)) {
    const texts = [];
    const walk = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const { parentElement, data } = walk.currentNode;
      if (!data.trim() || parentElement.closest(".sr-only, [hidden]")) continue;
      const clips = [];
      for (let one = parentElement; one !== row; one = one.parentElement) {
        if (getComputedStyle(one).overflowX !== "visible") clips.push(one.getBoundingClientRect());
      }
      const range = document.createRange();
      range.selectNodeContents(walk.currentNode);
      for (const box of range.getClientRects()) {
        const right = Math.min(box.right, ...clips.map((clip) => clip.right));
        const left = Math.max(box.left, ...clips.map((clip) => clip.left));
        const bottom = Math.min(box.bottom, ...clips.map((clip) => clip.bottom));
        if (right - left > 1 && bottom - box.top > 1) {
          const words = data.trim().slice(0, 40);
          texts.push({ words, of: walk.currentNode, left, right, top: box.top, bottom });
        }
      }
    }
    const own = row.getBoundingClientRect();
    for (const [at, one] of texts.entries()) {
      if (one.right > own.right + 1 || one.left < own.left - 1) found.push(`outside: ${one.words}`);
      for (const other of texts.slice(at + 1)) {
        const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (one.of !== other.of && wide > 2 && high > 4) found.push(`${one.words} / ${other.words}`);
      }
    }
  }
  return found;
}"""


def long_names(long: str) -> list[tuple[str, str]]:
    return [(user_uuid, f"{name} {long}"[:250]) for user_uuid, name in STUDENTS]


@pytest.fixture(scope="module")
def here(cloud: RunningSimulator, dashboard: Dashboard) -> dict[str, str]:
    """Return the keys in the addresses of a class in which every name has one long word."""
    long = WORD
    shown = open_classroom(cloud, f"Long {long}"[:60], teacher_name=long)
    furnish(shown, students=long_names(long), suffix=f" {long[:40]}")
    failed = open_classroom(cloud, f"Failed {long}"[:60], teacher_name=long)
    fail_a_recording(failed)
    return complete(
        shown, failed, dashboard,
        students=long_names(long), list_name=f"List {long}"[:100], series_name=f"Series {long}"[:60],
    )  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(400)
def test_no_page_scrolls_sideways_with_the_longest_names(window: Opener, here: dict[str, str]) -> None:
    page = window(ADMINISTRATOR)
    wrong: dict[str, list[str]] = {}
    for name, path in paths(here).items():
        page.goto(path, wait_until="load")
        expect(page.get_by_role("main")).to_be_visible()
        for earlier in (65, 2 * DAY):
            page.evaluate(EARLIER, earlier)
            if found := too_wide(page, WIDTHS):
                wrong[f"{name}, {earlier} minutes"] = found
    assert not wrong, listed(wrong)


def in_rows(page: Page) -> None:
    page.locator(".wall-view > summary").click()
    page.get_by_text("Rows instead of tiles").click()
    page.keyboard.press("Escape")


def ended_with_people(room: Classroom) -> None:
    room.enter("p1", "Pia Student")
    room.act("state", state=2)


def test_texts_in_tiles_and_rows_do_not_overlap(
    window: Opener, here: dict[str, str], classroom: MakeClassroom
) -> None:
    """Such as "Ended" and the name beside it."""
    ended = classroom("Long after its end")
    ended_with_people(ended)
    page = window(ADMINISTRATOR)
    page.goto("/?q=long")
    expect(page.locator(".tile").filter(has_text=ended.name)).to_contain_text("Ended")
    wrong = []
    for view in ("tiles", "rows"):
        if view == "rows":
            in_rows(page)
        page.evaluate(THOUSANDS)
        for earlier in (0, 65, 2 * DAY):
            page.evaluate(EARLIER, earlier)
            for width in (*WIDTHS, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                found = page.evaluate(OVERLAPPING, "#classes-live > .tile")
                wrong += [f"{view} at {width}: {words}" for words in found]
    assert not wrong, "\n".join(wrong)


def test_texts_in_the_roster_do_not_overlap(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Roster of long names")
    furnish(room, students=long_names(WORDS))
    room.act("reward", userUuid="p1", change=12)
    page = window(TEACHER)
    open_class(page, room)
    expect(row_of(page, "Zoë Brandt")).to_contain_text("12")
    rewards = row_of(page, "Zoë Brandt").get_by_title("Rewards")
    wrong = []
    for change in (None, THOUSANDS):
        if change:
            page.evaluate(change)
            expect(rewards).to_contain_text("1234")
        page.evaluate(EARLIER, 65)
        for width in (*WIDTHS, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            found = page.evaluate(OVERLAPPING, ".roster tbody tr")
            wrong += [f"at {width}: {words}" for words in found]
            lines = rewards.evaluate("(mark) => mark.getClientRects().length")
            if lines > 1:
                wrong.append(f"at {width}: the rewards take {lines} lines")
    assert not wrong, "\n".join(wrong)
    expect(roster(page)).to_be_visible()


# The contrast of a button's words as the browser shows them (WCAG 2.2).
CONTRAST = """(button) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (colours) => {
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const under = getComputedStyle(document.body.parentElement).backgroundColor;
  const { backgroundColor, color } = getComputedStyle(button);
  const back = luminance([under, backgroundColor]);
  const front = luminance([under, backgroundColor, color]);
  return (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["", "primary", "danger", "danger primary", "plain"])
def test_words_of_a_busy_button_are_legible_under_the_pointer(window: Opener, kind: str, scheme: str) -> None:
    page = window(TEACHER, color_scheme=scheme, reduced_motion="reduce")
    page.goto("/")
    page.evaluate(
        """(kind) => document.querySelector("main").insertAdjacentHTML("afterbegin",
             `<button id="busy" class="button ${kind}" aria-busy="true" disabled>Start class</button>`)""",
        kind,
    )
    button = page.locator("#busy")
    for hovered in (False, True):
        if hovered:
            box = button.bounding_box()
            assert box
            page.mouse.move(box["x"] + 5, box["y"] + 5)
            assert button.evaluate("(one) => one.matches(':hover')")
        page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished)).then(() => true)")
        assert button.evaluate(CONTRAST) >= 4.5, f"{kind} {scheme}, hovered: {hovered}"
