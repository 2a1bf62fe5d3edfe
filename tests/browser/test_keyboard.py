"""The main tasks without a mouse: sign in, use the class list, start and end a class, remove a student."""

import re

from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.keys import Keys
from tests.browser.page_parts import card, dialog, last_command, removal_of, row_of
from tests.browser.school import ADMINISTRATOR, PASSWORD, TEACHER, eventually


def test_sign_in_start_a_class_and_remove_a_student(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Keys 1a", state=0)
    room.enter("p1", "Pia Student")
    room.enter("p2", "Quinn Quiet")
    page = window()
    keys = Keys(page)
    page.goto("/sign-in/")
    expect(page.get_by_label("Email address")).to_be_focused()
    keys.type(TEACHER)
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Classes", level=1)).to_be_visible()
    expect(page.get_by_role("link", name=room.name)).to_be_visible()
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    keys.to("Search by class")
    keys.type(room.name)
    keys.press("Enter")
    expect(page).to_have_url(re.compile("q="))
    keys.follow(f"^{room.name}$")
    expect(page.get_by_role("heading", level=1)).to_have_text(room.name)
    keys.enter("^Start class$")
    expect(last_command(page)).to_contain_text(re.compile(r"Start the class\s+Confirmed"))
    assert room.truth()["state"] == 1
    keys.holds("^Start recording$")  # the pressed button is gone: its neighbour has the focus

    keys.to_roster("^Remove.*Pia Student")
    keys.press("Enter")
    expect(dialog(page)).to_be_visible()
    for _ in range(12):  # the focus stays in the dialog (or moves to the browser's toolbar)
        keys.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || "
            "document.querySelector('dialog').contains(document.activeElement)"
        )
    keys.press("Escape")
    expect(dialog(page)).to_be_hidden()
    expect(removal_of(page, "Pia Student")).to_be_focused()
    keys.press("Enter")
    expect(dialog(page)).to_be_visible()
    keys.to("^For 10 minutes")
    expect(dialog(page).get_by_label("For 10 minutes")).to_be_checked()
    keys.enter("^Remove now, 10 min$")
    expect(row_of(page, "Pia Student")).to_have_count(0)
    assert room.person("p1")["isBanned"] is True
    keys.holds("Quinn Quiet|Tara Teacher")  # in the next row


def test_escape_and_tab_close_a_menu(window: Opener) -> None:
    page = window(TEACHER)
    keys = Keys(page)
    page.goto("/")
    summary = page.get_by_label("Your account")
    keys.enter("^Your account$")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    keys.press("Tab")
    keys.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(summary).to_be_focused()
    keys.press("Enter")
    keys.to("^Sign out$")
    keys.press("Tab")  # an open menu would cover the next element
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    keys.keeps()


def choose_by_arrows(keys: Keys, page: Page, words: str) -> None:
    """Press the down arrow in a group of choices until one matches `words`."""
    for _ in range(6):
        keys.press("ArrowDown")
        if re.search(words, keys.name()):
            return
    raise AssertionError(f"no choice “{words}”")


def test_class_list_bulk_action_and_alert(
    window: Opener, classroom: MakeClassroom, simulator: RunningSimulator
) -> None:
    rooms = [classroom(f"Quay {letter}") for letter in "abc"]
    page = window(ADMINISTRATOR)
    keys = Keys(page)
    page.goto("/?q=quay")
    for room in rooms:
        expect(page.get_by_role("link", name=room.name, exact=True)).to_be_visible()
    keys.enter("^Filter$")
    keys.tick("^Raised hands$")
    keys.follow("^Show$")
    expect(page).to_have_url(re.compile("hands=up"))
    expect(page.get_by_text("No classes match your search.")).to_have_count(3)
    keys.follow("^Clear$")
    expect(page).not_to_have_url(re.compile("hands=up"))
    keys.write("Search by class", "quay")
    keys.press("Enter")
    expect(page).to_have_url(re.compile("q=quay"))
    # select classes while the page updates, then end them; the cloud refuses one
    keys.enter("^Select…$")
    keys.tick("^Select Quay [abc]")
    rooms[2].enter("p1", "Pia Student")
    rooms[2].act("wave", userUuid="p1")
    expect(page.get_by_role("listitem").filter(has_text="Quay c")).to_contain_text("1 raised hand")
    keys.holds("^Select Quay")
    keys.enter("^View$", back=True)
    keys.tick("^Only classes that need")  # a hidden class is not selected
    expect(page.locator("#bulk-count")).to_have_text("0 selected")
    keys.press("Space", "Escape")
    keys.holds("^View$")
    keys.enter("^Select all$")
    expect(page.locator("#bulk-count")).to_have_text("3 selected")
    keys.enter("^Clear selection$")
    keys.holds("^Select…$")
    keys.press("Enter")
    keys.holds("^Select all$")
    keys.press("Enter")
    expect(page.locator("#bulk-count")).to_have_text("3 selected")
    simulator.fault("too_many", route="set_class_state", params={"retryAfter": 60}, count=1)
    keys.follow("^End classes$")
    expect(page.get_by_role("heading", level=1)).to_have_text("End 3 classes?")
    keys.follow("^End 3 classes$")
    expect(page.locator("#progress")).to_contain_text("1 failed")
    expect(page.locator("#progress")).to_contain_text("Finished")
    (left,) = [room for room in rooms if room.truth()["state"] == 1]

    page.goto("/?q=quay")
    tile = page.locator("#classes-live > .tile").filter(has_text=left.name)
    keys.enter("^Refused by the cloud: End the class")
    expect(dialog(page)).to_be_visible()
    keys.to(r"^15 minutes|^5 minutes|^\d+ minutes")
    choose_by_arrows(keys, page, "^1 hour")
    keys.enter("^Acknowledge$")
    expect(dialog(page)).to_be_hidden()
    expect(tile).to_contain_text("Acknowledged by Ada Admin")
    keys.holds("^Acknowledged by Ada Admin")
    keys.press("Enter")
    expect(dialog(page)).to_be_visible()
    keys.enter("^Show alerts again$")
    expect(page.locator("#classes-live > .tile[data-reasons]")).to_have_count(1)
    simulator.clear_faults()
    keys.follow(f"^{left.name}$")
    expect(page.get_by_role("heading", level=1)).to_have_text(left.name)
    keys.enter("^End class$")
    expect(dialog(page)).to_be_visible()
    keys.enter("^Cancel$")
    keys.holds("^End class$")
    keys.press("Enter")
    expect(dialog(page)).to_be_visible()
    keys.to("^Cancel$")
    keys.enter("^End class$")
    expect(last_command(page)).to_contain_text(re.compile(r"End the class\s+Confirmed"))
    keys.keeps()
    keys.enter("^Close class$")
    expect(dialog(page)).to_be_visible()
    keys.to("^Cancel$")
    keys.enter("^Close class$")
    expect(last_command(page)).to_contain_text(re.compile(r"Close the class\s+Confirmed"))
    assert left.truth()["state"] == 3
    keys.keeps()


