"""Students join by a link and by a personal link; teachers let them in, and manage the ways into a class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.browser.conftest import Dashboard, MakeClassroom, Opener, running_dashboard, sign_in, windows
from tests.browser.page_parts import open_class, press, row_of
from tests.browser.school import TEACHER, Classroom, eventually
from tests.browser.test_every_page import too_wide, violations_of

WIDTHS = (390, 1440, 2560)
CLASSROOM = re.compile("/_sim/join")
SLOW_MS = 60_000  # some pages load one after the other, all windows at the same time
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningSimulator]:
    """Start a cloud only for these tests. The other dashboard would take events of a shared one."""
    with running_simulator(plain=True) as running:
        yield running


@pytest.fixture(scope="module")
def school(cloud: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Return a dashboard whose classroom app is the page of the simulator, which wants a token."""
    template = (
        f"{cloud.base_url}/_sim/join?room={{room}}&user={{user}}&name={{name}}&role={{role}}&token={{token}}"
    )
    with running_dashboard(cloud, tmp_path_factory.mktemp("joining"), JOIN_URL_TEMPLATE=template) as running:
        yield running


@pytest.fixture(scope="module")
def cookies(chromium: Browser, school: Dashboard) -> StorageState:
    with chromium.new_context(base_url=school.url) as context:
        sign_in(context.new_page(), TEACHER)
        return context.storage_state()


@pytest.fixture
def window(chromium: Browser, school: Dashboard, cookies: StorageState) -> Iterator[Opener]:
    known: Callable[[str], StorageState] = lambda _email: cookies  # noqa: E731
    with windows(chromium, school.url, known) as open_page:
        yield open_page


def run(school: Dashboard, script: str) -> str:
    imports = (
        "from classroom_admin.integrations.joining.models import JoinPage, JoinRequest\n"
        "from classroom_admin.rooms.models import ClassList, Room\n"
    )
    done = school.manage("shell", "--verbosity", "0", "-c", imports + script)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def known_class(page: Page, room: Classroom, school: Dashboard) -> str:
    """Open the page of a class when the teacher is known to be in it. Return its address."""
    eventually(lambda: school.room(room.uuid)["participants"])
    open_class(page, room)
    return page.url


def asks(window: Opener, address: str, name: str, **settings: Any) -> Page:
    """Return the page of a student who asked to join."""
    student = window(viewport=PHONE, **settings)
    student.goto(address)
    student.get_by_label("Your name").fill(name)
    student.get_by_role("button", name="Join").click()
    expect(student.get_by_role("heading", name="Please wait")).to_be_visible()
    return student


def test_student_joins_by_link_waits_is_let_in_and_appears_in_the_roster(
    window: Opener, classroom: MakeClassroom, school: Dashboard
) -> None:
    room = classroom("Joining 7b")
    teacher = window(TEACHER, viewport=DESK)
    of_class = known_class(teacher, room, school)
    press(teacher, "How students join")
    teacher.get_by_role("button", name="Create the link").click()
    address = teacher.get_by_label("Send this link to the students").input_value()
    teacher.goto(of_class)

    student = asks(window, address, "Zoë Brandt")
    waits = teacher.get_by_role("region", name="Waiting room")
    expect(waits).to_contain_text("1 person is waiting")
    assert violations_of(student) == violations_of(teacher) == []
    assert too_wide(student, WIDTHS) == too_wide(teacher, WIDTHS) == []
    waits.get_by_role("button", name="Let in Zoë Brandt").click()
    student.wait_for_url(CLASSROOM, timeout=SLOW_MS)
    assert "token=" not in student.url
    expect(student.get_by_role("heading", level=1)).to_have_text(room.name)
    expect(row_of(teacher, "Zoë Brandt")).to_be_visible()
    expect(waits).to_be_hidden()

    refused, *others = [asks(window, address, name) for name in ("Eve", "Ben", "Kim")]
    expect(waits).to_contain_text("3 people are waiting")
    waits.get_by_role("button", name="Refuse Eve").click()
    expect(refused.get_by_role("heading", name="You were not let in")).to_be_visible()
    refused.get_by_role("link", name="Reload the page").click()
    run(school, "JoinRequest.objects.filter(name='Eve').update(decided_at='2026-01-01T00:00Z')")
    refused.reload()
    refused.get_by_role("button", name="Ask again").click()
    expect(refused.get_by_role("heading", name="Please wait")).to_be_visible()
    expect(waits).to_contain_text("3 people are waiting")
    waits.get_by_role("button", name="Let all in").click()
    for one in (refused, *others):
        one.wait_for_url(CLASSROOM, timeout=SLOW_MS)
    expect(row_of(teacher, "Kim")).to_be_visible()


def test_students_without_scripts_are_let_in_on_the_page_of_the_waiting_room(
    window: Opener, classroom: MakeClassroom, school: Dashboard
) -> None:
    room = classroom("Waiting 7b")
    teacher = window(TEACHER, viewport=DESK)
    of_class = known_class(teacher, room, school)
    teacher.goto(f"{of_class}joining/")
    teacher.get_by_role("button", name="Create the link").click()
    address = teacher.get_by_label("Send this link to the students").input_value()
    students = [
        asks(window, address, name, java_script_enabled=False) for name in ("Ada", "Ben", "Eve", "Kim")
    ]
    people = window(TEACHER, viewport=PHONE)
    people.goto(f"{of_class}joining/people/")
    people.get_by_role("link", name="Reload the page").click()
    people.get_by_role("button", name="Refuse Eve").click()
    people.get_by_role("button", name="Let in Eve").click()  # it was a mistake
    people.get_by_role("button", name="Let in Ada").click()
    expect(people.get_by_text("1 person was let in.")).to_be_visible()
    people.get_by_role("button", name="Let all in").click()
    expect(people.get_by_text("2 people were let in.")).to_be_visible()
    expect(people.get_by_text("No one is waiting.")).to_be_visible()
    waiting = students[0].url
    for student in students:
        student.reload()  # the page does so itself every 15 seconds
        student.wait_for_url(CLASSROOM, timeout=SLOW_MS)
    students[0].goto(waiting)
    students[0].get_by_role("link", name="Enter the class again").click()
    students[0].wait_for_url(CLASSROOM, timeout=SLOW_MS)


