"""Buttons that no other test presses: links, cancelling, paging. With these, every button is pressed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, MakeClassroom, Opener, sign_in
from tests.browser.page_parts import card, dialog, last_command, open_class, press, removal_of, roster, row_of
from tests.browser.school import ADMINISTRATOR, MEMBER, OTHER_TEACHER, TEACHER, eventually, open_classroom


def headline(page: Page, words: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def rows(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("listitem")


def number_in(element: Locator, attribute: str = "id") -> int:
    """Return the number at the end of an id."""
    return int(re.sub(r"\D", "", str(element.get_attribute(attribute))))


def test_links_of_error_pages_and_cancel_buttons_of_forms(window: Opener) -> None:
    page = window()
    page.goto("/account/inactive/")
    press(page, "Sign in with another account")
    headline(page, "Sign in")
    page.context.clear_cookies()  # as when the page was open for too long
    page.locator(".languages summary").click()
    page.get_by_role("button", name="Español").click()
    headline(page, re.compile("open for too long"))
    press(page, "All classes")
    headline(page, "Sign in")
    page.locator(".languages summary").click()
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.locator(".languages summary").click()
    page.get_by_role("button", name="English").click()

    sign_in(page, MEMBER)
    page.goto("/nothing/here/")
    headline(page, "Page not found")
    press(page, "All classes")
    headline(page, re.compile("^Classes"))
    page.goto("/account/password/")
    page.get_by_role("link", name="Cancel").click()
    headline(page, "Sign-in and security")
    for path in ("/account/settings/", "/classes/new/"):
        page.goto(path)
        page.get_by_role("link", name="Cancel").click()
        headline(page, re.compile("^Classes"))
    page.goto("/sign-out/")
    press(page, "Stay signed in")
    headline(page, re.compile("^Classes"))
    page.goto("/sign-out/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    headline(page, "Sign in")
    page.goto("/people/")
    headline(page, "Sign in")


def test_every_dialog_is_also_a_page(
    window: Opener, classroom: MakeClassroom, simulator: RunningSimulator
) -> None:
    """For a link in a new tab, and for people without scripts."""
    room = classroom("Asked 7a", state=0)
    room.enter("p1", "Pia Student")
    page = window(TEACHER)
    open_class(page, room)
    home = page.url

    def ask(path: str, button: str) -> None:
        page.goto(home + path)
        page.get_by_role("main").get_by_role("button", name=button, exact=True).click()
        page.wait_for_url(lambda url: url.rstrip("/") == home.rstrip("/"))

    ask("do/start/", "Start class")
    eventually(lambda: room.truth()["state"] == 1)
    page.goto(home + "do/end/")
    page.get_by_role("link", name="Cancel").click()
    headline(page, room.name)
    room.act("record", state=1, mode="web")
    expect(card(page, "Recording").get_by_text("On", exact=True)).to_be_visible()
    for name, button, paused in (("pause", "Pause", True), ("resume", "Resume", False)):
        ask(f"recording/{name}/", button)
        eventually(lambda wanted=paused: room.truth()["recordings"][0].get("onHold", False) is wanted)

    removal_of(page, "Pia Student").click()
    dialog(page).get_by_text("Remove later").click()
    dialog(page).get_by_label("In 5 minutes").check()
    dialog(page).get_by_role("button", name="Start countdown").click()
    planned = page.get_by_role("list", name="Scheduled removals").get_by_role("listitem")
    expect(planned).to_have_count(1)
    ask(f"removals/{number_in(planned)}/call-off/", "Cancel removal")
    expect(planned).to_have_count(0)

    room.act("resource", resourceUuid="s1", resourceName="Sheet.pdf")
    expect(card(page, "Files")).to_contain_text("Sheet.pdf")
    press(page, "Delete")
    dialog(page).get_by_label("Sheet.pdf").check()
    dialog(page).get_by_role("button", name="Delete").click()
    hold = number_in(page.locator("#held .held"))
    ask(f"files/held/{hold}/undo/", "Undo deletion")
    expect(card(page, "Files")).not_to_contain_text("about to be deleted")
    assert len(room.truth()["resources"]) == 1

    simulator.fault("withhold", params={"room": room.uuid, "cmd": 1})
    ask("do/end/", "End, keep recording")
    asked = card(page, "Commands").get_by_role("listitem").filter(has_text="End the class").first
    expect(asked).to_contain_text(re.compile(r"accepted \+\d"))
    ask(f"commands/{number_in(asked)}/check/", "Check now")
    expect(last_command(page)).to_contain_text(re.compile(r"End the class\s+Confirmed"))


def test_earlier_messages_and_events(window: Opener, classroom: MakeClassroom, dashboard: Dashboard) -> None:
    room = classroom("Further 7b")
    room.enter("zoe", "Zoë Brandt")
    for number in range(125):
        room.act("chat", userUuid="zoe", message=f"Line {number}.")
    page = window(TEACHER)
    eventually(lambda: dashboard.room(room.uuid)["chat_messages"] == 125, within_s=60)
    open_class(page, room)
    chat, events = card(page, "Chat"), card(page, "Events")
    log = chat.get_by_role("log")
    expect(log.get_by_role("listitem")).to_have_count(60)
    log.get_by_role("link", name="Earlier messages").click()
    expect(log.get_by_role("listitem")).to_have_count(120)
    expect(log.get_by_role("listitem").first).to_contain_text("Line 5.")
    events.get_by_role("link", name="Earlier events").click()
    expect(events.get_by_role("listitem")).to_have_count(100)
    events.get_by_label("Type of event").select_option("Chat")
    expect(events.get_by_role("listitem")).to_have_count(50)
    events.get_by_role("link", name="Earlier events").click()
    expect(events.get_by_role("listitem")).to_have_count(100)
    expect(events.get_by_role("listitem").last).to_contain_text("Line 25.")

    chat.get_by_role("link", name="All messages").click()
    headline(page, "Messages")
    expect(rows(page)).to_have_count(60)
    press(page, "Earlier messages")
    expect(rows(page).first).to_contain_text("Line 5.")
    page.goto(page.url.replace("chat/", "events/").split("?")[0])
    expect(rows(page)).to_have_count(50)
    press(page, "Earlier events")
    expect(rows(page).first).to_contain_text("Line 74.")


def test_rename_and_download_a_class_list(window: Opener) -> None:
    page = window(OTHER_TEACHER)
    page.goto("/lists/new/")
    page.get_by_role("link", name="Cancel").click()
    headline(page, "Class lists")
    press(page, "New list")
    page.get_by_label("List name").fill("Misnamed")
    press(page, "Create list")
    page.get_by_label("List name").fill("Named 7c")
    press(page, "Rename")
    headline(page, "Named 7c")
    sheet = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"name;id\nAnna;p1\n"}
    page.get_by_label("File (XLSX, XLS, ODS, CSV or TSV)").set_input_files(sheet)
    press(page, "Upload file")
    press(page, "Preview changes")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_text("No people yet.")).to_be_visible()
    page.get_by_label("File (XLSX, XLS, ODS, CSV or TSV)").set_input_files(sheet)
    press(page, "Upload file")
    press(page, "Preview changes")
    press(page, "Save changes")
    with page.expect_download() as download:
        press(page, "Download")
    assert "Anna" in download.value.path().read_text(encoding="utf-8-sig")
    press(page, "Delete list")
    page.get_by_role("link", name="Cancel").click()
    headline(page, "Named 7c")


def test_join_class_unban_and_set_properties(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Besides 7d")
    room.enter("p1", "Rudi Rowdy")
    room.act("kick", userUuid="p1", duration=600)
    page = window(TEACHER)
    open_class(page, room)
    with page.context.expect_event("request", lambda asked: "/join?" in asked.url) as entering:
        press(page, "Join class")
    assert re.search("user=teacher-1.*role=1", entering.value.url)
    page.get_by_text("People who left", exact=True).click()
    gone = page.get_by_role("table", name="People who left the class")
    gone.get_by_role("link", name="Rudi Rowdy", exact=True).click()
    dialog(page).get_by_role("link", name="Unban…").click()
    dialog(page).get_by_role("button", name="Unban").click()
    eventually(lambda: not room.person("p1")["isBanned"])

    card(page, "Details")
    press(page, "Create a similar class")
    expect(page.get_by_label("Name", exact=True)).to_have_value(room.name)
    page.go_back()
    card(page, "Details")
    press(page, "Properties")
    page.get_by_text("Managed by the cloud").click()
    expect(page.get_by_role("heading", level=3).first).to_be_visible()
    page.get_by_label("Properties", exact=True).fill('{"wrong": 1}')
    press(page, "Start over")
    expect(page.get_by_label("Properties", exact=True)).to_have_value("{}")
    page.get_by_label("Properties", exact=True).fill('{"colour": "blue"}')
    page.get_by_text("Reason (sent to the classroom)").click()
    page.get_by_label("Reason for the change (JSON, included in the event)").fill('{"by": "hand"}')
    press(page, "Compare")
    with page.expect_navigation():
        press(page, "Send")
    eventually(lambda: room.truth()["properties"] == {"colour": "blue"})
    open_class(page, room)
    page.get_by_text("People who left", exact=True).click()
    gone.get_by_role("link", name="Rudi Rowdy", exact=True).click()
    dialog(page).get_by_role("link", name="Properties").click()
    expect(page.get_by_role("combobox", name="Person")).to_have_text(re.compile("Rudi Rowdy"))
    open_class(page, room)
    events = card(page, "Events")
    events.get_by_role("listitem").first.get_by_role("link").click()
    expect(dialog(page)).to_contain_text(re.compile(r'"cause": \{\s*"by": "hand"'))


def test_replay_of_a_moment(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Moment 7e")
    room.enter("p1", "Pia Student")
    page = window(TEACHER)
    open_class(page, room)
    expect(row_of(page, "Pia Student")).to_be_visible()

    def lasts() -> bool:  # a slider counts in seconds
        room.act("reward", userUuid="p1", change=1)
        first, last = page.locator("#event-log time").evaluate_all(
            "(all) => [all.at(-1), all[0]].map((time) => Date.parse(time.dateTime))"
        )
        return last - first > 2000

    expect(card(page, "Events").get_by_role("listitem").first).to_be_visible()
    eventually(lasts)
    card(page, "Events").get_by_role("link", name="Replay").click()
    slider = page.get_by_role("slider", name="Time in the class")
    slider.click(position={"x": 3, "y": 3})
    expect(roster(page)).not_to_contain_text("Pia Student")
    page.get_by_label("Speed: class time per second").select_option("60")
    press(page, "Play")
    expect(row_of(page, "Pia Student")).to_be_visible()  # one second shows a minute
    end = page.locator("#replay-now time").inner_text()
    page.get_by_label("Go to").fill(end)
    press(page, "Show")
    expect(row_of(page, "Pia Student")).to_be_visible()
    assert "at=" in page.url


def test_links_of_the_view_menu(window: Opener) -> None:
    page = window(ADMINISTRATOR)
    page.goto("/")
    page.locator("summary").filter(has_text="View").click()
    press(page, "Keyboard shortcuts")
    expect(dialog(page).get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("summary").filter(has_text="View").click()
    press(page, "Bulk actions")
    headline(page, "Bulk actions")


@pytest.fixture
def many(simulator: RunningSimulator) -> Iterator[None]:
    """Open more unassigned classes than one page of a list shows."""
    rooms = [open_classroom(simulator, f"Leaf {n:02}", state=0, teacher="t-leaf") for n in range(51)]
    for room in rooms:
        room.act("leave", userUuid="t-leaf")
    yield
    for room in rooms:
        room.act("state", state=3)


@pytest.mark.usefixtures("many")
def test_paging_and_assigning_classes(window: Opener) -> None:
    page = window(ADMINISTRATOR)
    page.goto("/?when=coming&q=leaf")
    expect(page.get_by_text("Page 1 of 2")).to_be_visible(timeout=30_000)
    press(page, "Older")
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    press(page, "Newer")
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()

    page.goto("/people/")
    press(page, "Unassigned classes")
    page.get_by_role("main").get_by_role("searchbox").fill("leaf")
    press(page, "Search")
    expect(page.get_by_text("Page 1 of 3")).to_be_visible()
    press(page, "Next")
    expect(page.get_by_text("Page 2 of 3")).to_be_visible()
    press(page, "Previous")
    expect(page.get_by_text("Page 1 of 3")).to_be_visible()
    press(page, "Clear")
    expect(page.get_by_role("main").get_by_role("searchbox")).to_have_value("")

    page.goto("/people/")
    page.get_by_role("main").get_by_role("searchbox").fill("omar")
    press(page, "Show")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(2)
    press(page, "Clear")
    expect(page.get_by_role("table").get_by_role("row").nth(3)).to_be_visible()
    page.get_by_role("link", name="Omar Other").click()
    page.get_by_label("Part of the class name").fill("leaf 07")
    press(page, "Search")
    page.get_by_label("Leaf 07").check()
    press(page, "Assign selected classes")
    theirs = window(OTHER_TEACHER)
    theirs.goto("/?q=leaf")
    expect(theirs.get_by_role("link", name="Leaf 07", exact=True)).to_be_visible()
    press(page, re.compile("^Unassign.*Leaf 07"))
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text("no longer assigned")
    theirs.goto("/?q=leaf")
    expect(theirs.get_by_role("link", name="Leaf 07", exact=True)).to_have_count(0)


def test_cancel_adding_a_person(window: Opener) -> None:
    page = window(ADMINISTRATOR)
    page.goto("/people/")
    headline(page, "People")
    press(page, "Add a person")
    page.get_by_role("link", name="Cancel").click()
    headline(page, "People")
    press(page, "Add a person")
    page.get_by_label("Name").fill("Paula Passing")
    page.get_by_label("Email address").fill("paula@school.test")
    press(page, "Add person")
    press(page, "All people")
    expect(page.get_by_role("link", name="Paula Passing")).to_be_visible()


RECORD = """
from classroom_admin.accounts.models import User
from classroom_admin.audit.record import record
from classroom_admin.sync.models import Quarantine
ada = User.objects.get(email=EMAIL)
for number in range(51):
    name = f"List {number}"
    record(actor=ada, action="class_list.make", target=str(number), target_name=name, params={"name": "8a"})
    Quarantine.objects.create(raw=f"what came {number}", reason="not JSON")
