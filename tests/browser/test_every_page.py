"""What holds for every page: axe finds nothing, nothing scrolls sideways, little is loaded, and no English is
left where another language is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Opener
from tests.browser.every_page import FOR_NOBODY, NO_PAGES, PAGES, Here, addresses, find
from tests.browser.looking import assert_fits
from tests.browser.scene import furnish
from tests.browser.school import ADMINISTRATOR, Classroom, open_classroom

JS_BYTES, CSS_BYTES = 30 * 1024, 20 * 1024
WIDTHS = (360, 768, 1440, 2560)
LOADED = """() => Object.fromEntries([".js", ".css"].map((kind) => [kind,
  performance.getEntriesByType("resource").filter(({ name }) => new URL(name).pathname.endsWith(kind))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)]))"""
# words that a person reads, without what people, files and the cloud call themselves
WORDS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const theirs = "bdi, code, pre, .mono, [dir=auto], script, style, .account-name, .who, [lang]:not(html),"
    + ".facts dd, option";
  while (walk.nextNode()) {
    const { parentElement, data } = walk.currentNode;
    if (data.trim() && !parentElement.closest(theirs)) found.push(data.trim());
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
    if (element.closest(theirs)) continue;
    for (const name of ["aria-label", "title", "placeholder"]) {
      if (element.getAttribute(name)) found.push(element.getAttribute(name));
    }
  }
  return found;
}"""
# names that are the same in every language
NAMES = re.compile(
    r"Classroom Admin|App ID|AGORA_\w+|JOIN_\w+|PUBLIC_\w+|https?:\S*|\S+@\S+|\b[A-Z]{2,5}\b|Ctrl\+C|Cookie"
    r"|\bJSON\b|\broomUuid\b|\bmin\b"
)
ENGLISH = re.compile(r"[A-Za-z]{3,}")


@pytest.fixture(scope="module")
def room(cloud: RunningSimulator) -> Classroom:
    shown = open_classroom(cloud, "Every page 3c", teacher_name="Tara Teacher")
    furnish(shown)
    return shown


@pytest.fixture
def here(window: Opener, room: Classroom) -> Here:
    return find(window(ADMINISTRATOR), room)


def test_every_address_is_in_a_table() -> None:
    assert addresses() == (set(PAGES) | set(FOR_NOBODY) - {"404"} | NO_PAGES)


def every(window: Opener, here: Here, **settings: object) -> Iterator[tuple[str, Page]]:
    """Each page in turn, loaded: those for administrators, then those for whoever comes."""
    for email, paths in ((ADMINISTRATOR, here.paths()), (None, FOR_NOBODY)):
        page = window(email, **settings)
        for name, path in paths.items():
            page.goto(path, wait_until="load")
            expect(page.get_by_role("main")).to_be_visible()
            yield name, page


def complaints(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: " + "; ".join(node["html"][:160] for node in one["nodes"][:4])
        for one in violations
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("language", "scheme"),
    [("en", "light"), ("en", "dark"), ("ar", "light")],
    ids=["light", "dark", "arabic"],
)
def test_axe_finds_nothing(window: Opener, here: Here, room: Classroom, language: str, scheme: str) -> None:
    wrong: dict[str, list[str]] = {}
    look = {"locale": language, "color_scheme": scheme}
    for name, page in every(window, here, **look):
        if found := complaints(page):
            wrong[name] = found
    page = window(ADMINISTRATOR, **look)
    page.goto(f"/classes/{here.room}/")
    for opened in dialogs_and_menus(page):
        if found := complaints(page):
            wrong[opened] = found
    assert not wrong, "\n".join(f"{name}: {line}" for name, lines in wrong.items() for line in lines)


def dialogs_and_menus(page: Page) -> Iterator[str]:
    """Opens each kind of dialog, and each menu, of the page in turn."""
    for menu in page.locator("details.menu > summary").all():
        menu.click()
        yield f"menu {menu.inner_text()}"
        page.keyboard.press("Escape")
    addresses = page.locator("a[data-dialog]").evaluate_all("(links) => links.map((link) => link.pathname)")
    kinds = {re.sub(r"/\d+/", "/0/", path): path for path in addresses}
    for kind, path in kinds.items():
        link = page.locator(f'a[data-dialog][href="{path}"]').first
        link.scroll_into_view_if_needed()
        link.dispatch_event("click")
        expect(page.get_by_role("dialog")).to_be_visible()
        yield f"dialog {kind}"
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_page_scrolls_sideways(window: Opener, here: Here, language: str) -> None:
    for _name, page in every(window, here, locale=language, viewport={"width": 1440, "height": 900}):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert_fits(page)


@pytest.mark.timeout(300)
def test_budgets_of_scripts_and_styles(window: Opener, here: Here) -> None:
    """As they come over the line, compressed, with nothing in the cache."""
    over = {}
    for name, path in here.paths().items():
        page = window(ADMINISTRATOR)
        page.goto(path, wait_until="load")
        loaded = page.evaluate(LOADED)
        page.context.close()
        assert loaded[".js"] > 5000, "nothing was measured"
        if loaded[".js"] > JS_BYTES or loaded[".css"] > CSS_BYTES:
            over[name] = loaded
    assert not over


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["zh-Hans-CN", "ar"])
def test_no_english_is_left(window: Opener, here: Here, language: str) -> None:
    left: dict[str, set[str]] = {}
    for name, page in every(window, here, locale=language):
        for words in page.evaluate(WORDS):
            if ENGLISH.search(NAMES.sub("", words)):
                left.setdefault(words, set()).add(name)
    assert not left, "\n".join(f"{words!r} on {', '.join(sorted(pages))}" for words, pages in left.items())