def test_cancel_a_scheduled_removal_then_remove_and_unban(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Keys 1c")
    room.enter("p1", "Rudi Rowdy")
    room.enter("p2", "Quinn Quiet")
    page = window(TEACHER)
    keys = Keys(page)
    keys.open_class(room)
    expect(row_of(page, "Rudi Rowdy")).to_be_visible()
    scheduled = page.get_by_role("list", name="Scheduled removals").get_by_role("listitem")
    for back in (True, False):  # cancelled in the list above, then in the row
        keys.to_roster("^Remove.*Rudi Rowdy")
        keys.press("Enter")
        expect(dialog(page)).to_be_visible()
        keys.write("^Reason", "Threw paper")
        keys.enter("^Remove later, after a countdown$")
        keys.to("^Now$")
        choose_by_arrows(keys, page, "^In 5 minutes")
        keys.enter("^Start countdown, 10 min ban$")
        expect(scheduled).to_contain_text("Threw paper")
        expect(dialog(page)).to_be_hidden()
        keys.holds("Rudi Rowdy")  # the row's button to cancel it, or the name beside it
        room.act("reward", userUuid="p1", change=1)
        expect(row_of(page, "Rudi Rowdy")).to_contain_text("Rewards: 1")
        keys.enter("^Cancel removal.*Rudi Rowdy", back=back)
        expect(scheduled).to_have_count(0)
        keys.keeps()
    assert room.person("p1")["online"]

    keys.to_roster("^Remove.*Rudi Rowdy")
    keys.press("Enter")
    expect(dialog(page)).to_be_visible()
    keys.to("^For 10 minutes")
    choose_by_arrows(keys, page, "^For 1 hour")
    keys.enter("^Remove now, 1 hour$")
    expect(row_of(page, "Rudi Rowdy")).to_have_count(0)
    keys.holds("Quinn Quiet|Tara Teacher")
    keys.enter("^People who left$")
    keys.enter("^Unban Rudi Rowdy")
    expect(dialog(page)).to_be_visible()
    keys.enter("^Unban$")
    eventually(lambda: not room.person("p1")["isBanned"])
    expect(dialog(page)).to_be_hidden()
    keys.keeps()
    keys.enter("^Banned students$")
    expect(dialog(page)).to_be_visible()
    keys.press("Escape")
    keys.holds("^Banned students$")


def test_hands_and_people(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Keys 1d")
    for number, name in enumerate(("Anna", "Ben", "Carl")):
        room.enter(f"p{number}", name)
        room.act("wave", userUuid=f"p{number}")
    page = window(TEACHER)
    keys = Keys(page)
    keys.open_class(room)
    hands = card(page, "Raised hands")
    expect(hands.get_by_role("listitem")).to_have_count(3)
    keys.to("^Anna$")
    keys.press("Enter")
    expect(dialog(page).get_by_role("heading", level=2)).to_have_text("Anna")
    keys.enter("^Remove…$")
    expect(dialog(page).get_by_role("heading", level=2)).to_have_text("Remove Anna?")
    keys.keeps()
    keys.press("Escape")
    keys.holds("^Anna$")
    room.act("lower", userUuid="p0")  # the focused person leaves the queue
    expect(hands.get_by_role("listitem")).to_have_count(2)
    keys.holds("^Ben$")
    keys.press("Enter")
    expect(dialog(page).get_by_role("heading", level=2)).to_have_text("Ben")
    room.act("lower", userUuid="p1")  # the same while their dialog is open
    room.act("leave", userUuid="p1")
    expect(hands.get_by_role("listitem")).to_have_count(1)
    keys.enter("^Close$")
    keys.holds("^Carl$")
    keys.to("^Search people$")
    keys.type("carl")
    expect(row_of(page, "Carl")).to_be_visible()
    expect(row_of(page, "Anna")).to_be_hidden()
    keys.enter("^Name$")
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")
    expect(row_of(page, "Carl")).to_be_visible()
