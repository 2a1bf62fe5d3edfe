"""Recording a class: start, pause, resume, stop, and the resulting files."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import card, dialog, last_command, open_class, press
from tests.browser.school import TEACHER


def test_record_the_teacher(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Record 4a")
    page = window(TEACHER)
    open_class(page, room)
    part = card(page, "Recording")
    expect(part).to_contain_text("Off")
    press(page, "Start recording")
    expect(last_command(page)).to_contain_text(re.compile(r"Start recording\s+Confirmed"))
    expect(part).to_contain_text("On")
    expect(part.get_by_role("link", name="Pause")).to_have_count(0)
    (row,) = room.truth()["recordings"]
    assert (row["mode"], row["status"]) == ("composite", 1)
    press(page, "Stop recording")
    expect(dialog(page)).to_contain_text("prepares the file")
    dialog(page).get_by_role("button", name="Stop recording").click()
    expect(last_command(page)).to_contain_text(re.compile(r"Stop recording\s+Confirmed"))
    expect(part).to_contain_text("Off")
    assert room.truth()["recordings"][0]["status"] == 2
    part.get_by_role("link", name="Watch and download").click(timeout=40_000)
    expect(page.locator("video")).to_be_visible()


def test_record_a_web_page_with_a_pause(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = classroom("Record 4b")
    page = window(TEACHER)
    open_class(page, room)
    part = card(page, "Recording")
    part.get_by_role("link", name="Start with settings…").click()
    dialog(page).get_by_label("The classroom as a web page").check()
    address = dialog(page).get_by_label(re.compile("Address of the page"))
    expect(address).to_have_value("http://127.0.0.1/join")  # from JOIN_URL_TEMPLATE
    address.fill("")
    dialog(page).get_by_role("button", name="Start recording").click()
    expect(dialog(page)).to_contain_text("Enter the address of the page")
    expect(dialog(page).get_by_label("The classroom as a web page")).to_be_checked()
    address.fill("https://class.school.test/watch")
    dialog(page).get_by_role("button", name="Start recording").click()
    expect(part).to_contain_text("On")
    part.get_by_role("button", name="Pause").click()  # the bell in the header is a “pause” button, too
    expect(part).to_contain_text("Paused")
    assert room.truth()["recordings"][0]["onHold"] is True
    assert dashboard.room(room.uuid)["recording"]["state"] == "paused"
    press(page, "Resume")
    expect(part).to_contain_text("On")
    assert room.truth()["recordings"][0]["onHold"] is False
    press(page, "Stop recording")
    dialog(page).get_by_role("button", name="Stop recording").click()
    expect(part).to_contain_text("Off")
    (row,) = room.truth()["recordings"]
    assert (row["mode"], row["status"], len(row["holds"])) == ("web", 2, 1)
    expect(part.get_by_role("link", name="Watch and download")).to_be_visible(timeout=40_000)


# A recording whose files the cloud has not delivered for about three hours.
LOST = """
from datetime import timedelta
from classroom_admin.common import clock
from classroom_admin.rooms.models import Recording, Room
room = Room.objects.get(room_uuid=ROOM)
Recording.objects.create(room=room, record_id="lost", version=room.version, state="ended", mode="web",
    files_missing=True, started_at=clock.now() - timedelta(hours=4),
    ended_at=clock.now() - timedelta(hours=3))
"""


def test_files_that_never_came_can_be_requested_again(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = classroom("Record 4c")
    page = window(TEACHER)
    open_class(page, room)
    stored = dashboard.manage("shell", "--verbosity", "0", "-c", f"ROOM = {room.uuid!r}\n{LOST}")
    assert stored.returncode == 0, stored.stderr
    page.reload()
    part = card(page, "Recording")
    expect(part).to_contain_text("The cloud has not delivered a file of this recording.")
    part.get_by_role("link", name="Ask again").click()
    dialog(page).get_by_role("button", name="Ask again").click()
    expect(dialog(page)).to_be_hidden()
    expect(part).to_contain_text("The files appear here when the cloud has created them.")
