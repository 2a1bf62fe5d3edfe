"""Recordings: play one in the page from a second of the class, and watch it with a link, signed out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, Opener
from tests.browser.page_parts import dialog
from tests.browser.school import TEACHER, Classroom, eventually, open_classroom

_RECORDING = """
import json
from datetime import timedelta
from django.utils import timezone
from classroom_admin.rooms.models import Recording, Room
room = Room.objects.filter(room_uuid=UUID).first()
found = room and Recording.objects.filter(room=room, state="ended").first()
# Nobody waits a minute for the recording. Its file in the cloud is this long.
if found:
    found.started_at = found.ended_at - timedelta(seconds=60)
    found.file_urls = [URL]
    found.save()
    others = [Recording(room=room, record_id=f"r{n}", state="failed") for n in range(50)]
    Recording.objects.bulk_create(others, ignore_conflicts=True)
print(json.dumps(found and found.pk))
"""


@pytest.fixture(scope="module")
def recorded(cloud: RunningSimulator, dashboard: Dashboard) -> tuple[str, int]:
    """Return the cloud id of a class, and the primary key of its recording, which lasts a minute."""
    room: Classroom = open_classroom(cloud, "Recorded 7b")
    room.act("record", state=1, mode="web")

    def lengthen(world: Any) -> str:
        (recording,) = world.rooms[room.uuid].recordings
        recording.start_ms -= 60_000
        return f"{world.files_url}/{recording.record_id}/class_0.mp4"

    url = cloud.do(lengthen)
    room.act("record", state=0)
    room.act("state", state=2)
    # The search needs the name. Later events would undo the changes below.
    eventually(lambda: dashboard.room(room.uuid)["name"] == room.name, within_s=60)
    eventually(lambda: dashboard.room(room.uuid)["state"] == "ended", within_s=60)
    code = f"UUID = {room.uuid!r}; URL = {url!r}\n{_RECORDING}"
    pk = eventually(
        lambda: json.loads(dashboard.manage("shell", "--verbosity", "0", "-c", code).stdout), within_s=60
    )
    return room.uuid, pk


def video(page: Page) -> dict[str, Any]:
    """Return the state of the video in the page."""
    found: dict[str, Any] = page.locator("video").evaluate(
        "video => ({at: video.currentTime, lasts: video.duration, ready: video.readyState, "
        "error: video.error && video.error.message})"
    )
    assert found["error"] is None
    return found


def test_recording_plays_from_a_second_and_with_a_link_signed_out(
    window: Opener, simulator: RunningSimulator, recorded: tuple[str, int]
) -> None:
    uuid, pk = recorded
    page = window(TEACHER, viewport={"width": 1440, "height": 900})
    page.goto("reports/recordings/?q=recorded+7b")
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    page.get_by_role("link", name="Newer").click()
    page.get_by_role("link", name="Recorded 7b").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recorded 7b")
    page.goto(f"reports/recordings/{pk}/?at=40")
    eventually(lambda: video(page)["ready"] >= 2)
    assert 40 <= video(page)["at"] < 41
    assert video(page)["lasts"] >= 60
    page.locator("video").evaluate("video => { video.muted = true; return video.play(); }")
    eventually(lambda: video(page)["at"] > 40.5)
    expect(page.locator("[data-unplayable]")).to_be_hidden()

    page.get_by_role("link", name="Share", exact=True).click()
    dialog(page).get_by_role("button", name="Cancel").click()
    expect(dialog(page)).to_be_hidden()
    page.goto(f"reports/recordings/{pk}/share/")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Share", exact=True).click()
    dialog(page).get_by_label("The link works for").select_option("1")
    dialog(page).get_by_role("button", name="Create link").click()
    link = dialog(page).get_by_label("Link", exact=True).input_value()
    dialog(page).get_by_role("button", name="Copy link").click()
    expect(dialog(page).get_by_text("Copied")).to_be_visible()
    visitor = window(viewport={"width": 390, "height": 844})
    visitor.goto(link)
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Recorded 7b")
    expect(visitor.get_by_role("link")).to_have_text([re.compile("Download")])
    visitor.locator("video").evaluate("video => { video.muted = true; return video.play(); }")
    eventually(lambda: video(visitor)["at"] > 0)
    with visitor.expect_download() as download:
        visitor.get_by_role("link", name="Download").click()
    assert re.fullmatch(r"Recorded 7b \d{4}-\d\d-\d\d \d\d\.\d\d\.mp4", download.value.suggested_filename)

    dialog(page).get_by_role("link", name="Done").click()
    page.get_by_role("button", name="End link").click()
    expect(page.get_by_text("The link was ended. It no longer works.")).to_be_visible()
    visitor.reload()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("This link does not work")

    simulator.room(uuid, "record", deleted=True)
    page.goto(f"reports/recordings/{pk}/files/0/")
    page.get_by_role("link", name="Back to the recording").click()
    expect(page.get_by_text("The cloud has deleted the files of this recording.")).to_be_visible()
