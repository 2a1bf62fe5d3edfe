"""What the pages offer to each role: an observer, an assistant and a coordinator; sets and substitutions."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import (
    assert_fits,
    dialog,
    keep_screenshot,
    last_command,
    open_class,
    press,
    row_of,
)
from tests.browser.school import ADMINISTRATOR, OTHER_TEACHER, PASSWORD, TEACHER, TEACHER_NAME, eventually

OBSERVER, ASSISTANT, COORDINATOR = (
    f"{role}@school.test" for role in ("observer", "assistant", "coordinator")
)
SCRIPT = f"""
from classroom_admin.accounts.models import User
from classroom_admin.rooms.models import Supervision
teacher = User.objects.get(email="{TEACHER}")
for role in ("observer", "assistant", "coordinator"):
    made = User.objects.create_user(f"{{role}}@school.test", "{PASSWORD}", name=f"Sam {{role}}", role=role)
    if role != "coordinator":
        Supervision.objects.create(person=made, teacher=teacher)
"""


@pytest.fixture(scope="module", autouse=True)
def _people(dashboard: Dashboard) -> None:
    done = dashboard.manage("shell", "--verbosity", "0", "-c", SCRIPT)
    assert done.returncode == 0, done.stderr


def test_class_page_offers_what_the_role_may_do(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Botany 5a", state=1)
    room.enter("zoe", "Zoe", stream=True)
    stream = room.person("zoe")["streams"][0]["streamUuid"]
    room.act("stream", userUuid="zoe", streamUuid=stream, videoState=1, audioState=1)
    observer = window(OBSERVER)
    open_class(observer, room)
    expect(row_of(observer, "Zoe")).to_be_visible()
    expect(
        observer.locator("#actions a, #actions button, #say, .people button.do, .people .remove")
    ).to_have_count(0)
    expect(observer.get_by_role("link", name="Class lists", exact=True)).to_have_count(0)

    assistant = window(ASSISTANT)
    open_class(assistant, room)
    expect(assistant.locator("#say")).to_be_visible()
    expect(assistant.get_by_role("button", name=re.compile("End class|Start recording"))).to_have_count(0)
    row_of(assistant, "Zoe").get_by_role("button", name="Mute Zoe", exact=True).click()
    expect(last_command(assistant)).to_contain_text(re.compile("Accepted|Confirmed"))
    eventually(lambda: room.person("zoe")["streams"][0]["audioState"] == 0)
    room.enter("ben", "Ben")  # the stream of each role brings the fragments of that role
    expect(row_of(assistant, "Ben").locator(".remove")).to_be_visible()
    expect(row_of(observer, "Ben")).to_be_visible()
    expect(row_of(observer, "Ben").locator(".remove")).to_have_count(0)
    row_of(observer, "Zoe").get_by_role("link", name="More for Zoe").click()
    expect(dialog(observer)).to_be_visible()
    expect(dialog(observer).get_by_role("button", name=re.compile("Mute|Remove"))).to_have_count(0)


def test_coordinator_sees_the_set_and_appoints_a_substitute(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Zoology 6b", state=1)
    coordinator = window(COORDINATOR)
    coordinator.goto("/")
    expect(coordinator.get_by_role("heading", name="Classes", exact=True)).to_be_visible()
    expect(coordinator.get_by_role("link", name=room.name)).to_have_count(0)

    administrator = window(ADMINISTRATOR, viewport={"width": 1440, "height": 900})
    administrator.goto("/people/?q=coordinator")
    administrator.get_by_role("link", name="Sam coordinator").click()
    administrator.locator("#form-set").get_by_label(TEACHER_NAME).check()
    administrator.locator("#save-set").click()
    expect(administrator.locator(".messages")).to_contain_text("were saved")
    administrator.goto("/people/roles/")
    table = administrator.get_by_role("table", name="What each role may do")
    expect(table.get_by_role("columnheader")).to_have_count(7)
    expect(table.get_by_role("row", name=re.compile("^Read the audit log"))).to_contain_text("Yes")
    assert_fits(administrator)
    keep_screenshot(administrator, "roles")

    coordinator.goto("/")
    expect(coordinator.get_by_role("link", name=room.name).first).to_be_visible()
    coordinator.goto("/substitutions/")
    coordinator.get_by_label("All classes of the teacher").select_option(label=TEACHER_NAME)
    coordinator.get_by_label("Substitute", exact=True).select_option(label="Omar Other")
    coordinator.locator("#appoint").click()
    covered = coordinator.get_by_role("row").filter(has_text="Omar Other")
    expect(covered).to_contain_text(f"All classes of {TEACHER_NAME}")
    substitute = window(OTHER_TEACHER)
    substitute.goto("/")
    expect(substitute.get_by_role("link", name=room.name).first).to_be_visible()
    press(coordinator, re.compile("^End now"))
    expect(covered).to_have_count(0)
    substitute.goto("/")
    expect(substitute.get_by_role("link", name=room.name)).to_have_count(0)
