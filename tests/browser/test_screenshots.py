"""Screenshots of every page, light and dark, wide and narrow, kept if SCREENSHOTS names a folder."""

import re

import pytest
from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, Opener
from tests.browser.every_page import paths
from tests.browser.page_parts import (
    assert_fits,
    card,
    dialog,
    keep_screenshot,
    open_class,
    press,
    removal_of,
    row_of,
)
from tests.browser.scene import complete, fail_a_recording, furnish
from tests.browser.school import ADMINISTRATOR, Classroom, open_classroom

WIDE, NARROW = (1440, 900), (390, 844)
# what `make screenshots` keeps in docs/screenshots
IN_THE_README = {
    ("classes", "1440-light"): "classes",
    ("class", "1440-light"): "class",
    ("class", "390-light"): "class-phone",
}
# pages of a class and of scheduled classes, by their names in every_page.PAGES
FURNISHED = {
    "person-in-class": "live:person",
    "lists": "lists:lists",
    "list": "lists:list",
    "scheduled": "live:plans",
    "series": "live:plan",
    "breakout-rooms": "live:groups",
    "properties": "properties of the class",
    "recording": "live:recording",
    "quiz": "live:question",
    "events": "live:events",
    "replay": "live:replay",
    "bulk-results": "live:run",
}
# further pictures of the tour, in one size: each dialog is also a page
IN_THE_TOUR = {
    "attendance": "live:attendance",
    "calendar": "live:calendar",
    "cancel-removal": "live:call_off",
    "series-change": "live:change_plan",
    "check": "live:check",
    "class-list": "live:class_list",
    "delete-files": "live:delete_files",
    "details": "live:details",
    "end": "live:command",
    "event": "live:event",
    "file-pages": "live:file_pages",
    "keys": "live:keys",
    "banned": "live:kept_out",
    "unban": "live:let_back",
    "list-delete": "lists:delete",
    "list-new": "lists:make",
    "messages": "live:chat",
    "acknowledge": "live:snooze",
    "streams": "live:streams",
    "present-at-message": "live:there",
    "bulk": "live:together",
    "platforms": "lti:platforms",
    "tokens": "tokens:own",
    "webhook": "webhooks:webhook",
    "appearance": "face:settings",
    "import": "people:import_preview",
}
PAGES = {
    "create": "/classes/new/",
    "people": "/people/",
    "person": "/people/2/",
    "person-new": "/people/new/",
    "unassigned": "/people/unassigned/",
    "settings": "/settings/",
    "audit": "/settings/audit/",
    "sync": "/settings/sync/",
    "own-settings": "/account/settings/",
    "password": "/account/password/",
}


@pytest.fixture(scope="module")
def school(cloud: RunningSimulator) -> tuple[Classroom, Classroom]:
    """Open the classes of an ordinary morning. Return the class for close views, and one with an alert."""
    for room in cloud.oracle(events=0)["rooms"]:
        if not room["destroyedAt"] and room["state"] < 3:
            cloud.room(room["roomUuid"], "state", state=3)
    for name, teacher, students, waving in (
        ("English 7b – Poetry", "Margaret Whitfield", 11, 0),
        ("Biology 9c – The cell", "Dr. Samuel Osei", 18, 3),
        ("Choir, upper school", "", 4, 0),
    ):
        room = open_classroom(cloud, name, teacher=f"t-{students}" if teacher else None, teacher_name=teacher)
        for number in range(students):
            room.enter(f"q{number}", f"Student {number}")
        for number in range(waving):
            room.act("wave", userUuid=f"q{number}")
    tomorrow = cloud.control("GET", "/clock")["nowMs"] + 22 * 3_600_000
    for name in ("Physics 10a – Optics", "Parents' evening 8a"):
        upcoming = open_classroom(
            cloud, name, state=0, teacher="t-coming", teacher_name="Ines Duarte",
            startTime=tomorrow, duration=2700,
        )  # fmt: skip
        upcoming.act("leave", userUuid="t-coming")
    over = open_classroom(cloud, "History 5b – The pharaohs", teacher="t-over", teacher_name="Ruth Adler")
    over.act("state", state=2)
    over.act("state", state=3)
    shown = open_classroom(cloud, "Maths 8a – Pythagoras", teacher_name="Tara Teacher")
    furnish(shown)
    failed = open_classroom(cloud, "Français 6a – La famille", teacher="t-9", teacher_name="Chloé Lefèvre")
    fail_a_recording(failed)
    return shown, failed


