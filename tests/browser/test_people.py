"""Tasks of administrators: people, unassigned classes, the connection test, the audit log."""

import re
import uuid

from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import card, open_class, press
from tests.browser.school import ADMINISTRATOR, TEACHER


def add_teacher(page: Page, *, name: str, email: str, user_uuid: str) -> str:
    """Add a person, and return the link that the page shows."""
    page.goto("/people/")
    press(page, "Add a person")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Cloud user ids").fill(user_uuid)
    press(page, "Add person")
    expect(page.get_by_role("heading", name=f"{name} was added")).to_be_visible()
    return link_of(page)


def link_of(page: Page) -> str:
    """Copy the link that the page shows, and return its path."""
    press(page, "Copy link")
    link = page.get_by_role("textbox", name="Link", exact=True).input_value()
    return "/" + link.split("/", 3)[3]


def choose_password(page: Page, link: str, password: str) -> None:
    """Open a link and choose a password."""
    page.goto(link)
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("Repeat the new password").fill(password)
    press(page, "Save and sign in")
    expect(page.get_by_role("heading", name="Classes", exact=True)).to_be_visible()


def test_a_new_teacher_signs_in_and_sees_their_class(window: Opener, classroom: MakeClassroom) -> None:
    mark = uuid.uuid4().hex[:6]  # a second run of this test must use another account
    name, email, user_uuid = f"Nina New {mark}", f"nina-{mark}@school.test", f"teacher-new-{mark}"
    room = classroom("Newcomer 1c", teacher=user_uuid, teacher_name=name)
    page = window(ADMINISTRATOR)
    link = add_teacher(page, name=name, email=email, user_uuid=user_uuid)
    teacher_page = window()
    choose_password(teacher_page, link, f"blue-teapot-{mark}")
    open_class(teacher_page, room)

    press(page, "Done")
    page.get_by_text("New password", exact=True).click()
    page.get_by_role("button", name="Create link").click()
    fresh = link_of(page)
    assert fresh != link
    # the open page notices that the session has ended
    expect(teacher_page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=30_000)
    choose_password(teacher_page, fresh, f"green-teapot-{mark}")

    press(page, "Done")
    page.get_by_text("Deactivate account").click()
    page.get_by_role("button", name=f"Deactivate {name}").click()
    expect(page.get_by_role("status").filter(has_text="deactivated")).to_be_visible()
    expect(teacher_page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=30_000)
    teacher_page.get_by_label("Email address").fill(email)
    teacher_page.get_by_label("Password", exact=True).fill(f"green-teapot-{mark}")
    teacher_page.get_by_role("button", name="Sign in").click()
    expect(teacher_page.get_by_text(re.compile("deactivated|Incorrect email or password"))).to_be_visible()


def test_assign_an_unassigned_class(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Nobody 1d", teacher="unknown-1", teacher_name="Sam Stranger")
    page = window(ADMINISTRATOR)
    open_class(page, room)
    teacher_page = window(TEACHER)
    teacher_page.goto("/?q=Nobody+1d")
    expect(teacher_page.get_by_role("link", name=room.name)).to_have_count(0)
    page.goto("/people/unassigned/?q=Nobody+1d")
    page.get_by_label(re.compile(room.name)).check()
    page.get_by_label("Assign to").select_option(label="Tara Teacher")
    press(page, "Assign selected classes")
    expect(page.get_by_role("status").filter(has_text="assigned to Tara Teacher")).to_be_visible()
    expect(page.get_by_label(re.compile(room.name))).to_have_count(0)
    expect(teacher_page.get_by_role("link", name=room.name)).to_be_visible()  # without reloading
    open_class(teacher_page, room)


def test_the_connection_test_names_the_problem(window: Opener, simulator: RunningSimulator) -> None:
    page = window(ADMINISTRATOR)
    page.goto("/settings/")
    report = page.locator("#connection-report")
    press(page, "Test the connection")
    expect(report).to_contain_text("No problems found.")
    simulator.fault("token_expired")
    press(page, "Test the connection")
    expect(report).to_contain_text(re.compile("token", re.I))
    expect(report).not_to_contain_text("No problems found.")
    simulator.clear_faults()
    simulator.fault("refuse")
    press(page, "Test the connection")
    expect(report).to_contain_text("The cloud can't be reached.", timeout=30_000)
    simulator.clear_faults()
    press(page, "Test the connection")
    expect(report).to_contain_text("No problems found.")
    assert simulator.app_certificate not in page.content()


def test_the_audit_log_says_who_did_what(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Audited 2f", state=0)
    teacher_page = window(TEACHER)
    open_class(teacher_page, room)
    press(teacher_page, "Start class")
    expect(card(teacher_page, "Commands")).to_contain_text("Confirmed")
    page = window(ADMINISTRATOR)
    page.goto("/settings/audit/")
    page.get_by_label("Class", exact=True).fill("Audited 2f")
    press(page, "Show")
    row = page.get_by_role("table").get_by_role("row").filter(has_text=room.name)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Tara Teacher")
    expect(row).to_contain_text("Confirmed")
    teacher_page.goto("/settings/")
    expect(teacher_page.get_by_role("heading", name="Settings")).to_have_count(0)
    assert teacher_page.request.get("/settings/audit/").status == 404
    assert teacher_page.request.get("/people/").status == 404


def test_audit_log_tells_what_happened_to_a_student_and_exports_it(
    window: Opener, classroom: MakeClassroom
) -> None:
    room = classroom("Audited 3g")
    room.enter("pupil-3g", "Zoë Brandt")
    page = window(ADMINISTRATOR)
    open_class(page, room)
    page.get_by_role("link", name="Audit log").click()
    page.get_by_label("Student").fill("nobody-of-this-name")
    press(page, "Show")
    expect(page.get_by_text("No matching entries")).to_be_visible()
    press(page, "Clear")
    expect(page.get_by_label("Student")).to_have_value("")
    press(page, "Last hour")
    expect(page).to_have_url(re.compile(r"since="))
    expect(page.get_by_role("table").get_by_role("row").nth(1)).to_be_visible()
    with page.expect_download() as download:
        press(page, "Download CSV")
    content = download.value.path().read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "Signed in" in content.decode()


def test_people_of_a_class_list_are_edited_one_by_one(window: Opener) -> None:
    page = window(TEACHER)
    page.goto("/lists/new/")
    page.get_by_label("List name").fill(f"Edited {uuid.uuid4().hex[:6]}")
    press(page, "Create list")
    press(page, "Add a person")
    page.get_by_label("Name").fill("Zoë Brandt")
    press(page, "Save and add another")
    expect(page.get_by_role("status").filter(has_text="was added")).to_be_visible()
    page.get_by_label("Name").fill("Zoë Brandt")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("is already on this list")).to_be_visible()
    page.get_by_label("Group").fill("7b")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Change Zoë Brandt")).to_have_count(2)
    page.get_by_role("link", name="Change Zoë Brandt").last.click()
    press(page, "Remove from the list")
    expect(page.get_by_role("link", name="Change Zoë Brandt")).to_have_count(1)
