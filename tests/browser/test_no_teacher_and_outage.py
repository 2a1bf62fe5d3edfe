"""Two journeys that end well: a class without a teacher, and an outage of the cloud."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import assert_fits, dialog, keep_screenshot, open_class
from tests.browser.school import ADMINISTRATOR, OTHER_TEACHER, TEACHER, Classroom, eventually
from tests.browser.test_alerts_and_bulk import alert_of, tile

WITHIN_MS = 10_000


def empty_for_long(room: Classroom, dashboard: Dashboard) -> None:
    """Let the class have begun ten minutes ago, as its events would say."""
    script = (
        "from datetime import timedelta; from django.utils import timezone\n"
        "from classroom_admin.rooms.models import Participant, Room\n"
        f"room = Room.objects.get(room_uuid={room.uuid!r}); past = timezone.now() - timedelta(minutes=10)\n"
        "Participant.objects.filter(room=room).update(left_at=past)\n"
        "Room.objects.filter(pk=room.pk).update(started_at=past, version=room.version + 1)"
    )
    done = dashboard.manage("shell", "--verbosity", "0", "-c", script)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def abandoned(classroom: MakeClassroom, dashboard: Dashboard) -> Classroom:
    room = classroom("Abandoned", teacher=None)
    room.enter("p1", "Pia Student")
    eventually(lambda: [one["online"] for one in dashboard.room(room.uuid)["participants"]] == [True])
    empty_for_long(room, dashboard)
    return room


def test_two_alerts_show_their_words_and_their_buttons_at_1440(
    window: Opener, abandoned: Classroom, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    other = classroom("Also abandoned", teacher=None)
    other.enter("p1", "Pia Student")
    eventually(lambda: [one["online"] for one in dashboard.room(other.uuid)["participants"]] == [True])
    empty_for_long(other, dashboard)
    page = window(ADMINISTRATOR, viewport={"width": 1440, "height": 900})
    page.goto("/")
    for room in (abandoned, other):
        expect(alert_of(page, room)).to_contain_text("1 student is waiting")
    cut = "words => words.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
    assert page.locator(".alert:visible .alert-text > p").evaluate_all(cut) == []
    assert_fits(page)


def test_an_administrator_enters_and_appoints_a_substitute_from_the_alert(
    window: Opener, abandoned: Classroom
) -> None:
    page = window(ADMINISTRATOR)
    page.goto("/")
    alert = alert_of(page, abandoned)
    expect(alert).to_contain_text("No teacher present")
    expect(alert).to_contain_text("1 student is waiting")
    keep_screenshot(page, "no-teacher")

    # the administrator has no cloud id yet: one press creates it and goes on to the classroom
    page.context.route("http://127.0.0.1/join*", lambda route: route.fulfill(body="The classroom"))
    with page.context.expect_page() as opened:
        alert.get_by_role("link", name=re.compile("^Observe")).click()
    classroom_app = opened.value
    classroom_app.get_by_role("button", name="Create a cloud user id and join").click()
    classroom_app.wait_for_url(re.compile(r"/join.*role=4"))
    with page.context.expect_page() as opened:  # from now on it takes one click
        alert.get_by_role("link", name=re.compile("^Join")).click()
    opened.value.wait_for_url(re.compile(r"/join.*role=1"))

    alert.get_by_role("link", name=re.compile("^Substitute")).click()
    dialog(page).get_by_label("Substitute").select_option(label="Omar Other")
    keep_screenshot(page, "substitute")
    dialog(page).get_by_role("button", name="Appoint").click()
    expect(dialog(page)).to_be_hidden()
    expect(alert).to_contain_text("Expected: Omar Other")

    substitute = window(OTHER_TEACHER)
    open_class(substitute, abandoned)
    substitute.goto("/")
    expect(alert_of(substitute, abandoned)).to_contain_text("No teacher present")
    expect(alert_of(substitute, abandoned).get_by_role("link", name=re.compile("^Substitute"))).to_have_count(
        0
    )

    # the end reaches the open page of the substitute
    alert.get_by_role("link", name=re.compile("^Substitute")).click()
    dialog(page).get_by_role("button", name=re.compile("^End now")).click()
    expect(dialog(page)).to_be_hidden()
    expect(tile(substitute, abandoned)).to_have_count(0)


def test_acknowledge_is_one_press_and_quiet_for_everyone(window: Opener, abandoned: Classroom) -> None:
    first, second = window(ADMINISTRATOR), window(ADMINISTRATOR)
    for page in (first, second):
        page.goto("/")
        expect(alert_of(page, abandoned)).to_be_visible()
    alert_of(first, abandoned).get_by_role("button", name=re.compile("^Acknowledge")).click()
    for page in (first, second):
        expect(alert_of(page, abandoned)).to_have_count(0)
        expect(tile(page, abandoned)).to_contain_text("Acknowledged by Ada Admin")


@pytest.mark.parametrize("size", [(320, 640), (390, 844), (768, 1024), (1440, 900), (2560, 1440)])
def test_the_list_fits_and_alerts_move_no_tile(
    window: Opener, abandoned: Classroom, size: tuple[int, int]
) -> None:
    page = window(ADMINISTRATOR, viewport={"width": size[0], "height": size[1]})
    page.goto("/")
    # in the page, though perhaps not among the two that are visible
    expect(page.locator(".alert", has_text=abandoned.name)).to_be_attached()
    assert_fits(page)
    top = page.locator("#classes-live > .tile").first.bounding_box()
    assert top
    if size[0] >= 1440:
        assert top["y"] <= 250
    page.evaluate("document.querySelectorAll('.n').forEach((one) => (one.textContent = '9999'))")
    again = page.locator("#classes-live > .tile").first.bounding_box()
    assert again == top
    assert_fits(page)


def banner(page: Page):  # type: ignore[no-untyped-def]
    return page.locator("#outage")


def test_an_outage_is_told_on_every_page_by_role_and_ends_by_itself(
    window: Opener, simulator: RunningSimulator, classroom: MakeClassroom
) -> None:
    room = classroom("Outage 5c")
    administrator, teacher, lists, settings = (
        window(ADMINISTRATOR), window(TEACHER), window(TEACHER), window(ADMINISTRATOR),
    )  # fmt: skip
    administrator.goto("/")
    open_class(teacher, room)
    lists.goto("/lists/")
    settings.goto("/people/")
    pages = (administrator, teacher, lists, settings)
    expect(administrator.locator(".freshness")).to_have_text(re.compile("Up to date"))
    for page in pages:
        expect(banner(page)).to_be_hidden()
    simulator.fault("unavailable", route="poll")
    for page in pages:
        expect(banner(page)).to_be_visible(timeout=WITHIN_MS)
    for page in (teacher, lists):
        expect(banner(page)).to_contain_text("Your class continues.")
        assert "AGORA" not in page.content()
    expect(banner(administrator)).to_contain_text("The cloud has an internal problem")
    assert administrator.evaluate("document.documentElement.dataset.outage > 0")
    frozen = administrator.evaluate(
        "[cloudNow(), new Promise((go) => setTimeout(() => go(cloudNow()), 300))][0]"
    )
    assert administrator.evaluate("cloudNow()") == frozen
    keep_screenshot(administrator, "outage")
    keep_screenshot(teacher, "outage-teacher")
    room.enter("p1", "Pia Student")
    simulator.clear_faults()
    for page in pages:
        expect(banner(page)).to_be_hidden(timeout=60_000)
    expect(tile(administrator, room)).to_contain_text("2 people present")
    assert administrator.evaluate("document.documentElement.dataset.outage === undefined")


def test_a_refusal_of_the_cloud_is_not_called_unreachable(
    window: Opener, simulator: RunningSimulator
) -> None:
    teacher, administrator = window(TEACHER), window(ADMINISTRATOR)
    for page in (teacher, administrator):
        page.goto("/lists/")
    simulator.fault("token_expired", route="poll")
    expect(banner(teacher)).to_contain_text(
        "The cloud refuses the connection of this school", timeout=WITHIN_MS
    )
    expect(banner(administrator)).to_contain_text(
        "The cloud rejects the sign-in of this server", timeout=WITHIN_MS
    )
    simulator.clear_faults()
    for page in (teacher, administrator):
        expect(banner(page)).to_be_hidden(timeout=60_000)


def test_tiles_load_as_a_person_scrolls_and_stay_live(window: Opener, classroom: MakeClassroom) -> None:
    for number in range(70):
        classroom(f"Many {number:03}")
    last = classroom("Zuletzt")
    page = window(ADMINISTRATOR, viewport={"width": 390, "height": 844})
    page.goto("/?q=Zuletzt")
    expect(tile(page, last)).to_contain_text("1 person present", timeout=60_000)
    page.goto("/")
    expect(page.locator(".tile").first).to_be_visible()
    assert page.locator("#classes-live > .tile").count() == 60
    expect(tile(page, last)).to_have_count(0)

    # the page may get a new link for more tiles before the response to the old one arrives
    responses: list[Route] = []
    page.route("**/live/tiles/**", lambda route: responses.append(route), times=1)
    page.mouse.wheel(0, 100_000)
    eventually(lambda: page.evaluate("1") and responses)
    page.locator("#more-tiles").evaluate("more => { more.outerHTML = more.outerHTML; }")
    responses[0].continue_()
    expect(page.locator("#classes-live > .tile").nth(60)).to_be_attached()

    while not tile(page, last).count():
        before = page.locator(".tile").count()
        page.mouse.wheel(0, 100_000)
        page.wait_for_function("(n) => document.querySelectorAll('.tile').length > n", arg=before)
    last.enter("p1", "Pia Student")
    expect(tile(page, last)).to_contain_text("2 people present")
