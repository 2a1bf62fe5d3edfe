"""Unusual and hostile names."""

from playwright.sync_api import expect

from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import assert_fits, card, dialog, last_command, open_class, removal_of, row_of
from tests.browser.school import ADMINISTRATOR

NAMES = {
    "h1": "<script>alert(1)</script>",
    "h2": '"><img src=x onerror=alert(2)>',
    "h3": "محمد عبد الله",
    "h4": "🦊🎒 Fox 👩‍👩‍👧",
    "h5": "W" * 60,
    "h6": "{{ 7*7 }} & <b>bold</b>",
    "h7": "\u202eevil\u202c order",
}


def test_hostile_names_are_shown_as_text(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("<script>alert('class')</script> & Co")
    page = window(ADMINISTRATOR, viewport={"width": 390, "height": 800})
    open_class(page, room)
    for user_uuid, name in NAMES.items():
        room.enter(user_uuid, name)
        room.act("chat", userUuid=user_uuid, message=f"{name} says <i>hello</i>")
        room.act("wave", userUuid=user_uuid)
    for name in NAMES.values():
        expect(row_of(page, name)).to_be_visible()
    for name in NAMES.values():
        expect(
            card(page, "Chat").get_by_role("log").get_by_text(f"{name} says <i>hello</i>", exact=True)
        ).to_be_visible()
    assert page.locator("main script, main img, main i, main th b").count() == 0
    assert_fits(page)
    card(page, "People")
    removal_of(page, NAMES["h1"]).click()
    expect(dialog(page).get_by_role("heading")).to_have_text(f"Remove {NAMES['h1']}?")
    dialog(page).get_by_role("button", name="Remove").click()
    expect(last_command(page)).to_contain_text(f"Remove: {NAMES['h1']}")
    expect(row_of(page, NAMES["h1"])).to_have_count(0)
    expect(card(page, "Events")).to_contain_text(NAMES["h1"])
    page.goto("/")
    expect(page.get_by_role("link", name=room.name, exact=True)).to_be_visible()
    assert_fits(page)
    page.goto("/settings/audit/")
    expect(page.get_by_text(NAMES["h1"]).first).to_be_visible()
    assert_fits(page)
