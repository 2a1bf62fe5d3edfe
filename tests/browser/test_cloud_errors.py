"""When the cloud refuses, is slow or unreachable, and when a person presses twice."""

import re

import pytest
from playwright.sync_api import expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import card, dialog, last_command, open_class, press, removal_of, row_of
from tests.browser.school import TEACHER, calls_of, eventually


@pytest.mark.parametrize(
    ("kind", "params", "sentence"),
    [
        ("server_error", {}, "The cloud had an internal error, so it is unclear"),
        ("unavailable", {}, "so it is unclear"),
        ("lose_answer", {}, "so it is unclear"),
        (
            "too_many",
            {"retryAfter": 30},
            "Too many requests to the cloud. Nothing was changed. Try again in 3",
        ),
    ],
)
def test_a_refusal_says_what_happened_and_what_to_do(
    window: Opener,
    simulator: RunningSimulator,
    classroom: MakeClassroom,
    kind: str,
    params: dict[str, int],
    sentence: str,
) -> None:
    room = classroom(f"Trouble {kind}")
    room.enter("p1", "Pia Student")
    page = window(TEACHER)
    open_class(page, room)
    simulator.fault(kind, route="kick", params=params)
    removal_of(page, "Pia Student").click()
    dialog(page).get_by_role("button", name="Remove").click()
    if kind == "lose_answer":  # the command worked, and its event confirms it
        expect(last_command(page)).to_contain_text(
            re.compile(r"Remove: Pia Student\s+Confirmed"), timeout=40_000
        )
        expect(row_of(page, "Pia Student")).to_have_count(0)
        return
    expect(last_command(page)).to_contain_text(re.compile("Failed|Outcome unknown"), timeout=30_000)
    expect(last_command(page)).to_contain_text(sentence)
    if kind == "too_many":  # the dialog is still open, or open again
        expect(dialog(page).get_by_role("alert")).to_contain_text(sentence)
        expect(dialog(page).get_by_role("button", name="Remove now, 10 min")).to_be_focused()
    else:
        expect(dialog(page)).to_be_hidden()
    expect(row_of(page, "Pia Student")).to_be_visible()
    assert room.person("p1")["online"] is True
    simulator.clear_faults()

    def press_again() -> bool:  # within two seconds, it counts as the same press
        if not dialog(page).is_visible():
            removal_of(page, "Pia Student").click()
        dialog(page).get_by_role("button", name="Remove").click()
        try:
            expect(dialog(page)).to_be_hidden(timeout=3000)
        except AssertionError:
            return False
        return not room.person("p1")["online"]

    eventually(press_again)
    expect(last_command(page)).to_contain_text(re.compile(r"Remove: Pia Student\s+Confirmed"))
    expect(row_of(page, "Pia Student")).to_have_count(0)


def test_a_class_that_was_started_elsewhere(
    window: Opener, simulator: RunningSimulator, classroom: MakeClassroom
) -> None:
    room = classroom("Trouble started", state=0)
    page = window(TEACHER)
    open_class(page, room)
    simulator.fault("withhold", params={"room": room.uuid, "cmd": 1})
    room.act("state", state=1)
    press(page, "Start class")
    expect(last_command(page)).to_contain_text("Failed")
    expect(last_command(page)).to_contain_text("The class is already running.")
    commands = card(page, "Commands")
    commands.get_by_text("Original message from the cloud").click()
    expect(commands).to_contain_text("30409100")


def test_a_slow_cloud_shows_requested_at_once(
    window: Opener, simulator: RunningSimulator, classroom: MakeClassroom
) -> None:
    room = classroom("Trouble slow", state=0)
    page = window(TEACHER)
    open_class(page, room)
    simulator.fault("late_answer", route="set_class_state", params={"ms": 3000})
    press(page, "Start class")
    expect(last_command(page)).to_contain_text(re.compile("requested", re.I), timeout=2000)
    expect(last_command(page)).to_contain_text(re.compile(r"Start the class\s+Confirmed"))


def test_the_label_says_how_old_the_data_is(
    window: Opener, simulator: RunningSimulator, classroom: MakeClassroom
) -> None:
    room = classroom("Trouble stale")
    page = window(TEACHER)
    open_class(page, room)
    label = page.locator(".freshness")
    expect(label).to_have_text(re.compile("Up to date"))
    page.context.set_offline(True)
    expect(label).to_contain_text("No connection")
    page.context.set_offline(False)
    expect(label).to_have_text(re.compile("Up to date"))
    simulator.fault("unavailable", route="poll")
    expect(label).to_have_text(re.compile(r"\d+ s ago"), timeout=40_000)
    room.enter("p1", "Pia Student")
    simulator.clear_faults()
    expect(label).to_have_text(re.compile("Up to date"), timeout=60_000)
    expect(row_of(page, "Pia Student")).to_be_visible()


def test_a_double_click_acts_once(
    window: Opener, simulator: RunningSimulator, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = classroom("Trouble double", state=0)
    room.enter("p1", "Pia Student")
    page = window(TEACHER)
    open_class(page, room)
    counted = simulator.fault("delay", route="set_class_state", params={"ms": 300})
    page.get_by_role("button", name="Start class").dblclick()
    expect(last_command(page)).to_contain_text(re.compile(r"Start the class\s+Confirmed"))
    assert calls_of(simulator, counted) == 1

    kicks = simulator.fault("delay", route="kick", params={"ms": 300})
    removal_of(page, "Pia Student").dblclick()
    dialog(page).get_by_role("button", name="Remove").dblclick()
    expect(row_of(page, "Pia Student")).to_have_count(0)
    eventually(lambda: calls_of(simulator, kicks) >= 1)
    assert calls_of(simulator, kicks) == 1
    commands = card(page, "Commands").get_by_role("listitem")
    expect(commands).to_have_count(2)


def test_two_people_press_at_the_same_time(
    window: Opener, simulator: RunningSimulator, classroom: MakeClassroom
) -> None:
    room = classroom("Trouble twice", state=0)
    pages = [window(TEACHER), window(TEACHER)]
    pages[1].route("**/live/**", lambda route: route.abort())  # does not know of the other press
    for page in pages:
        open_class(page, room)
    counted = simulator.fault("delay", route="set_class_state", params={"ms": 3000})
    for page in pages:
        page.get_by_role("button", name="Start class").click(no_wait_after=True)
    pages[1].unroute("**/live/**")
    for page in pages:
        expect(last_command(page)).to_contain_text(re.compile(r"Start the class\s+Confirmed"))
    assert calls_of(simulator, counted) == 1
