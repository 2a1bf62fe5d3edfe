"""Files of a class: added by address, converted, deleted."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import card, dialog, last_command, open_class, press
from tests.browser.school import TEACHER


def test_add_a_file_and_delete_several(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = classroom("Files 3a")
    for number in (1, 2, 3):
        room.act("resource", resourceUuid=f"old-{number}", resourceName=f"Sheet {number}.pdf")
    page = window(TEACHER)
    open_class(page, room)
    part = card(page, "Files")
    press(page, "Add")
    asks = dialog(page)
    asks.get_by_label("On the web").check()
    asks.get_by_label("Name").fill("Fractions.pdf")
    asks.get_by_label("Address").fill("not an address")
    asks.get_by_label("Size in bytes").fill("123456")
    asks.get_by_role("button", name="Add file").click()
    expect(asks).to_contain_text("valid URL")
    expect(asks.get_by_label("Name")).to_have_value("Fractions.pdf")
    asks.get_by_label("Address").fill("https://files.school.test/fractions.pdf")
    asks.get_by_role("button", name="Add file").click()
    expect(last_command(page)).to_contain_text(re.compile(r"Add the file: Fractions.pdf\s+Confirmed"))
    expect(part.get_by_role("link", name="Fractions.pdf")).to_be_visible()
    expect(part.get_by_role("progressbar", name="Converting")).to_be_visible()
    expect(part.get_by_role("progressbar")).to_have_count(0, timeout=60_000)
    known = {file["name"]: file for file in dashboard.room(room.uuid)["resources"]}
    assert known["Fractions.pdf"]["converted_percent"] == 100
    (file,) = [one for one in room.truth()["resources"] if one["resourceName"] == "Fractions.pdf"]
    assert (file["size"], file["taskProgress"]["convertedPercentage"]) == (123456, 100)

    press(page, "Delete")
    asks.get_by_role("button", name="Delete").click()
    expect(asks).to_contain_text("Select at least one file")
    for number in (1, 3):
        asks.get_by_label(f"Sheet {number}.pdf").check()
    asks.get_by_role("button", name="Delete").click()
    expect(part).to_contain_text("about to be deleted")
    expect(last_command(page)).to_contain_text(re.compile(r"Delete files.*Confirmed", re.S), timeout=60_000)
    expect(part).not_to_contain_text("Sheet 1.pdf")
    expect(part).not_to_contain_text("Sheet 3.pdf")
    expect(part).to_contain_text("Sheet 2.pdf")
    names = {one["resourceName"] for one in room.truth()["resources"]}
    assert names == {"Sheet 2.pdf", "Fractions.pdf"}
