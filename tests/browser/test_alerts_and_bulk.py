"""Alerts in the class list, acknowledging them, keyboard shortcuts, and bulk actions."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Locator, Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.simulator.world.world import World
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import assert_fits, dialog, keep_screenshot, open_class, removal_of, row_of
from tests.browser.school import ADMINISTRATOR, OTHER_TEACHER, TEACHER, Classroom, eventually

RECORD_SOUNDS = """
window.sounds = 0; window.notes = [];
AudioContext.prototype.createOscillator = new Proxy(AudioContext.prototype.createOscillator, {
  apply: (make, context, given) => { window.sounds += 1; return Reflect.apply(make, context, given); } });
window.Notification = class {
  static permission = "default";
  static requestPermission() { this.permission = window.answer; return Promise.resolve(window.answer); }
  constructor(head, more) { window.notes.push(`${head}: ${more.body}`); }
  close() {}
};
window.answer = "denied";
"""
# The number above the list counts all classes; these are the tiles of this list.
NEEDING = "#classes-live > .tile[data-reasons]"
REFUSED = "Refused by the cloud: End the class"


def tile(page: Page, room: Classroom) -> Locator:
    return page.locator(".tile").filter(has=page.get_by_role("link", name=room.name, exact=True))


def alert_of(page: Page, room: Classroom) -> Locator:
    """Return the alert above the tiles. The first two are visible, so show all."""
    if page.locator("#alerts-all[aria-expanded=false]").is_visible():
        page.locator("#alerts-all").click()
    return page.locator(".alert").filter(has=page.get_by_role("link", name=room.name, exact=True))


def names(page: Page) -> list[str]:
    return [words.strip() for words in page.locator("#classes-live h3:visible").all_inner_texts()]


def begin_to_select(page: Page) -> None:
    page.get_by_role("button", name="Select…").click()
    expect(page.get_by_role("button", name="Select all")).to_be_focused()


def select(page: Page, room: Classroom) -> None:
    if page.get_by_role("button", name="Select…").is_visible():
        begin_to_select(page)
    page.get_by_role("checkbox", name=f"Select {room.name}").check()


def change_view(page: Page, *choices: str) -> None:
    """Open the view menu and press these choices."""
    page.locator("summary").filter(has_text="View").click()
    for words in choices:
        page.get_by_label(words).click()
    page.keyboard.press("Escape")


def refuse_classes(simulator: RunningSimulator, count: int = 1) -> None:
    simulator.fault("too_many", route="set_class_state", params={"retryAfter": 60}, count=count)


def end_all_shown(page: Page) -> None:
    begin_to_select(page)
    page.get_by_role("button", name="Select all").click()
    page.get_by_role("button", name="End classes", exact=True).click()
    page.get_by_role("button", name=re.compile(r"^End \d class")).click()


def test_a_bulk_action_and_the_alert_for_a_refused_class(
    window: Opener, classroom: MakeClassroom, simulator: RunningSimulator
) -> None:
    rooms = [classroom(f"Bulk {letter}") for letter in "ab"]
    waiting = classroom("Bulk c", state=0)
    waiting.enter("p1", "Pia Student")
    page = window(ADMINISTRATOR)
    page.goto("/?q=bulk")
    for room in (*rooms, waiting):
        expect(tile(page, room)).to_be_visible()
    refuse_classes(simulator)
    begin_to_select(page)
    page.get_by_role("button", name="Select all").click()
    expect(page.locator("#bulk-count")).to_have_text("3 selected")
    keep_screenshot(page, "classes-selected", full=True)
    page.get_by_role("button", name="End classes", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("End 2 classes?")
    expect(page.get_by_role("region", name=re.compile("Skipped"))).to_contain_text(
        "The class has not started"
    )
    keep_screenshot(page, "bulk-preview")
    page.get_by_role("button", name="End 2 classes").click()
    expect(page.locator("#progress")).to_contain_text("1 failed")
    page.reload()
    expect(page.locator("#progress")).to_contain_text("Finished")
    expect(page.locator("#items")).to_contain_text("Too many requests to the cloud")
    for row in page.locator("#items > li").all():  # skipped classes, too
        row.scroll_into_view_if_needed()
        expect(row).to_be_in_viewport()
    assert_fits(page)
    keep_screenshot(page, "bulk-results")
    assert sorted(room.truth()["state"] for room in rooms) == [1, 2]
    run = page.url

    # the refusal is an alert
    (left,) = [room for room in rooms if room.truth()["state"] == 1]
    second = window(ADMINISTRATOR)
    second.goto("/?q=bulk")
    expect(tile(second, left)).to_contain_text(REFUSED)
    expect(second.locator(NEEDING)).to_have_count(1)
    expect(second).to_have_title(re.compile(r"^\(\d+\) "))  # counts all classes of the school
    assert names(second)[0] == left.name
    keep_screenshot(second, "alerts", full=True)

    # a person acknowledges it
    tile(second, left).get_by_role("link", name=REFUSED).click()
    dialog(second).get_by_label("1 hour").check()
    keep_screenshot(second, "acknowledge")
    dialog(second).get_by_role("button", name="Acknowledge").click()
    expect(dialog(second)).to_be_hidden()
    expect(tile(second, left)).to_contain_text("Acknowledged by Ada Admin")
    expect(second.locator(NEEDING)).to_have_count(0)
    tile(second, left).get_by_role("link", name="Acknowledged by Ada Admin").click()
    dialog(second).get_by_role("button", name="Show alerts again").click()
    expect(second.locator(NEEDING)).to_have_count(1)

    # retry
    simulator.clear_faults()
    page.goto(run)
    page.get_by_role("button", name="Retry the failed class").click()
    expect(page.locator("#progress")).to_contain_text("2 done")
    expect(page.locator("#progress")).to_contain_text("Finished")
    assert left.truth()["state"] == 2
    page.goto("/together/")
    page.get_by_role("link", name="End 3 classes").first.click()
    assert page.url == run
    other = window(OTHER_TEACHER)
    assert other.goto(run).status == 404


def test_all_alerts_are_shown_on_request(
    window: Opener, classroom: MakeClassroom, simulator: RunningSimulator
) -> None:
    rooms = [classroom(f"Refused {letter}") for letter in "abc"]
    page = window(ADMINISTRATOR)
    page.goto("/?q=refused")
    for room in rooms:
        expect(tile(page, room)).to_be_visible()
    refuse_classes(simulator, len(rooms))
    end_all_shown(page)
    expect(page.locator("#progress")).to_contain_text(f"{len(rooms)} failed")
    simulator.clear_faults()
    page.goto("/")
    page.wait_for_load_state()  # the button needs the scripts
    expect(page.locator(".alert:visible")).to_have_count(2)
    page.get_by_role("button", name=re.compile(r"^Show all \d+$")).click()
    expect(page.get_by_role("button", name="Show fewer")).to_be_focused()
    for room in rooms:
        expect(alert_of(page, room)).to_be_visible()
    page.get_by_role("button", name="Show fewer").click()
    expect(page.locator(".alert:visible")).to_have_count(2)


def test_a_teacher_closes_and_records_their_own(window: Opener, classroom: MakeClassroom) -> None:
    one, two = classroom("Own one"), classroom("Own two")
    other_teachers = classroom("Own foreign", teacher="teacher-2", teacher_name="Omar Other")
    page = window(TEACHER)
    page.goto("/?q=own")
    for room in (one, two):
        expect(tile(page, room)).to_be_visible()
    expect(tile(page, other_teachers)).to_have_count(0)
    select(page, one)
    select(page, two)
    page.get_by_role("button", name="Clear selection").click()
    expect(page.get_by_role("button", name="Clear selection")).to_be_hidden()
    select(page, one)
    page.get_by_role("button", name="Start recording").click()
    page.get_by_role("button", name="Record 1 class").click()
    expect(page.locator("#items")).to_contain_text("Done. Confirmed after")
    page.goto("/?q=own")
    expect(tile(page, one)).to_contain_text("Recording")
    select(page, two)
    page.get_by_role("button", name="Close classes", exact=True).click()
    expect(page.get_by_text("A closed class never reopens.")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    select(page, two)
    page.get_by_role("button", name="Close classes", exact=True).click()
    page.get_by_role("button", name="Close 1 class").click()
    expect(page.locator("#progress")).to_contain_text("Finished")
    assert two.truth()["state"] == 3


def test_keyboard_shortcuts(window: Opener, classroom: MakeClassroom) -> None:
    rooms = [classroom(f"Keyed {number}") for number in "123"]
    page = window(ADMINISTRATOR)
    page.goto("/?q=keyed")
    for room in rooms:
        expect(tile(page, room)).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("main").get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("jkx?")  # shortcuts do not apply while typing
    expect(page.get_by_role("main").get_by_role("searchbox")).to_have_value("jkx?")
    page.locator("#main").focus()
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = names(page)[1]
    expect(page.get_by_role("link", name=second, exact=True)).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name=f"Select {second}")).to_be_checked()
    rooms[0].enter("p1", "Pia Student")  # an update changes neither the focus nor the selection
    expect(tile(page, rooms[0])).to_contain_text("2 people present")
    expect(page.get_by_role("checkbox", name=f"Select {second}")).to_be_checked()
    page.keyboard.press("k")
    first = names(page)[0]
    expect(page.get_by_role("link", name=first, exact=True)).to_be_focused()
    page.keyboard.press("?")
    expect(dialog(page).get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    keep_screenshot(page, "keys")
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    change_view(page, "Keyboard shortcuts")
    page.locator("#main").focus()
    page.keyboard.press("j")
    expect(page.locator("#main")).to_be_focused()
    change_view(page, "Keyboard shortcuts")
    page.get_by_role("link", name=first, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(first)


def test_rows_instead_of_tiles_are_remembered(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Rowed one")
    page = window(ADMINISTRATOR)
    page.goto("/?q=rowed")
    expect(tile(page, room)).to_be_visible()
    height = tile(page, room).bounding_box()["height"]
    change_view(page, "Rows instead of tiles")
    assert tile(page, room).bounding_box()["height"] < height * 0.75
    page.reload()
    assert tile(page, room).bounding_box()["height"] < height * 0.75
    assert_fits(page)
    keep_screenshot(page, "rows", full=True)
    page.set_viewport_size({"width": 390, "height": 800})
    assert_fits(page)
    keep_screenshot(page, "rows-phone", full=True)
    select(page, room)
    change_view(page, "Only classes that need attention")
    expect(tile(page, room)).to_be_hidden()
    change_view(page, "Only classes that need attention")
    expect(page.get_by_role("checkbox", name=f"Select {room.name}")).not_to_be_checked()


def test_sound_and_notification_only_if_turned_on(
    window: Opener, classroom: MakeClassroom, simulator: RunningSimulator
) -> None:
    loud = classroom("Trumpets")
    page = window(ADMINISTRATOR)
    page.add_init_script(RECORD_SOUNDS)
    page.goto("/?q=trumpets")
    expect(tile(page, loud)).to_be_visible()
    worker = window(ADMINISTRATOR)

    def refused() -> None:
        refuse_classes(simulator)
        worker.goto("/?q=trumpets")
        end_all_shown(worker)
        expect(worker.locator("#progress")).to_contain_text("1 failed")

    refused()
    expect(tile(page, loud)).to_contain_text(REFUSED)
    assert page.evaluate("[sounds, notes.length]") == [0, 0]

    page.locator("summary").filter(has_text="View").click()
    page.get_by_label("Notification for new alerts").click()
    expect(page.get_by_label("Notification for new alerts")).not_to_be_checked()
    expect(page.get_by_text("This browser blocks notifications from this site")).to_be_visible()
    page.evaluate("window.answer = 'granted'")
    page.get_by_label("Notification for new alerts").click()
    expect(page.get_by_label("Notification for new alerts")).to_be_checked()
    page.get_by_label("Sound for new alerts").check()
    assert page.evaluate("sounds") == 2  # two tones as a sample
    sounded_at = page.evaluate("performance.now()")
    page.keyboard.press("Escape")

    alert_of(page, loud).get_by_role("button", name="Acknowledge").click()  # one press
    expect(page.locator(NEEDING)).to_have_count(0)
    eventually(
        lambda: page.evaluate("performance.now()") > sounded_at + 3000
    )  # at most one sound in three seconds
    refused()
    expect(page.locator(NEEDING)).to_have_count(1)
    eventually(lambda: page.evaluate("notes.length === 1 && sounds === 4"))
    assert page.evaluate("notes[0]") == f"{loud.name}: {REFUSED}"


def test_banned_student_who_is_let_in_again_can_be_removed_from_the_alert(
    window: Opener, simulator: RunningSimulator, classroom: MakeClassroom
) -> None:
    room = classroom("Returned 6g")
    room.enter("p1", "Rudi Rowdy")
    page = window(TEACHER)
    open_class(page, room)
    removal_of(page, "Rudi Rowdy").click()
    dialog(page).get_by_label("For 10 minutes").check()
    dialog(page).get_by_role("button", name="Remove").click()
    expect(row_of(page, "Rudi Rowdy")).to_have_count(0)
    removed_at = time.monotonic()

    def lift(world: World) -> None:
        world.rooms[room.uuid].users["p1"].banned_until = None

    simulator.do(lift)  # another program lifts the ban
    room.enter("p1", "Rudi Rowdy")
    page.goto("/")
    alert = alert_of(page, room)
    expect(alert).to_contain_text("1 banned person present")
    eventually(lambda: time.monotonic() > removed_at + 2.5)  # within two seconds, it counts as the same press
    alert.get_by_role("link", name=re.compile("^Remove again")).click()
    dialog(page).get_by_role("button", name="Remove").click()
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text(
        re.compile("Remove: (accepted|confirmed)")
    )
    eventually(lambda: not room.person("p1")["online"])
    expect(alert).to_have_count(0)
