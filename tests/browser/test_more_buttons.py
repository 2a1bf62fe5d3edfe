"""Buttons of the pages about classes, students and the search, each with its effect."""

import re

from playwright.sync_api import expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import card, dialog, open_class, press, row_of
from tests.browser.scene import fail_a_recording
from tests.browser.school import ADMINISTRATOR, TEACHER, eventually
from tests.browser.test_alerts_and_bulk import alert_of
from tests.browser.test_scheduling import fill_in_series, in_days, rooms


def test_buttons_of_a_class_that_lead_elsewhere(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Elsewhere 9a")
    page = window(ADMINISTRATOR)
    open_class(page, room)
    tools = card(page, "Files").get_by_text("Tools in the classroom")
    tools.click()
    tools.click()
    say = card(page, "Chat").get_by_role("textbox", name="Message to everyone")
    say.fill("Please open page 5")
    card(page, "Chat").get_by_role("button", name="Send").click()
    expect(card(page, "Chat").get_by_role("log")).to_contain_text("Please open page 5")
    card(page, "Attendance").get_by_role("link", name="Class list").click()
    expect(dialog(page)).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".head-more > summary").click()
    page.locator("#more-commands").get_by_role("link", name=re.compile("^Breakout rooms")).click()
    expect(page).to_have_url(re.compile("/groups/$"))
    open_class(page, room)
    page.get_by_role("link", name="All classes", exact=True).click()
    expect(page.get_by_role("heading", name="Classes", level=1)).to_be_visible()


def test_buttons_of_a_class_that_is_over(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = classroom("Over 9b")
    room.enter("p1", "Pia Student")
    room.act("state", state=3)
    eventually(lambda: dashboard.room(room.uuid)["state"] == "closed")
    page = window(TEACHER, viewport={"width": 390, "height": 844})
    open_class(page, room)
    expect(page.locator("#report-rows")).to_contain_text("Pia Student")
    more = page.locator(".rail .more")
    more.click()
    expect(more).to_have_attribute("aria-expanded", "true")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator("#do-attendance-list").click()
    expect(dialog(page)).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#class-keys").click()
    expect(dialog(page)).to_contain_text("Keyboard")
    page.keyboard.press("Escape")
    page.evaluate("window.print = () => { window.printed = true; }")
    page.locator("[data-print]").click()
    assert page.evaluate("window.printed") is True


def test_search_page_pages_through_its_results(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Crowd 9c")
    for number in range(60):
        room.enter(f"c{number}", f"Crowd Member {number:02}")
    page = window(ADMINISTRATOR)
    open_class(page, room)
    expect(page.locator("#people-sum")).to_contain_text("60")
    page.goto("/search/")
    page.get_by_role("main").get_by_role("searchbox").fill("crowd member")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    results = page.get_by_role("main").get_by_role("listitem")
    expect(results.first).to_be_visible()
    page.get_by_role("main").get_by_role("link", name=re.compile("^Show more")).click()
    first = results.first.inner_text()
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page).to_have_url(re.compile("page=2"))
    expect(results.first).not_to_have_text(first)
    page.get_by_role("link", name="Previous", exact=True).click()
    page.get_by_role("link", name="All results").click()
    expect(page).not_to_have_url(re.compile("in="))


def test_timeline_of_a_student_is_filtered_by_time_and_type(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Range 9d")
    room.enter("r1", "Rita Range")
    room.act("wave", userUuid="r1")
    page = window(TEACHER)
    open_class(page, room)
    page.get_by_role("link", name="Rita Range", exact=True).first.click()
    dialog(page).get_by_role("link", name="Timeline").click()
    expect(page.get_by_role("region", name=room.name)).to_contain_text("raised a hand")
    page.get_by_label("Type of event").select_option(label="Chat")
    page.get_by_role("button", name="Show", exact=True).last.click()
    expect(page.get_by_text("Nothing in this time range.")).to_be_visible()
    page.get_by_role("link", name="Clear time range").click()
    expect(page).to_have_url(re.compile("range=all"))
    page.locator(".from-to > summary").click()
    page.locator(".from-to").get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("range=own"))
    page.goto(page.url.partition("?")[0])
    page.get_by_role("link", name="State and commands").click()
    expect(dialog(page)).to_contain_text("Rita Range")


def test_an_early_class_starts_without_a_replacement(window: Opener, simulator: RunningSimulator) -> None:
    page = window(TEACHER)
    page.goto("/classes/new/")
    page.locator(".form-end").get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name="Classes", level=1)).to_be_visible()
    page.goto("/classes/new/")
    page.get_by_label("Name", exact=True).fill("Early 9e")
    page.get_by_label("Starts", exact=True).fill(in_days(simulator, 1))
    page.get_by_role("button", name="Create class").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Early 9e")
    address = page.url.partition("?")[0]
    page.goto(f"{address}do/start/")
    page.get_by_role("main").get_by_role("link", name="Cancel").click()
    expect(page).to_have_url(address)
    press(page, "Start class")
    dialog(page).get_by_role("button", name="Start only").click()
    eventually(lambda: [room["state"] for room in rooms(simulator, "Early 9e")] == [1])


