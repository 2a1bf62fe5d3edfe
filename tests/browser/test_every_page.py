"""Check every page: axe, sideways scrolling, the size of scripts and style sheets, untranslated texts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, Opener
from tests.browser.every_page import FOR_NOBODY, NO_PAGES, NOT_FOUND, PAGES, addresses, paths
from tests.browser.page_parts import assert_fits
from tests.browser.report_presses import PRESSES, REPORT
from tests.browser.scene import MESSAGES, OTHER_NAMES, STUDENTS, complete, fail_a_recording, furnish
from tests.browser.school import ADMINISTRATOR, TEACHER_NAME, open_classroom

JS_BYTES, CSS_BYTES = 30 * 1024, 20 * 1024
WIDTHS = {"en": (360, 768, 1440, 2560), "ar": (360, 1440)}
LOADED = """() => Object.fromEntries([".js", ".css"].map((kind) => [kind,
  performance.getEntriesByType("resource").filter(({ name }) => new URL(name).pathname.endsWith(kind))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)]))"""
# the texts of the interface, without names of people, files and the cloud
WORDS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  const ownTexts = "bdi, code, pre, .mono, [dir=auto], script, style, .account-name, .who, [lang]:not(html),"
    + ".facts dd, option, noscript";
  while (walk.nextNode()) {
    const { parentElement, data } = walk.currentNode;
    if (data.trim() && !parentElement.closest(ownTexts)) found.push(data.trim());
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
    if (element.closest(ownTexts)) continue;
    for (const name of ["aria-label", "title", "placeholder"]) {
      if (element.getAttribute(name)) found.push(element.getAttribute(name));
    }
  }
  return found;
}"""
# names that are the same in every language, and isolated names of people
NAMES = re.compile(
    "\u2068[^\u2069]*\u2069"
    r"|Classroom Admin|App ID|AGORA_\w+|JOIN_\w+|PUBLIC_\w+|https?:\S*|\S+@\S+|\b[A-Z]{2,5}\b"
    r"|Ctrl\+C|Cookie|\bJSON\b|\broomUuid\b|\bmin\b|Word|PowerPoint|PDF|PPTX|Excel"
    r"|Shift|Page Up|Page Down|Home|End|Enter|Delete|kbit/s|Google|Outlook|Apple|URL|App|\w+/[A-Z]\w+"
    r"|name|user id|e-?mail|group|Webhook"  # columns of a file; a term that stays
    r"|OneRoster|\w+\.csv|ZIP|Windows-\d+|WebP|Slack|Teams|Matrix|ntfy|Moodle|Canvas|EMAIL_URL"
    r"|HeadlessChrome|Linux|Aegis|Microsoft|Authenticator|2FAS"
    r"|Teachers -> teacher|@school\.example -> teacher|refused"  # rules of the school's sign-on
)
NO_SCRIPTS = {"joining:page"}
"""Pages that need no scripts."""
ENGLISH = re.compile(r"[A-Za-z]{3,}")


@pytest.fixture(scope="module")
def here(cloud: RunningSimulator, dashboard: Dashboard) -> dict[str, str]:
    """Return the keys in the addresses of a class that has everything a class can have."""
    shown = open_classroom(cloud, "Every page 3c", teacher_name=TEACHER_NAME)
    furnish(shown)
    failed = open_classroom(cloud, "Every page 3d", teacher_name=TEACHER_NAME)
    fail_a_recording(failed)
    return complete(shown, failed, dashboard)


@pytest.fixture
def given_names(cloud: RunningSimulator) -> re.Pattern[str]:
    """Match names of classes and people, and chat messages: no page translates them."""
    rooms = {room["roomName"] for room in cloud.oracle(events=0)["rooms"]}
    words = (
        rooms
        | {name for _uuid, name in STUDENTS}
        | {said for _uuid, said in MESSAGES}
        | {TEACHER_NAME, "teacher-1"}
        | OTHER_NAMES
    )
    return re.compile("|".join(re.escape(each) for each in sorted(words, key=len, reverse=True)))


def test_every_address_is_listed() -> None:
    assert addresses() == (set(PAGES) | set(FOR_NOBODY) - {"404"} | NO_PAGES)


def every(window: Opener, here: dict[str, str], **settings: object) -> Iterator[tuple[str, Page]]:
    """Load and yield each page: those for administrators, then those without signing in."""
    for email, those in ((ADMINISTRATOR, paths(here)), (None, FOR_NOBODY)):
        page = window(email, **settings)
        for name, path in those.items():
            answer = page.goto(path, wait_until="load")
            assert answer
            assert answer.ok or name in NOT_FOUND, f"{name}: {answer.status}"
            expect(page.get_by_role("main")).to_be_visible()
            yield name, page


