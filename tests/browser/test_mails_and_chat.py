"""A teacher chooses mails and unsubscribes; an administrator sets up a chat service."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Dashboard, Opener
from tests.browser.page_parts import assert_fits, keep_screenshot
from tests.browser.school import ADMINISTRATOR, TEACHER
from tests.integrations.chat_targets.chat_server import chat_server

PHONE = {"width": 390, "height": 844}
FAILED = """
from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.integrations.mail.models import Mail
Mail.objects.create(person=User.objects.get(email="{email}"), kind="weekly_summary", state="failed",
    due_at=clock.now(), week=clock.now().date(), problem={{"code": "mail_refused", "params": {{
        "place": "mail.school.example:587", "code": 452, "reply": "4.2.2 Mailbox full"}}}})
"""
LINK = """
from classroom_admin.accounts.models import User
from classroom_admin.integrations.mail.choices import MailKind, unsubscribe_path
print(unsubscribe_path(User.objects.get(email="{email}"), MailKind.WEEKLY_SUMMARY))
"""


def test_teacher_chooses_mails_and_unsubscribes_without_a_sign_in(
    window: Opener, dashboard: Dashboard
) -> None:
    page = window(TEACHER, viewport=PHONE)
    page.goto("/account/settings/")
    expect(page.get_by_role("checkbox", name="A recording is ready")).to_be_checked()
    page.get_by_role("checkbox", name="Weekly summary").check()
    page.get_by_role("button", name="Save mails").click()
    expect(page.get_by_text("Your mails were saved.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Weekly summary")).to_be_checked()
    assert_fits(page)
    keep_screenshot(page, "mails")

    code = LINK.format(email=TEACHER)
    path = dashboard.manage("shell", "--verbosity", "0", "-c", code).stdout.strip()
    visitor = window()
    visitor.goto(path)
    visitor.get_by_role("button", name="Unsubscribe").click()
    expect(visitor.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    visitor.get_by_role("link", name="Your settings").click()
    expect(visitor.get_by_label("Password")).to_be_visible()
    page.reload()
    expect(page.get_by_role("checkbox", name="Weekly summary")).not_to_be_checked()


def test_administrator_sends_a_failed_mail_again(window: Opener, dashboard: Dashboard) -> None:
    dashboard.manage("shell", "--verbosity", "0", "-c", FAILED.format(email=TEACHER))
    page = window(ADMINISTRATOR, viewport=PHONE)
    page.goto("/settings/")
    notice = page.get_by_role("status").filter(has_text="of the past 30 days")
    notice.get_by_role("link", name="Show").click()
    expect(page.get_by_role("heading", name="Mails that were not sent")).to_be_visible()
    assert_fits(page)
    keep_screenshot(page, "failed mails")
    row = page.get_by_role("row").filter(has_text="4.2.2 Mailbox full")
    row.get_by_role("button", name="Send the mail to").click()
    expect(page.get_by_text("The mail will be sent again in a few seconds.")).to_be_visible()
    expect(page.get_by_text("4.2.2 Mailbox full")).to_have_count(0)


def test_administrator_adds_tests_and_deletes_a_chat_service(window: Opener) -> None:
    page = window(ADMINISTRATOR)
    page.goto("/settings/")
    page.get_by_role("link", name="Chat services").click()
    page.get_by_role("link", name="Add a chat service").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Add a chat service").click()
    page.get_by_label("Name").fill("Staff room")
    page.get_by_label("Chat service").select_option("ntfy")
    page.get_by_label("Address").fill("file:///etc/passwd")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Enter a full web address that starts with https://")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Staff room")
    with chat_server() as chat:
        page.get_by_label("Address").fill(f"{chat.address}/staff")
        page.get_by_role("button", name="Save").click()
        row = page.get_by_role("row").filter(has_text="Staff room")
        row.get_by_role("button", name="Send a test message").click()
        expect(page.get_by_text("took the test message")).to_be_visible()
        assert [body["topic"] for body in chat.bodies] == ["staff"]
    keep_screenshot(page, "chat services")
    row.get_by_role("link", name="Change").click()
    page.get_by_label("Name").fill("Teachers")
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("row").filter(has_text="Teachers")
    row.get_by_role("button", name="Switch off").click()
    row.get_by_role("button", name="Switch on").click()
    row.get_by_role("link", name="Delete").click()
    page.get_by_role("link", name="Cancel").click()
    row.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete chat service").click()
    expect(page.get_by_role("row").filter(has_text="Teachers")).to_have_count(0)
