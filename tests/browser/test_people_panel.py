"""The panels of a class: sorting, raised hands, scheduled removals, one person, the class list,
and verification of commands.
"""

import re

from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import (
    assert_fits,
    card,
    dialog,
    keep_screenshot,
    last_command,
    open_class,
    press,
    removal_of,
    roster,
    row_of,
)
from tests.browser.scene import furnish
from tests.browser.school import ADMINISTRATOR, TEACHER, Classroom

SHIFTS = """
  window.shifts = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shifts += entry.value)))
    .observe({ type: "layout-shift", buffered: true });
"""


def names(page: Page) -> list[str]:
    return [words.strip() for words in roster(page).get_by_role("rowheader").locator("bdi").all_inner_texts()]


def test_the_order_is_remembered_and_kept_by_updates(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Sorting 5b", teacher_name="Mona Teacher")
    for number, name in enumerate(("Zoe", "Anna", "Émil", "Ben")):
        room.enter(f"p{number}", name)
    room.act("wave", userUuid="p3")
    page = window(TEACHER)
    page.add_init_script(SHIFTS)
    open_class(page, room)
    expect(roster(page).get_by_role("rowheader")).to_have_count(5)
    expect(row_of(page, "Ben")).to_contain_text("Hand raised")
    usual = names(page)
    assert usual == ["Mona Teacher", "Anna", "Ben", "Zoe", "Émil"]
    head = page.get_by_role("columnheader")
    head.get_by_role("button", name="Name").click()
    expect(roster(page).get_by_role("rowheader").first).to_contain_text("Anna")
    assert names(page) == ["Anna", "Ben", "Émil", "Mona Teacher", "Zoe"]
    room.enter("p9", "Carl")
    expect(row_of(page, "Carl")).to_be_visible()
    assert names(page) == ["Anna", "Ben", "Carl", "Émil", "Mona Teacher", "Zoe"]
    page.reload()
    expect(head.filter(has_text="Name")).to_have_attribute("aria-sort", "ascending")
    expect(roster(page).get_by_role("rowheader").first).to_contain_text("Anna")
    assert names(page) == ["Anna", "Ben", "Carl", "Émil", "Mona Teacher", "Zoe"]
    assert page.evaluate("window.shifts") < 0.01
    head.get_by_role("button", name="Hand").click()
    expect(roster(page).get_by_role("rowheader").first).to_contain_text("Ben")
    head.get_by_role("button", name="Hand").click()  # again: the usual order
    expect(roster(page).get_by_role("rowheader").first).to_contain_text("Mona Teacher")
    assert names(page)[:2] == ["Mona Teacher", "Anna"]


def test_raised_hands_are_a_queue(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Hands 5c")
    # other ids than in other tests: “on stage this week” counts all classes
    for name in ("Anna", "Ben", "Carl"):
        room.enter(f"hands-{name}", name)
    room.act("stage", userUuid="hands-Ben")
    room.act("unstage", userUuid="hands-Ben")
    page = window(TEACHER)
    open_class(page, room)
    hands = card(page, "Raised hands")
    expect(hands).to_contain_text("No raised hands.")
    for name in ("Carl", "Ben"):
        room.act("wave", userUuid=f"hands-{name}")
    expect(hands.get_by_role("listitem")).to_have_count(2)
    expect(hands.get_by_role("listitem").nth(0)).to_contain_text(re.compile(r"Carl\s+not on stage this week"))
    expect(hands.get_by_role("listitem").nth(1)).to_contain_text("Ben")
    expect(hands.get_by_role("listitem").nth(1)).not_to_contain_text("not on stage")
    expect(hands).to_contain_text("2 waiting")
    room.act("lower", userUuid="hands-Carl")
    expect(hands.get_by_role("listitem")).to_have_count(1)
    room.act("leave", userUuid="hands-Ben")
    expect(hands).to_contain_text("No raised hands.")


def test_a_removal_with_a_countdown(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Countdown 5d")
    # another id than in other tests: removals count in all classes
    room.enter("rowdy", "Rudi Rowdy")
    room.act("kick", userUuid="rowdy")
    room.enter("rowdy", "Rudi Rowdy")
    page = window(TEACHER)
    other = window(ADMINISTRATOR)
    for each in (page, other):
        open_class(each, room)
    removal_of(page, "Rudi Rowdy").click()
    asks = dialog(page)
    expect(asks).to_contain_text("second removal this week")
    keep_screenshot(page, "remove")
    asks.get_by_text("Remove later").click()
    asks.get_by_label("In 5 minutes").check()
    asks.get_by_label(re.compile("Reason")).fill("Threw paper")
    asks.get_by_role("button", name="Start countdown, 10 min ban").click()
    expect(asks).to_be_hidden()
    for each in (page, other):  # everyone sees the countdown
        strip = each.get_by_role("list", name="Scheduled removals")
        expect(strip).to_contain_text("Rudi Rowdy")
        expect(strip).to_contain_text("Threw paper")
        expect(strip.locator("time")).to_have_text(re.compile("^4:5"))
        expect(row_of(each, "Rudi Rowdy").get_by_role("button", name="Cancel removal")).to_be_visible()
    keep_screenshot(page, "countdown", full=True)
    cancel = page.get_by_role("list", name="Scheduled removals").get_by_role("button", name="Cancel removal")
    sign, words = cancel.evaluate(
        """(button) => [...button.childNodes].filter((node) => node.textContent.trim() || node.tagName)
             .slice(0, 2).map((node) => {
             const range = new Range();
             range.selectNode(node);
             return range.getBoundingClientRect().toJSON();
           })"""
    )
    assert sign["top"] < words["bottom"], "sign and words are on one line"
    assert words["top"] < sign["bottom"], "sign and words are on one line"
    own = page.context.new_page()  # the dialog as a page
    own.goto(row_of(page, "Rudi Rowdy").get_by_role("link", name="Rudi Rowdy").get_attribute("href"))
    expect(own.get_by_role("main")).to_contain_text(re.compile(r"Will be removed in\s+[0-4]:\d\d\b"))
    own.close()
    other.get_by_role("list", name="Scheduled removals").get_by_role("button", name="Cancel removal").click()
    for each in (page, other):
        expect(each.get_by_role("list", name="Scheduled removals").get_by_role("listitem")).to_have_count(0)
        expect(removal_of(each, "Rudi Rowdy")).to_be_visible()
    assert room.person("rowdy")["online"]

    removal_of(page, "Rudi Rowdy").click()
    asks.get_by_text("Remove later").click()
    asks.get_by_label("In minutes").fill("2")  # a number selects its own choice
    expect(asks.get_by_label("After a set number of minutes")).to_be_checked()
    asks.get_by_label("In 30 seconds").check()
    asks.get_by_label("In minutes").fill("")
    asks.get_by_label("In 30 seconds").check()
    asks.get_by_label("Permanently").check()
    asks.get_by_role("button", name="Start countdown, permanent ban").click()
    expect(row_of(page, "Rudi Rowdy")).to_have_count(0, timeout=60_000)
    assert (room.person("rowdy")["online"], room.person("rowdy")["isBanned"]) == (False, True)
    expect(last_command(page)).to_contain_text(re.compile(r"Remove: Rudi Rowdy\s+Confirmed"))

    press(page, "Banned students")
    expect(asks).to_contain_text(re.compile("Rudi Rowdy.*Banned permanently.*Tara Teacher", re.S))
    keep_screenshot(page, "banned")
    asks.get_by_role("link", name="Unban").click()
    asks.get_by_role("button", name="Unban").click()
    expect(asks).to_be_hidden()
    expect(page.locator("#do-kept-out")).to_be_focused()


def test_one_person(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Person 5e")
    room.enter("p1", "Pia Student")
    room.act("drop", userUuid="p1")
    room.enter("p1", "Pia Student")
    page = window(TEACHER)
    open_class(page, room)
    expect(row_of(page, "Pia Student").get_by_title("Reconnects")).to_contain_text("1")
    row_of(page, "Pia Student").get_by_role("link", name="Pia Student", exact=True).click()
    shown = dialog(page)
    expect(shown.get_by_role("heading", level=2)).to_have_text("Pia Student")
    expect(shown.get_by_role("table").get_by_role("row")).to_have_count(3)
    expect(shown).to_contain_text("still present")
    keep_screenshot(page, "person")
    shown.get_by_role("link", name="Remove…").click()
    expect(shown.get_by_role("heading", level=2)).to_have_text("Remove Pia Student?")
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()
    expect(row_of(page, "Pia Student").get_by_role("link", name="Pia Student", exact=True)).to_be_focused()


def test_a_class_list_from_a_file_to_who_is_missing(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Listed 5f")
    room.enter("p1", "Anna Apple")
    page = window(TEACHER)
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Class lists").click()
    press(page, "New list")
    page.get_by_label("List name").fill("Class 5f")
    press(page, "Create list")
    field = page.get_by_label("File (XLSX, XLS, ODS, CSV or TSV)")
    field.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"name;id\n;p1\n"})
    press(page, "Upload file")
    expect(page.get_by_role("alert")).to_contain_text("Line 2, column A “name”: The name is missing.")
    page.go_back()
    others = "".join(f"Zoe Number {number:02};\n" for number in range(12))
    people = f"name;id\nAnna A.;p1\nBéla Banana;\nCleo Cherry;p3\n{others}".encode()
    field.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": people})
    press(page, "Upload file")
    press(page, "Preview changes")
    expect(page.get_by_role("region", name="Changes")).to_contain_text("Béla Banana")
    keep_screenshot(page, "list-preview")
    press(page, "Save changes")
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text(
        "15 added, 0 changed, 0 removed"
    )
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(16)
    keep_screenshot(page, "list", full=True)

    open_class(page, room)
    card(page, "People").get_by_role("link", name="Class list").click()
    dialog(page).get_by_label("Class list").select_option(label="Class 5f")
    dialog(page).get_by_role("button", name="Use this list").click()
    people_card = card(page, "Attendance")
    expect(people_card).to_contain_text("1 of 15 present")
    expect(people_card).to_contain_text("14 not here yet")
    expect(page.locator("#attendance-line")).to_contain_text("14 missing")
    expect(people_card.get_by_text("Cleo Cherry")).to_be_visible()
    room.enter("guest-77", "bela BANANA")
    expect(people_card).to_contain_text("2 of 15 present")
    expect(people_card).to_contain_text("Matched by name")
    expect(people_card.get_by_text("Cleo Cherry")).to_be_visible()
    people_card.get_by_role("link", name="and 1 more").click()
    expect(dialog(page)).to_contain_text("Zoe Number 11")
    page.keyboard.press("Escape")
    keep_screenshot(page, "attendance", full=True)

    room.act("state", state=2)
    expect(people_card).to_contain_text("13 absent")
    expect(people_card).to_contain_text("2 of 15 present")
    room.act("state", state=3)
    expect(page.locator("#people-here > tr")).to_have_count(0)
    page.goto("/lists/")
    page.get_by_role("link", name="Class 5f").click()
    field = page.get_by_label("File (XLSX, XLS, ODS, CSV or TSV)")
    field.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"name;id\nAnna A.;p1\n"})
    press(page, "Upload file")
    press(page, "Preview changes")
    press(page, "Save changes")
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text("14 removed")
    open_class(page, room)
    expect(people_card).to_contain_text("The list has changed since the class.")
    expect(people_card).to_contain_text("2 of 15 present")
    keep_screenshot(page, "attendance-after-class", full=True)
    page.goto("/lists/")
    page.get_by_role("link", name="Class 5f").click()
    press(page, "Delete list")
    page.get_by_role("main").get_by_role("button", name="Delete list").click()
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text("was deleted")


def end_without_event(window: Opener, simulator: RunningSimulator, room: Classroom) -> Page:
    """End a class while the cloud withholds the event. Return the page of the class."""
    page = window(TEACHER)
    open_class(page, room)
    simulator.fault("withhold", params={"room": room.uuid, "cmd": 1})
    press(page, "End class")
    dialog(page).get_by_role("button", name="End class").click()
    expect(last_command(page)).to_contain_text("Accepted, waiting for confirmation")
    return page


def test_an_unconfirmed_command_can_be_verified(
    window: Opener, simulator: RunningSimulator, classroom: MakeClassroom
) -> None:
    page = end_without_event(window, simulator, classroom("Quiet 5g"))
    commands = card(page, "Commands")
    expect(commands).to_contain_text(re.compile(r"requested\s+· accepted \+\d"))
    expect(commands.get_by_role("button", name="Check now")).to_be_hidden()
    expect(commands).to_contain_text("The cloud has not confirmed this command.")
    expect(commands.get_by_role("button", name="Check now")).to_be_visible(timeout=50_000)
    commands.get_by_role("button", name="Check now").click()
    expect(commands).to_contain_text(
        "According to the cloud, the class is ended. The command was carried out."
    )
    expect(last_command(page)).to_contain_text(re.compile(r"End the class\s+Confirmed"))
    expect(commands.get_by_role("button", name="Check now")).to_have_count(0)
    expect(page.get_by_role("link", name="Check now")).to_have_count(0)


def test_the_last_command_can_be_verified_in_the_header(
    window: Opener, simulator: RunningSimulator, classroom: MakeClassroom
) -> None:
    page = end_without_event(window, simulator, classroom("Quiet 5i"))
    check = last_command(page).get_by_role("link", name="Check now")
    expect(check).to_be_hidden()
    expect(check).to_be_visible(timeout=50_000)
    expect(last_command(page)).to_contain_text("The cloud has not confirmed this command.")
    keep_screenshot(page, "check-offered")
    check.click()
    expect(dialog(page).get_by_role("heading")).to_have_text("Did the command work?")
    dialog(page).get_by_role("button", name="Check now").click()
    expect(dialog(page)).to_contain_text(
        "According to the cloud, the class is ended. The command was carried out."
    )
    keep_screenshot(page, "checked")
    dialog(page).get_by_role("button", name="Close").click()
    expect(last_command(page)).to_contain_text(re.compile(r"End the class\s+Confirmed"))
    expect(page.locator(":focus")).to_have_count(1)


def test_the_panels_fit_at_every_width(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Fitting 5h")
    furnish(room)
    for width, scheme in ((360, "light"), (390, "dark"), (768, "light"), (1440, "light"), (1440, "dark")):
        page = window(TEACHER, viewport={"width": width, "height": 900}, color_scheme=scheme)
        open_class(page, room)
        expect(row_of(page, "Amir Haddad")).to_be_visible()
        assert_fits(page)
        keep_screenshot(page, f"panel-{width}-{scheme}", full=True)
    page = window(ADMINISTRATOR, viewport={"width": 360, "height": 800})
    for address in ("/lists/", "/lists/new/"):
        page.goto(address)
        assert_fits(page)
    keep_screenshot(page, "lists-360")
