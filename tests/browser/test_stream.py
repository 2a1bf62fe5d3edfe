"""Pages that update live: by a stream, or by polling where a stream is not possible."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Dashboard, MakeClassroom, Opener, sign_in
from tests.browser.page_parts import card, last_command, open_class, press, roster, row_of
from tests.browser.school import ADMINISTRATOR, TEACHER, Classroom, eventually
from tests.browser.wire import Wire, wire_to

# the goal is one second; five on a machine that runs other tests at the same time
SOON_MS = 5_000
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def wire(dashboard: Dashboard) -> Iterator[Wire]:
    with wire_to(urlsplit(dashboard.url).port or 80) as running:
        yield running


def follows(page: Page, way: str = "stream", **timeout: float) -> None:
    """Wait until the page updates this way."""
    expect(page.locator(f'html[data-live="{way}"]')).to_have_count(1, **timeout)


def open_over(wire: Wire, page: Page, room: Classroom) -> None:
    """Open the page of the class over the wire."""
    open_class(page, room)
    page.goto(wire.url + urlsplit(page.url).path)


def test_two_windows_see_each_others_actions(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Together 4a", state=0)
    room.enter("p1", "Pia")
    one, two = window(TEACHER), window(ADMINISTRATOR)
    for page in (one, two):
        open_class(page, room)
        follows(page)
    press(one, "Start class")
    expect(last_command(two)).to_contain_text("Start the class", timeout=SOON_MS)
    expect(last_command(two)).to_contain_text("Confirmed in", timeout=SOON_MS)
    expect(two.locator("#class-header")).to_contain_text("Live", timeout=SOON_MS)
    expect(last_command(one)).to_contain_text("Confirmed in", timeout=SOON_MS)
    expect(card(one, "Commands")).to_contain_text("Confirmed in")
    room.act("wave", userUuid="p1")
    for page in (one, two):
        expect(row_of(page, "Pia")).to_contain_text("Hand raised", timeout=SOON_MS)
        follows(page)


def test_an_interrupted_stream_recovers_without_loss(
    window: Opener, classroom: MakeClassroom, wire: Wire
) -> None:
    room = classroom("Killed 4b")
    page = window(TEACHER)
    open_over(wire, page, room)
    follows(page)
    room.act("chat", userUuid="teacher-1", message="Before")
    log = page.get_by_role("log")
    expect(log).to_contain_text("Before")
    wire.down = True
    wire.cut()
    expect(page.locator("#freshness")).to_contain_text("No connection")
    for number in range(8):
        room.enter(f"p{number}", f"Student {number}")
        room.act("chat", userUuid=f"p{number}", message=f"While away {number}.")
    room.act("leave", userUuid="p3")
    wire.down = False
    for number in range(8):
        expect(log).to_contain_text(f"While away {number}.", timeout=30_000)
    expect(roster(page).get_by_role("rowheader")).to_have_count(8)
    expect(row_of(page, "Student 3")).to_have_count(0)
    expect(page.locator("#freshness")).to_contain_text("Up to date", timeout=30_000)


def test_the_page_polls_behind_a_proxy_that_buffers(
    window: Opener, classroom: MakeClassroom, wire: Wire
) -> None:
    room = classroom("Clogged 4c")
    page = window(TEACHER)
    wire.clogged = True
    open_over(wire, page, room)
    follows(page, "poll")
    room.enter("p1", "Pia")
    expect(row_of(page, "Pia")).to_be_visible()
    expect(page.locator("#freshness")).to_contain_text("Up to date")
    wire.clogged = False
    follows(page, "stream", timeout=60_000)
    room.enter("p2", "Quentin")
    expect(row_of(page, "Quentin")).to_be_visible(timeout=SOON_MS)


def test_focus_and_typed_text_survive_fifty_updates(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Steady 4d")
    for number in range(12):
        room.enter(f"p{number}", f"Student {number:02}")
    page = window(TEACHER)
    open_class(page, room)
    follows(page)
    find = page.get_by_role("searchbox", name="Search people")
    find.press_sequentially("Student")
    page.evaluate("""() => {
      window.updates = 0;
      document.addEventListener("htmx:sseMessage", () => (window.updates += 1));
      document.querySelector("[data-find]").setSelectionRange(1, 3);
    }""")
    sent = 0
    while page.evaluate("window.updates") < 50:
        sent += 1
        assert sent < 200
        room.act("reward", userUuid=f"p{sent % 12}", change=1)
        page.wait_for_function("(n) => window.updates >= n", arg=page.evaluate("window.updates") + 1)
    expect(find).to_be_focused()
    expect(find).to_have_value("Student")
    assert find.evaluate("(field) => [field.selectionStart, field.selectionEnd]") == [1, 3]
    find.press("End")
    find.press_sequentially(" 07")
    expect(roster(page).get_by_role("rowheader")).to_have_count(1)
    expect(row_of(page, "Student 07")).to_be_visible()


@pytest.mark.long
def test_eight_classes_side_by_side(window: Opener, classroom: MakeClassroom) -> None:
    """One browser has six connections: each of eight windows updates and can be used."""
    rooms = [classroom(f"Side by side {number}") for number in range(8)]
    first = window(ADMINISTRATOR)
    pages = [first] + [first.context.new_page() for _ in rooms[1:]]
    for page, room in zip(pages, rooms, strict=True):
        open_class(page, room)
        page.wait_for_function("() => document.documentElement.dataset.live")
    ways = [page.evaluate("document.documentElement.dataset.live") for page in pages]
    assert 1 <= ways.count("stream") <= 4
    for page, room in zip(pages, rooms, strict=True):
        room.enter("p1", "Pia")
        expect(row_of(page, "Pia")).to_be_visible()
    pages[-1].reload()
    expect(row_of(pages[-1], "Pia")).to_be_visible()


def test_a_hidden_page_closes_its_stream_and_catches_up(
    window: Opener, classroom: MakeClassroom, wire: Wire
) -> None:
    room = classroom("Hidden 4e")
    page = window(TEACHER)
    open_over(wire, page, room)
    follows(page)
    page.evaluate(HIDE, True)
    held = "async () => (await navigator.locks.query()).held.some((one) => one.name.startsWith('live-'))"
    eventually(lambda: not page.evaluate(held))
    before = wire.streams
    room.enter("p1", "Pia")
    room.act("wave", userUuid="p1")
    page.evaluate(HIDE, False)
    expect(row_of(page, "Pia")).to_contain_text("Hand raised", timeout=SOON_MS)
    assert wire.streams == before + 1


def test_changes_are_announced_politely_and_can_be_paused(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Aloud 4f")
    room.enter("p1", "Pia")
    page = window(TEACHER)
    open_class(page, room)
    follows(page)
    said = page.locator("#announcer")
    expect(said).to_have_attribute("aria-live", "polite")
    room.act("wave", userUuid="p1")
    expect(said).to_have_text("Pia raised a hand.")
    for number in range(5):
        room.enter(f"q{number}", f"Quick {number}")
    expect(roster(page).get_by_role("rowheader")).to_have_count(7)
    pause = page.get_by_role("button", name="Pause announcements")
    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    expect(said).to_have_text("")
    page.reload()
    follows(page)
    expect(pause).to_have_attribute("aria-pressed", "true")
    room.enter("p9", "Nina")
    expect(row_of(page, "Nina")).to_be_visible()
    page.wait_for_timeout(2_000)  # longer than the page collects announcements
    expect(said).to_have_text("")


def test_a_person_who_signs_out_elsewhere_is_sent_to_the_sign_in_page(
    window: Opener, classroom: MakeClassroom
) -> None:
    room = classroom("Signed out 4g")
    page = window()
    sign_in(page, TEACHER)
    open_class(page, room)
    follows(page)
    other = page.context.new_page()
    other.goto("/")
    other.locator("details.account summary").click()
    other.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "/sign-in" in url, timeout=20_000)


def test_the_class_list_updates_single_tiles(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Tile 4h", state=0)
    page = window(ADMINISTRATOR)
    page.goto("/")
    follows(page)
    room.act("state", state=1)
    tile = page.locator("#classes-live > li").filter(has_text="Tile 4h")
    expect(tile).to_be_visible()
    link = tile.get_by_role("link")
    link.focus()
    room.enter("p1", "Pia")
    room.act("wave", userUuid="p1")
    expect(tile).to_contain_text("1 raised hand", timeout=SOON_MS)
    expect(link).to_be_focused()
    room.act("state", state=3)
    expect(tile).to_have_count(0, timeout=SOON_MS)
    expect(page.locator("#section-past")).to_contain_text("Tile 4h")


def test_a_very_long_roster_loads_on_scrolling_and_is_searched_completely(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = classroom("Assembly 4i")
    for number in range(300):
        room.enter(f"p{number}", f"Student {number:03}")
    page = window(TEACHER)
    eventually(lambda: len(dashboard.room(room.uuid)["participants"]) == 301, within_s=60)
    open_class(page, room)
    rows = page.locator("#people-here > tr")
    expect(rows).to_have_count(48)
    page.locator("#people-here-rest").scroll_into_view_if_needed()
    expect(rows).to_have_count(198)
    expect(page.locator("#announcer")).to_have_text("")
    page.get_by_role("searchbox", name="Search people").fill("Student 299")
    expect(roster(page).get_by_role("rowheader")).to_have_text(["Student 299"])
    expect(rows).to_have_count(301)
    assert rows.evaluate_all("(all) => all.every((r, i) => !i || all[i-1].dataset.order <= r.dataset.order)")
    plain = window(TEACHER, java_script_enabled=False)
    plain.goto(page.url)
    expect(plain.locator("#people-here > tr")).to_have_count(48)
    plain.get_by_role("link", name="Show 253 more").click()
    expect(plain.locator("#people-here > tr")).to_have_count(301)