def test_teacher_changes_who_can_join_and_a_student_comes_with_a_personal_link(
    window: Opener, classroom: MakeClassroom, school: Dashboard
) -> None:
    room = classroom("Personal 7b", startTime=4_000_000_000_000, state=0)
    teacher = window(TEACHER, viewport=DESK)
    of_class = known_class(teacher, room, school)
    run(
        school,
        f"room = Room.objects.get(room_uuid={room.uuid!r}); listed = ClassList.objects.create(name='7b')\n"
        "[listed.people.create(name=name) for name in ('Ada Lovelace', 'Ben Weiß', 'Zoë Brandt')]\n"
        "Room.objects.filter(pk=room.pk).update(class_list=listed)",
    )
    teacher.goto(f"{of_class}joining/")
    teacher.get_by_role("button", name="Create the link").click()
    teacher.get_by_role("button", name="Copy student link").click()
    expect(teacher.get_by_role("button", name=re.compile("^Copied|Ctrl"))).to_be_visible()
    with teacher.expect_download() as invitation:
        teacher.get_by_role("link", name="Calendar invitation").click()
    assert invitation.value.suggested_filename == "class.ics"
    teacher.get_by_label("Only people on the class list").check()
    teacher.get_by_role("button", name="Save").click()
    expect(teacher.get_by_text("The settings were changed.")).to_be_visible()
    teacher.get_by_role("button", name="Create personal links").click()
    expect(teacher.get_by_text("3 new personal links.")).to_be_visible()
    teacher.get_by_role("button", name="Revoke Ben Weiß").click()
    expect(teacher.get_by_text("The personal link no longer works.")).to_be_visible()
    assert violations_of(teacher) == []
    assert too_wide(teacher, WIDTHS) == []
    teacher.get_by_role("link", name="Print with QR codes").click()
    teacher.evaluate("window.print = () => { window.printed = true }")
    teacher.get_by_role("button", name="Print").click()
    assert teacher.evaluate("window.printed")
    assert too_wide(teacher, WIDTHS) == []
    personal = card_of(teacher, "Ada Lovelace")

    student = window(viewport=PHONE)
    student.goto(personal)
    assert violations_of(student) == []
    assert too_wide(student, WIDTHS) == []
    student.get_by_role("button", name="Join").click()
    expect(student.get_by_role("heading", name="The class has not started yet")).to_be_visible()
    room.act("state", state=1)
    student.wait_for_url(CLASSROOM, timeout=SLOW_MS)
    expect(student.get_by_text("You are Ada Lovelace")).to_be_visible()
    teacher.goto(f"{of_class}joining/")
    teacher.get_by_role("button", name="Create missing links").click()
    teacher.get_by_role("button", name="Revoke all personal links").click()
    expect(teacher.get_by_text("3 personal links no longer work.")).to_be_visible()
    student.goto(personal)
    expect(student.get_by_role("heading", name="This link does not work")).to_be_visible()


def card_of(sheet: Page, name: str) -> str:
    """Return the address that the sheet prints for a person."""
    part = sheet.get_by_role("listitem").filter(has_text=name)
    return part.locator(".address").inner_text()


def test_link_is_renewed_and_turned_off(window: Opener, classroom: MakeClassroom, school: Dashboard) -> None:
    room = classroom("Renewed 7b", state=0)
    teacher = window(TEACHER, viewport=DESK)
    of_class = known_class(teacher, room, school)
    teacher.goto(f"{of_class}joining/")
    teacher.get_by_role("button", name="Create the link").click()
    address = teacher.get_by_label("Send this link to the students").input_value()
    student = asks(window, address, "Ada")
    teacher.get_by_role("button", name="Renew the link").click()
    expect(student.get_by_role("heading", name="This link does not work")).to_be_visible()
    student.locator("summary").click()
    student.get_by_role("button", name="Español").click()
    expect(student.locator("html")).to_have_attribute("lang", "es")
    teacher.get_by_role("button", name="Turn the link off").click()
    expect(teacher.get_by_text("This class has no link for students yet.")).to_be_visible()

    start = window(TEACHER, viewport=PHONE)
    start.goto(f"{of_class}start-and-join/")
    expect(start.get_by_role("button", name="Start and join")).to_be_visible()
    teacher.goto(of_class)
    teacher.locator(".head-more > summary").click()
    with teacher.expect_popup() as opened:
        teacher.get_by_role("button", name="Start and join").click()
    opened.value.wait_for_url(CLASSROOM, timeout=SLOW_MS)
    expect(opened.value.get_by_role("heading", level=1)).to_have_text(room.name)
    eventually(lambda: room.truth()["state"] == 1)
    start.get_by_role("button", name="Start and join").click()  # the class runs already
    start.wait_for_url(CLASSROOM, timeout=SLOW_MS)
