"""The dialogs of a class: their buttons stay in view and say what happens, and the focus returns."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import (
    card,
    dialog,
    keep_screenshot,
    last_command,
    open_class,
    press,
    removal_of,
    row_of,
)
from tests.browser.school import TEACHER, Classroom, eventually

# The buttons at the end of the open dialog that are not completely in the window, or are cut off.
OUT_OF_VIEW = """() => [...document.querySelectorAll("dialog .dialog-end .button")]
  .map((one) => [one.innerText.trim(), one.getBoundingClientRect(), one.scrollWidth > one.clientWidth])
  .filter(([, box, cut]) => cut || box.top < 0 || box.left < 0
    || box.bottom > innerHeight || box.right > innerWidth)
  .map(([words]) => words)"""
LINKS = """() => [...document.querySelectorAll("a[data-dialog]")].filter((link) => link.checkVisibility())
  .map((link) => link.getAttribute("href"))"""


@pytest.fixture
def room(classroom: MakeClassroom) -> Classroom:
    """A class with a student, files of one name and a running recording."""
    room = classroom(
        f"Dialogs {uuid4().hex[:8]}"
    )  # a name of its own, because tests of one name follow each other
    room.enter("dia", "Zoë-Alexandra Brandt-Haddad")
    for number in (1, 2, 3):
        room.act("resource", resourceUuid=f"w{number}", resourceName="Worksheet.pdf", size=number * 1_048_576)
    room.act("record", state=1, mode="web")
    return room


def assert_in_view(page: Page) -> None:
    assert page.evaluate(OUT_OF_VIEW) == [], page.url
    wide = page.evaluate(
        "() => { const d = document.querySelector('dialog'); return d.scrollWidth - d.clientWidth }"
    )
    assert wide <= 0, "the dialog scrolls sideways"


@pytest.mark.parametrize(
    ("width", "height"),
    [(320, 568), (390, 844), (390, 430), (640, 400)],
    ids=["small phone", "phone", "on-screen keyboard", "zoom 200 %"],
)
def test_buttons_stay_in_view_and_the_focus_returns(
    window: Opener, room: Classroom, dashboard: Dashboard, width: int, height: int
) -> None:
    eventually(lambda: len(dashboard.room(room.uuid)["resources"]) == 3)
    page = window(TEACHER, viewport={"width": width, "height": height})
    open_class(page, room)
    expect(row_of(page, "Zoë-Alexandra")).to_be_visible()
    expect(card(page, "Files").get_by_text("Worksheet.pdf")).to_have_count(3)
    seen: set[str] = set()
    for title in ("Files", "Recording", "Commands", "Events", "Chat", "Raised hands", "People", "More"):
        menu = page.locator(".head-more > summary")
        if title == "More":
            menu.click()
        else:
            card(page, title)
        for href in page.evaluate(LINKS):
            kind = re.sub(r"/\d+/", "/", href)
            if kind in seen:
                continue
            seen.add(kind)
            link = page.locator(f"a[data-dialog][href='{href}']").locator("visible=true").first
            link.focus()
            page.keyboard.press("Enter")
            expect(dialog(page).locator("#dialog-title")).to_be_visible()
            assert_in_view(page)
            keep_screenshot(page, f"dialog-{width}-{height}{kind.replace('/', '_')}")
            page.keyboard.press("Escape")
            expect(dialog(page)).to_be_hidden()
            expect(menu if title == "More" else link).to_be_focused()
            if title == "More":
                menu.click()
    assert len(seen) >= 9, seen


def test_removing_for_ten_minutes_takes_two_presses(window: Opener, room: Classroom) -> None:
    page = window(TEACHER, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    open_class(page, room)
    removal_of(page, "Zoë-Alexandra").tap()
    asks = dialog(page)
    for choice, words in (
        ("No, they can rejoin", "Remove now, no ban"),
        ("For 1 hour", "Remove now, 1 hour"),
        ("For this class", "Remove now, for this class"),
        ("Permanently", "Remove now, permanently"),
        ("For 10 minutes", "Remove now, 10 min"),
    ):
        asks.get_by_label(choice).check()
        expect(asks.get_by_role("button", name=re.compile("Remove|Start"))).to_have_accessible_name(words)
    asks.get_by_text("Remove later").tap()
    asks.get_by_label("In 1 minute").check()
    expect(asks.locator("button.primary")).to_have_accessible_name("Start countdown, 10 min ban")
    page.keyboard.press("Escape")
    removal_of(page, "Zoë-Alexandra").tap()
    asks.get_by_role("button", name="Remove now, 10 min").tap()
    expect(row_of(page, "Zoë-Alexandra")).to_have_count(0)
    assert room.person("dia")["isBanned"] is True


def test_button_stays_above_an_on_screen_keyboard(window: Opener, room: Classroom) -> None:
    page = window(TEACHER, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    open_class(page, room)
    removal_of(page, "Zoë-Alexandra").tap()
    dialog(page).get_by_label(re.compile("Reason")).focus()
    page.evaluate(
        """() => {
          Object.defineProperty(visualViewport, "height", { configurable: true, get: () => 480 });
          visualViewport.dispatchEvent(new Event("resize"));
        }"""
    )
    button = dialog(page).get_by_role("button", name="Remove now, 10 min")
    eventually(lambda: button.bounding_box()["y"] + button.bounding_box()["height"] <= 480)
    assert button.bounding_box()["y"] >= 0


def test_end_of_a_class_also_stops_its_recording(window: Opener, room: Classroom) -> None:
    page = window(TEACHER)
    open_class(page, room)
    expect(card(page, "Recording")).to_contain_text("On")
    press(page, "End class")
    expect(dialog(page)).to_contain_text("This class is being recorded")
    dialog(page).get_by_role("button", name="End and stop recording").click()
    commands = card(page, "Commands").get_by_role("listitem")
    for words in ("End the class", "Stop recording"):
        expect(commands.filter(has_text=words)).to_contain_text(re.compile("Confirmed in"))
    truth = room.truth()
    assert (truth["state"], truth["recordings"][0]["status"]) == (2, 2)


def test_end_of_a_class_can_keep_its_recording(window: Opener, room: Classroom) -> None:
    page = window(TEACHER)
    open_class(page, room)
    expect(card(page, "Recording")).to_contain_text("On")
    press(page, "End class")
    dialog(page).get_by_role("button", name="End, keep recording").click()
    expect(last_command(page)).to_contain_text(re.compile(r"End the class\s+Confirmed"))
    truth = room.truth()
    assert (truth["state"], truth["recordings"][0]["status"]) == (2, 1)


def test_end_of_many_classes_names_those_that_are_recorded(
    window: Opener, room: Classroom, classroom: MakeClassroom
) -> None:
    rooms = [room, classroom("Dialogs 4e"), classroom("Dialogs 4f")]
    rooms[2].act("record", state=1)
    page = window(TEACHER)
    for each, words in ((rooms[:2], "End and stop recording"), (rooms[2:], "End, keep recording")):
        keys = []
        for one in each:
            open_class(page, one)
            if one is not rooms[1]:
                expect(card(page, "Recording")).to_contain_text("On")
            keys.append(page.url.rstrip("/").rpartition("/")[2])
        preview(page, keys)
        notice = page.get_by_role("main").locator(".notice").filter(has_text="being recorded")
        expect(notice).to_contain_text(each[0].name)
        expect(notice).not_to_contain_text("4e")
        page.get_by_role("button", name=words).click()
        expect(page.get_by_role("main")).to_contain_text("Finished", timeout=60_000)
    states = [(one.truth()["state"], [row["status"] for row in one.truth()["recordings"]]) for one in rooms]
    assert states == [(2, [2]), (2, []), (2, [1])]


def preview(page: Page, keys: list[str]) -> None:
    """Show the preview of an end of these classes, as the class list does."""
    page.goto("")
    page.evaluate(
        """(keys) => {
          const form = document.querySelector("#bulk");
          for (const value of keys) {
            const field = document.createElement("input");
            form.append(Object.assign(field, { type: "hidden", name: "class", value }));
          }
          form.requestSubmit(form.querySelector("[value=end]"));
        }""",
        keys,
    )
    expect(page.get_by_role("heading", level=1)).to_contain_text("End ")


def test_dialog_of_a_failed_command_opens_again_and_says_why(
    window: Opener, room: Classroom, simulator: RunningSimulator
) -> None:
    page = window(TEACHER)
    open_class(page, room)
    simulator.fault("too_many", route="kick", params={"retryAfter": 30})
    removal_of(page, "Zoë-Alexandra").click()
    dialog(page).get_by_label(re.compile("Reason")).fill("Threw paper")
    dialog(page).get_by_role("button", name="Remove now").click()
    expect(last_command(page)).to_contain_text("Failed", timeout=30_000)
    expect(dialog(page).get_by_role("alert")).to_contain_text("Too many requests to the cloud")
    expect(dialog(page).get_by_label(re.compile("Reason"))).to_have_value("Threw paper")
    page.keyboard.press("Escape")
    expect(removal_of(page, "Zoë-Alexandra")).to_be_focused()


def test_lost_connection_is_said_beside_the_button(window: Opener, room: Classroom) -> None:
    page = window(TEACHER)
    open_class(page, room)
    removal_of(page, "Zoë-Alexandra").click()
    expect(dialog(page)).to_be_visible()
    page.context.set_offline(True)
    dialog(page).get_by_role("button", name="Remove now").click()
    alert = dialog(page).locator(".dialog-end").get_by_role("alert")
    expect(alert).to_be_visible()
    page.context.set_offline(False)
    dialog(page).get_by_role("button", name="Remove now").click()
    expect(row_of(page, "Zoë-Alexandra")).to_have_count(0)


def test_who_moves_on_at_once_after_closing_a_dialog_keeps_the_focus(window: Opener, room: Classroom) -> None:
    page = window(TEACHER)
    open_class(page, room)
    page.locator("#do-kept-out").press("Enter")
    expect(dialog(page).locator("#dialog-title")).to_be_visible()
    focused = page.evaluate(
        """() => new Promise((tell) => {
          document.querySelector("#dialog").close();
          document.querySelector("#do-class-list").focus();
          requestAnimationFrame(() => requestAnimationFrame(() => tell(document.activeElement.id)));
        })"""
    )
    assert focused == "do-class-list"
