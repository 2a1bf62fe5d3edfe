"""Outgoing webhooks in a browser, with a receiver on loopback and a real worker."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.school import ADMINISTRATOR, eventually
from tests.integrations.webhooks.receiver import Receiver, running_receiver

NAME = "Learning platform of the school"
FILL_LOG = """
from classroom_admin.integrations.webhooks.models import Delivery, Endpoint
endpoint = Endpoint.objects.get(description="Learning platform of the school")
Delivery.objects.bulk_create(
    Delivery(endpoint=endpoint, number=f"old_{number}", state="delivered", claimable_at=None)
    for number in range(50)
)
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


def add_webhook(page: Page, receiver: Receiver) -> None:
    page.goto("/settings/")
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_role("link", name="Add a webhook").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Add a webhook").click()
    page.get_by_label("Address").fill("https://169.254.169.254/")
    page.get_by_label("Description").fill(NAME)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is in a private network")).to_be_visible()
    page.get_by_label("Address").fill(receiver.url)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"{NAME} was saved.")).to_be_visible()


def test_administrator_adds_tests_and_deletes_a_webhook_and_a_class_is_reported(
    window: Opener, dashboard: Dashboard, classroom: MakeClassroom, receiver: Receiver
) -> None:
    page = window(ADMINISTRATOR)
    room = classroom("Reported to webhooks")
    dashboard.room(room.uuid)
    add_webhook(page, receiver)
    page.get_by_role("button", name="Show secret").click()
    receiver.secret = page.locator("code", has_text="whsec_").inner_text()
    page.get_by_role("button", name="Send test message").click()
    expect(page.get_by_text("The receiver accepted the test message (status 204).")).to_be_visible()
    assert receiver.received[0].is_valid
    page.get_by_role("button", name="Create new secret").click()
    expect(page.get_by_text("There is a new secret.")).to_be_visible()
    receiver.answer = (422, b"not now")
    room.act("state", state=2)
    of_class = f'"{room.name}"'
    ended = lambda: [one for one in receiver.received if of_class in one.text and "_ended" in one.text]  # noqa: E731
    (first, *_more) = eventually(ended, within_s=100)
    assert first.is_valid, "it is signed with the old secret, too"
    page.reload()
    row = page.locator("tr", has_text=room.name).filter(has_text="Class ended")
    row.get_by_role("link", name="Class ended").click()
    page.get_by_text("Show", exact=True).first.click()
    expect(page.get_by_text("not now").first).to_be_visible()
    receiver.answer = (204, b"")
    expect(page.locator(".badge", has_text="Delivered")).to_have_count(0)

    def is_delivered() -> bool:
        page.reload()
        return page.locator(".badge", has_text="Delivered").count() == 1

    eventually(is_delivered, within_s=100)
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("The message will be sent again in a few seconds.")).to_be_visible()
    page.get_by_role("link", name=NAME).click()
    finish(page, dashboard)


def finish(page: Page, dashboard: Dashboard) -> None:
    """Page through the log, switch the webhook off and on, and delete it."""
    assert dashboard.manage("shell", "--verbosity", "0", "-c", FILL_LOG).returncode == 0
    page.reload()
    page.get_by_role("link", name="Older").click()
    page.get_by_role("link", name="Newest").click()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text(f"{NAME} is now off.")).to_be_visible()
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text(f"{NAME} is now on.")).to_be_visible()
    page.get_by_role("link", name="Change").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete webhook").click()
    expect(page.get_by_text(f"{NAME} was deleted.")).to_be_visible()