@pytest.fixture(scope="module")
def furnished(school: tuple[Classroom, Classroom], dashboard: Dashboard) -> dict[str, str]:
    """Return the addresses of the pages of that class, by name."""
    found = paths(complete(*school, dashboard))
    return {name: found[page] for name, page in (FURNISHED | IN_THE_TOUR).items()}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_page(
    window: Opener,
    school: tuple[Classroom, Classroom],
    furnished: dict[str, str],
    scheme: str,
    size: tuple[int, int],
) -> None:
    page = window(ADMINISTRATOR, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    look = f"{size[0]}-{scheme}"
    open_class(page, school[0])
    expect(row_of(page, "Amir Haddad")).to_contain_text("Rewards: 3")
    expect(row_of(page, "Ilse van den Berg")).to_have_count(0)
    expect(page.locator("#people-absent")).to_contain_text("Ada Lovelace")
    table = page.get_by_role("table", name="People in the class now")
    left_over = table.evaluate(
        """(one) => one.getBoundingClientRect().right
           - one.rows[0].lastElementChild.getBoundingClientRect().right"""
    )
    assert left_over <= 1, "the columns do not fill the table"
    _keep(page, "class", look)
    expect(card(page, "Chat").get_by_role("log")).to_contain_text("show us on the board")
    card(page, "People")
    removal_of(page, "Jonas Weber").click()
    expect(dialog(page)).to_be_visible()
    _keep(page, "remove", look, full=False)
    page.keyboard.press("Escape")
    card(page, "Files")
    press(page, "Add")
    expect(dialog(page)).to_be_visible()
    _keep(page, "file-add", look, full=False)
    page.goto("/")
    expect(page.get_by_role("link", name="Biology 9c – The cell", exact=True).first).to_be_visible()
    _keep(page, "classes", look)
    for name, path in (PAGES | furnished).items():
        if name in IN_THE_TOUR and look != "1440-light":
            continue
        page.goto(path)
        _keep(page, name, look)
    nobody = window(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    nobody.goto("/sign-in/")
    _keep(nobody, "sign-in", look)


def test_previews(window: Opener, school: tuple[Classroom, Classroom], furnished: dict[str, str]) -> None:
    page = window(ADMINISTRATOR, viewport={"width": 1440, "height": 900}, color_scheme="light")
    page.goto(furnished["list"])
    people = "name;user id;group\nZoë Brandt;p1;8a\nAmir Haddad;p2;8b\nMina Sørensen;;8a\n"
    changed = {"name": "8a.csv", "mimeType": "text/csv", "buffer": people.encode()}
    page.get_by_label("File (XLSX, XLS, ODS, CSV or TSV)").set_input_files(changed)
    press(page, "Upload file")
    expect(page.get_by_role("heading", level=1)).to_have_text("Columns")
    _keep(page, "list-columns", "1440-light")
    press(page, "Preview changes")
    expect(page.get_by_role("region", name="Changes")).to_contain_text("Mina Sørensen")
    _keep(page, "list-preview", "1440-light")
    page.goto("/")
    expect(page.get_by_role("link", name=school[1].name, exact=True).first).to_be_visible()
    page.get_by_role("button", name="Select…").click()
    page.get_by_role("button", name="Select all").click()
    page.get_by_role("button", name="Start recording", exact=True).click()
    expect(page.get_by_role("region", name=re.compile("Skipped"))).to_contain_text(school[0].name)
    _keep(page, "bulk-preview", "1440-light", full=False)


def test_students_wait_to_join(
    window: Opener, school: tuple[Classroom, Classroom], furnished: dict[str, str]
) -> None:
    page = window(ADMINISTRATOR, viewport={"width": 1440, "height": 900}, color_scheme="light")
    page.goto(f"{furnished['details'].removesuffix('details/')}joining/")
    page.get_by_role("button", name="Create the link").click()
    _keep(page, "joining", "1440-light")
    address = page.get_by_label("Send this link to the students").input_value()
    for name in ("Noor Aziz", "Emma Johansson"):
        student = window(viewport={"width": NARROW[0], "height": 700}, color_scheme="light")
        student.goto(address)
        student.get_by_label("Your name").fill(name)
        _keep(student, "join", "390-light", full=False)
        student.get_by_role("button", name="Join").click()
        expect(student.get_by_role("heading", name="Please wait")).to_be_visible()
    _keep(student, "join-wait", "390-light", full=False)
    open_class(page, school[0])
    expect(page.get_by_role("region", name="Waiting room")).to_contain_text("2 people are waiting")
    _keep(page, "waiting-room", "1440-light", full=False)


def test_a_class_from_right_to_left(window: Opener, school: tuple[Classroom, Classroom]) -> None:
    page = window(ADMINISTRATOR, viewport={"width": 1440, "height": 900}, locale="ar")
    open_class(page, school[0])
    expect(page.locator("#people-here > tr").nth(3)).to_be_attached()
    assert_fits(page)
    keep_screenshot(page, "class-arabic")
    page.goto("/")
    expect(page.get_by_role("link", name="Biology 9c – The cell", exact=True).first).to_be_visible()
    keep_screenshot(page, "classes-arabic", full=True)


def _keep(page: Page, name: str, look: str, *, full: bool = True) -> None:
    assert_fits(page)
    red_green_blue = page.evaluate(
        """() => [getComputedStyle(document.documentElement), getComputedStyle(document.body)]
          .map((style) => style.backgroundColor).find((color) => color !== "rgba(0, 0, 0, 0)")"""
    )
    brightness = sum(float(part) for part in re.findall(r"[\d.]+", red_green_blue)[:3])
    assert (brightness < 250) == look.endswith("dark"), f"{page.url} in {look}: {red_green_blue}"
    keep_screenshot(page, f"{name}-{look}", full=full)
    if (name, look) in IN_THE_README:
        keep_screenshot(page, IN_THE_README[name, look])
