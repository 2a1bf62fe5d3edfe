"""A class from creation to closing. Each step is checked on the page and in the cloud."""

import re

from playwright.sync_api import expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import card, dialog, last_command, open_class, press, removal_of, roster, row_of
from tests.browser.school import TEACHER, eventually


def test_create_a_class(window: Opener, simulator: RunningSimulator) -> None:
    page = window(TEACHER)
    page.goto("/")
    press(page, "New class")
    asks = page.get_by_role("main")
    expect(asks.get_by_role("heading", name="New class")).to_be_visible()
    asks.get_by_label("Name").fill("x" * 70)
    expect(asks.get_by_label("Name")).to_have_value("x" * 64)
    asks.get_by_label("Name").fill("Brand new 9b")
    asks.get_by_text("More settings").click()
    asks.get_by_label("Lecture hall").check()
    asks.get_by_role("button", name="Create class").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Brand new 9b")
    expect(page.get_by_text("Not started")).to_be_visible()
    (made,) = [one for one in simulator.oracle(events=0)["rooms"] if one["roomName"] == "Brand new 9b"]
    assert (made["roomType"], made["state"]) == (2, 0)
    expect(card(page, "Commands")).to_contain_text(re.compile("Create the class.*Confirmed", re.S))
    page.goto("/")
    coming = page.get_by_role("region", name="Upcoming")
    expect(coming.get_by_role("link", name="Brand new 9b")).to_be_visible()


def test_the_form_for_a_new_class_marks_the_wrong_field(window: Opener) -> None:
    page = window(TEACHER)
    page.goto("/")
    press(page, "New class")
    page.get_by_role("main").get_by_label("Name").fill("Too late")
    page.get_by_role("main").get_by_label("Starts").fill("2020-01-01T09:00")
    page.get_by_role("main").get_by_role("button", name="Create class").click()
    expect(page.get_by_role("main")).to_contain_text("This time is in the past")
    expect(page.get_by_role("main").get_by_label("Name")).to_have_value("Too late")