"""
READ = """
from classroom_admin.sync.models import Quarantine
Quarantine.objects.filter(reason="not JSON", event=None, answer=None).delete()
"""


def test_audit_log_and_quarantine_page_by_page(window: Opener, dashboard: Dashboard) -> None:
    done = dashboard.manage("shell", "--verbosity", "0", "-c", f"EMAIL = {ADMINISTRATOR!r}\n{RECORD}")
    assert done.returncode == 0, done.stderr
    page = window(ADMINISTRATOR)
    try:
        page.goto("/settings/audit/")
        page.get_by_label("Person", exact=True).select_option(label="Ada Admin")
        press(page, "Show")
        table = page.get_by_role("table")
        expect(table).to_contain_text("List 50")
        press(page, "Older")
        expect(table).to_contain_text("List 0")
        table.get_by_role("row").filter(has_text="List 0").get_by_text("Details").click()
        expect(table.get_by_text("8a").first).to_be_visible()
        press(page, "Newest")
        expect(table).to_contain_text("List 50")
        press(page, "Clear")
        expect(page.get_by_label("Person", exact=True)).to_have_value("")

        page.goto("/settings/sync/")
        expect(table.nth(1).get_by_role("row")).to_have_count(51)
        press(page, "Older")
        table.nth(1).get_by_role("row").filter(has=page.get_by_text("Show")).last.get_by_text("Show").click()
        expect(page.get_by_text("what came 0", exact=True)).to_be_visible()
        press(page, "Newest")
        expect(table.nth(1).get_by_role("row")).to_have_count(51)
    finally:
        dashboard.manage("shell", "--verbosity", "0", "-c", READ)