def violations_of(page: Page, *, rules: tuple[str, ...] = ()) -> list[str]:
    """Return the violations that axe finds on the page, of these rules or of all."""
    chosen = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    violations = Axe().run(page, options={"resultTypes": ["violations"], **chosen}).response["violations"]
    return [
        f"{one['id']}: {one['help']}: " + "; ".join(node["html"][:160] for node in one["nodes"][:4])
        for one in violations
    ]


# Only colours differ in dark mode. It needs its own window: axe would read a switched page before its
# repaint.
SCHEMES = {"light": (), "dark": ("color-contrast", "link-in-text-block")}


def too_wide(page: Page, widths: tuple[int, ...]) -> list[str]:
    """Return the widths at which the page scrolls sideways, and the elements that are too wide."""
    found = []
    before = page.viewport_size
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        try:
            assert_fits(page)
        except AssertionError as wide:
            found.append(f"at {width}: {wide}")
    page.set_viewport_size(before)
    return found


def listed(wrong: dict[str, list[str]]) -> str:
    return "\n".join(f"{name}: {line}" for name, lines in wrong.items() for line in lines)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("language", "scheme"),
    [
        ("en", "light"),
        *(pytest.param(*look, marks=pytest.mark.long) for look in (("en", "dark"), ("ar", "light"))),
    ],
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    window: Opener, here: dict[str, str], language: str, scheme: str
) -> None:
    wrong: dict[str, list[str]] = {}
    for name, page in every(window, here, locale=language, color_scheme=scheme, reduced_motion="reduce"):
        found = violations_of(page, rules=SCHEMES[scheme])
        if scheme == "light":
            found += too_wide(page, WIDTHS[language])
        if found:
            wrong[name] = found
    assert not wrong, listed(wrong)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_axe_finds_nothing_in_dialogs_and_menus(window: Opener, here: dict[str, str], scheme: str) -> None:
    wrong: dict[str, list[str]] = {}
    page = window(ADMINISTRATOR, color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"/classes/{here['room']}/")
    for opened in dialogs_and_menus(page):
        if found := violations_of(page, rules=SCHEMES[scheme]):
            wrong[opened] = found
    assert not wrong, listed(wrong)


def dialogs_and_menus(page: Page) -> Iterator[str]:
    """Open each menu and each kind of dialog of the page, and yield its name."""
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
@pytest.mark.parametrize("language", ["ar", pytest.param("zh-Hans-CN", marks=pytest.mark.long)])
def test_no_english_text_remains(
    window: Opener, here: dict[str, str], given_names: re.Pattern[str], language: str
) -> None:
    """Also check the compressed size of the scripts and style sheets of each page."""
    left: dict[str, set[str]] = {}
    over: dict[str, dict[str, int]] = {}
    small: dict[str, int] = {}
    for name, page in every(window, here, locale=language):
        for words in page.evaluate(WORDS):
            if ENGLISH.search(NAMES.sub("", given_names.sub("", words))):
                left.setdefault(words, set()).add(name)
        loaded = page.evaluate(LOADED)
        if loaded[".js"] < 5000:
            small[name] = loaded[".js"]
        if loaded[".js"] > JS_BYTES or loaded[".css"] > CSS_BYTES:
            over[name] = loaded
    assert not left, "\n".join(f"{words!r} on {', '.join(sorted(pages))}" for words, pages in left.items())
    assert not over
    assert set(small) == NO_SCRIPTS, small


def test_buttons_of_reports(window: Opener, here: dict[str, str]) -> None:
    page = window(ADMINISTRATOR, viewport={"width": 1440, "height": 900})
    for address, control, opens in PRESSES:
        page.goto(address.format(**here))
        page.locator(control.format(**here)).first.click()
        if opens:
            expect(page).to_have_url(re.compile(re.escape(opens.format(**here))))
    page.goto(REPORT.format(**here))
    for by in ("2", "0.5", "2", "0"):
        page.locator(f'[data-zoom-by="{by}"]').click()
    page.locator("#people-table").get_by_role("link", name="Correct").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.goto(f"/reports/students/{here['attended']}/")
    page.get_by_role("link", name="Timeline").click()
    page.get_by_role("main").get_by_role("link", name="Quizzes and polls", exact=True).click()
    page.wait_for_url(lambda url: "/reports/questions/weeks/" in url)
    page.go_back()
    page.get_by_role("main").get_by_role("link", name="Attendance", exact=True).click()
    page.wait_for_url(lambda url: "/reports/students/" in url)