def test_start_a_class_and_follow_people(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = classroom("Watch me 7b", state=0)
    page = window(TEACHER)
    open_class(page, room)
    page.evaluate("window.notReloaded = true")
    press(page, "Start class")
    expect(last_command(page)).to_contain_text(re.compile(r"Start the class\s+Confirmed"))
    expect(page.get_by_role("button", name="Start class")).to_have_count(0)
    expect(page.get_by_role("link", name="End class")).to_be_visible()
    assert room.truth()["state"] == 1

    room.enter("p1", "Pia Student")
    expect(row_of(page, "Pia Student")).to_be_visible()
    room.act("wave", userUuid="p1")
    expect(row_of(page, "Pia Student")).to_contain_text("Hand raised")
    room.act("lower", userUuid="p1")
    room.act("stage", userUuid="p1")
    room.act("reward", userUuid="p1", change=3)
    room.act("mute", userUuid="p1", muteChat=1)
    row = row_of(page, "Pia Student")
    expect(row).not_to_contain_text("Hand raised")
    expect(row.get_by_role("button", name="Take Pia Student off the stage")).to_be_visible()
    expect(row).to_contain_text("Rewards: 3")
    expect(row.get_by_role("button", name="Unmute Pia Student in chat")).to_be_visible()
    room.act("chat", userUuid="teacher-1", message="Good morning, everybody")
    chat = page.get_by_role("log", name="Chat")
    expect(chat).to_contain_text("Good morning, everybody")
    expect(chat.get_by_role("listitem")).to_have_count(1)
    room.act("drop", userUuid="p1")
    expect(row_of(page, "Pia Student")).to_have_count(0)
    room.enter("p1", "Pia Student")
    expect(row_of(page, "Pia Student")).to_be_visible()
    assert page.evaluate("window.notReloaded")

    known = dashboard.room(room.uuid)
    (pia,) = [one for one in known["participants"] if one["user_uuid"] == "p1"]
    assert (known["state"], known["chat_messages"]) == ("started", 1)
    assert (pia["online"], pia["on_stage"], pia["rewards"], pia["chat_muted"]) == (
        True,
        room.person("p1")["onStage"],
        3,
        True,
    )


def test_remove_a_student_for_ten_minutes_then_unban_them(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = classroom("Removal 8a")
    room.enter("p1", "Rudi Rowdy")
    room.enter("p2", "Quinn Quiet")
    page = window(TEACHER)
    open_class(page, room)
    removal_of(page, "Rudi Rowdy").click()
    asks = dialog(page)
    expect(asks.get_by_role("heading")).to_have_text("Remove Rudi Rowdy?")
    asks.get_by_label("For 10 minutes").check()
    asks.get_by_label(re.compile("Reason")).fill("Threw paper")
    asks.get_by_role("button", name="Remove").click()
    expect(asks).to_be_hidden()
    expect(row_of(page, "Rudi Rowdy")).to_have_count(0)
    expect(row_of(page, "Quinn Quiet")).to_be_visible()
    expect(last_command(page)).to_contain_text(re.compile(r"Remove: Rudi Rowdy\s+Confirmed"))
    removed = room.person("p1")
    assert (removed["online"], removed["isBanned"]) == (False, True)
    known = {one["user_uuid"]: one for one in dashboard.room(room.uuid)["participants"]}
    assert known["p1"]["online"] is False
    assert known["p1"]["kicked_until"] is not None
    assert known["p2"]["kicked_until"] is None

    page.get_by_text("People who left", exact=True).click()
    gone = page.get_by_role("table", name="People who left the class")
    expect(gone.get_by_role("row")).to_contain_text("Removed")
    gone.get_by_role("link", name="Unban Rudi Rowdy").click()
    expect(asks).to_contain_text("may not work")
    asks.get_by_role("button", name="Unban").click()
    expect(last_command(page)).to_contain_text("Unban: Rudi Rowdy")
    eventually(lambda: not room.person("p1")["isBanned"])
    room.enter("p1", "Rudi Rowdy")
    expect(row_of(page, "Rudi Rowdy")).to_be_visible()


def test_remove_now_and_permanently(window: Opener, classroom: MakeClassroom, dashboard: Dashboard) -> None:
    room = classroom("Removal 8b")
    room.enter("p1", "Nora Now")
    room.enter("p2", "Gus Good")
    page = window(TEACHER)
    open_class(page, room)
    for name, span in (("Nora Now", "No, they can rejoin"), ("Gus Good", "Permanently")):
        removal_of(page, name).click()
        dialog(page).get_by_role("radio", name=re.compile(f"^{span}")).check()
        dialog(page).get_by_role("button", name="Remove").click()
        expect(row_of(page, name)).to_have_count(0)
    assert room.person("p1")["isBanned"] is False
    assert room.person("p2")["isBanned"] is True
    known = {one["user_uuid"]: one for one in dashboard.room(room.uuid)["participants"]}
    assert known["p2"]["kicked_until"] == "forever"
    room.enter("p1", "Nora Now")
    expect(row_of(page, "Nora Now")).to_be_visible()


def test_end_and_close_ask_for_confirmation(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Ending 6d")
    room.enter("p1", "Pia Student")
    page = window(TEACHER)
    open_class(page, room)
    expect(row_of(page, "Pia Student")).to_be_visible()
    press(page, "End class")
    expect(dialog(page)).to_contain_text("can't be started again")
    dialog(page).get_by_role("button", name="Cancel").click()
    expect(dialog(page)).to_be_hidden()
    assert room.truth()["state"] == 1
    press(page, "End class")
    dialog(page).get_by_role("button", name="End class").click()
    expect(last_command(page)).to_contain_text(re.compile(r"End the class\s+Confirmed"))
    expect(page.get_by_text("Ended, 2 present")).to_be_visible()
    assert room.truth()["state"] == 2
    press(page, "Close class")
    expect(dialog(page)).to_contain_text("All 2 people present must leave now")
    dialog(page).get_by_role("button", name="Close class").click()
    expect(last_command(page)).to_contain_text(re.compile(r"Close the class\s+Confirmed"))
    expect(roster(page).get_by_role("rowheader")).to_have_count(0)
    expect(page.get_by_text("Closed", exact=True)).to_be_visible()
    closed = room.truth()
    assert closed["state"] == 3
    assert not [user for user in closed["users"] if user["online"]]
    expect(
        page.get_by_role("link", name=re.compile("End class|Close class"), include_hidden=True)
    ).to_have_count(0)