def test_more_settings_of_a_series_and_the_form_of_a_listed_person(
    window: Opener, simulator: RunningSimulator
) -> None:
    page = window(ADMINISTRATOR)
    fill_in_series(page, simulator, "Series 9f", first=3, times=3)
    page.get_by_role("button", name="Create class").click()
    page.get_by_role("link", name="Change classes").click()
    dialog(page).get_by_text("More settings").click()
    expect(dialog(page).locator("details.fold[open]")).to_be_visible()
    page.goto("/lists/new/")
    page.get_by_label("List name").fill("List 9f")
    page.get_by_role("button", name="Create list").click()
    page.get_by_role("link", name="Add a person").click()
    page.get_by_role("main").get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("List 9f")


def test_recording_is_restarted_from_the_alert(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Restart 9h")
    fail_a_recording(room)
    page = window(ADMINISTRATOR)
    page.goto("/?q=Restart")
    alert = alert_of(page, room)
    alert.get_by_role("link", name=re.compile("^Start recording")).click()
    dialog(page).get_by_role("button", name="Start recording").click()
    eventually(lambda: any(each["status"] == 1 for each in room.truth()["recordings"]))


def test_command_on_a_page_of_its_own(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Own page 9i")
    room.enter("h1", "Hanna Hand")
    room.act("wave", userUuid="h1")
    page = window(TEACHER)
    open_class(page, room)
    address = page.url.partition("?")[0]
    lower = card(page, "Raised hands").get_by_role("button", name="Lower Hanna Hand’s hand")
    assert room.truth()["hands"] == ["h1"]
    page.goto(f"{address}people/do/?lower_hand={lower.get_attribute('value')}")
    page.get_by_role("main").get_by_role("button", name="Lower hand").click()
    eventually(lambda: room.truth()["hands"] == [])
    expect(page).to_have_url(re.compile(re.escape(address)))


def test_earlier_quizzes_and_polls_are_shown_and_one_is_ended_on_its_page(
    window: Opener, classroom: MakeClassroom
) -> None:
    room = classroom("Many questions 9j")
    for _ in range(34):
        room.act("poll", userUuid="teacher-1", pollItems=["Yes", "No"])
        room.act("poll", stop=True)
    room.act("poll", userUuid="teacher-1", pollItems=["Yes", "No"])
    page = window(TEACHER)
    open_class(page, room)
    end = card(page, "Quizzes and polls").get_by_role("button", name="End", exact=True)
    expect(end).to_be_visible()
    page.reload()
    questions = page.locator("#question-list > li")
    page.get_by_role("link", name=re.compile(r"^Show the \d+ earlier ones$")).click()
    expect(questions).to_have_count(35)
    page.goto(str(end.locator("xpath=ancestor::form").get_attribute("action")))
    page.get_by_role("main").locator("button.primary").click()
    expect(card(page, "Quizzes and polls")).not_to_contain_text("Running")


def test_timeline_is_paged_and_the_replay_opens_at_the_pressed_place(
    window: Opener, classroom: MakeClassroom
) -> None:
    room = classroom("Many moments 9k")
    room.enter("m1", "Mona Moment")
    for number in range(60):
        room.act("chat", userUuid="m1", message=f"Moment {number}")
    page = window(TEACHER)
    open_class(page, room)
    expect(card(page, "Chat").get_by_role("log")).to_contain_text("Moment 59")
    row_of(page, "Mona Moment").get_by_role("link", name="Mona Moment", exact=True).click()
    dialog(page).get_by_role("link", name="Timeline").click()
    main = page.get_by_role("main")
    page.get_by_role("link", name="Earlier", exact=True).click()
    expect(main.get_by_text("Moment 0", exact=False).first).to_be_visible()
    page.get_by_role("link", name="Newest", exact=True).click()
    expect(main).to_contain_text("Moment 59")
    open_class(page, room)
    card(page, "Events").get_by_role("link", name="Replay").click()
    slider = page.get_by_role("slider", name="Time in the class")
    expect(slider).to_have_value("0")
    slider.click()
    expect(slider).not_to_have_value("0")


def test_data_of_a_class_is_kept_from_its_page(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = classroom("Kept 9k")
    room.enter("p1", "Pia Student")
    page = window(ADMINISTRATOR)
    open_class(page, room)
    row_of(page, "Pia Student").get_by_role("link", name="More for Pia Student").click()
    expect(dialog(page)).to_be_visible()
    page.keyboard.press("Escape")
    room.act("state", state=3)
    eventually(lambda: dashboard.room(room.uuid)["state"] == "closed")
    open_class(page, room)
    page.locator("#keep-data").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(room.name)


def test_buttons_about_roles_and_of_the_audit_log(window: Opener) -> None:
    page = window(ADMINISTRATOR)
    page.goto("/people/")
    page.get_by_role("link", name="Substitutions").last.click()
    expect(page.get_by_role("heading", name="Substitutions", level=1)).to_be_visible()
    page.goto("/people/")
    page.get_by_role("link", name="Roles").last.click()
    expect(page.get_by_role("heading", name="Roles", level=1)).to_be_visible()
    page.evaluate("window.print = () => { window.printed = true; }")
    page.locator("[data-print]").click()
    assert page.evaluate("window.printed") is True
    page.goto("/settings/audit/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download JSON").click()
    assert b"account.sign_in" in download.value.path().read_bytes()
