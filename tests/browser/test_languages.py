"""Languages and time zones, in live updates, too."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeClassroom, Opener, sign_in
from tests.browser.page_parts import open_class
from tests.browser.school import LINGUIST, PASSWORD, TEACHER


def choose(page: Page, language: str) -> None:
    """Choose a language in the header, by its own name."""
    page.locator(".bar details.menu > summary").click()
    page.get_by_role("button", name=language).click()


def test_language_before_signing_in(window: Opener) -> None:
    page = window(locale="es-MX")
    page.goto("/people/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Iniciar sesión")
    assert page.locator("html").get_attribute("lang") == "es"
    choose(page, "العربية")
    expect(page.get_by_role("heading", level=1)).to_have_text("تسجيل الدخول")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    # the requested page is not lost
    assert "next=" in page.url
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("تسجيل الدخول")
    # the product name is on the right
    brand, menu = page.locator(".brand").bounding_box(), page.locator(".languages").bounding_box()
    assert brand
    assert menu
    assert brand["x"] > menu["x"]


AT_1440 = {"width": 1440, "height": 900}
LEFT_EDGES = """name => {
  const words = document.createRange();
  words.selectNodeContents(name);
  return [name.getBoundingClientRect().left, words.getBoundingClientRect().left];
}"""


def test_filters_of_the_class_list_need_no_scrolling_in_spanish(window: Opener) -> None:
    page = window(TEACHER, locale="es", viewport=AT_1440)
    page.goto("/")
    expect(page.locator(".chips")).to_contain_text("Manos levantadas")
    hidden = page.locator(".chips").evaluate("chips => chips.scrollWidth - chips.clientWidth")
    assert hidden == 0


def test_name_that_is_too_long_keeps_its_beginning_in_arabic(
    window: Opener, classroom: MakeClassroom
) -> None:
    room = classroom("Acids and bases in the kitchen and in the laboratory")
    page = window(TEACHER, locale="ar", viewport=AT_1440)
    page.goto("/")
    name = page.locator(".tile h3 bdi").filter(has_text=room.name)
    expect(name).to_be_visible()
    box, words = name.evaluate(LEFT_EDGES)
    assert words >= box - 1


def test_one_page_updates_in_arabic_and_another_in_english(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Sprachen 4a")
    english, arabic = window(TEACHER), window()
    open_class(english, room)
    sign_in(arabic, LINGUIST)
    choose(arabic, "العربية")
    expect(arabic.locator("html")).to_have_attribute("lang", "ar")
    open_class(arabic, room)
    room.enter("p1", "Pia Student")
    room.act("wave", userUuid="p1")
    room.act("chat", userUuid="p1", message="Hello")
    expect(arabic.locator("#people-here")).to_contain_text("يد مرفوعة")
    expect(english.locator("#people-here")).to_contain_text("Hand raised")
    expect(arabic.locator("#event-log")).to_contain_text(re.compile("رسالة من.*Hello"))
    expect(english.locator("#event-log")).to_contain_text(re.compile("wrote: .?Hello"))
    expect(arabic.locator("#freshness")).to_contain_text("محدَّث")
    # the result of a command is in the reader's language, too
    arabic.locator("#do-class-end").click()
    expect(arabic.get_by_role("dialog")).to_contain_text("هل تريد إنهاء هذه الحصة؟")
    arabic.get_by_role("dialog").get_by_role("button", name="إنهاء الحصة").click()
    expect(arabic.locator(".last-command")).to_contain_text("إنهاء الحصة")
    expect(arabic.locator("#class-header")).to_contain_text("انتهت")
    expect(english.locator("#class-header")).to_contain_text("Ended")


def _shown_time(page: Page) -> tuple[str, datetime]:
    shown = page.locator('#event-log time[data-as="second"]').first
    return shown.inner_text(), datetime.fromisoformat(str(shown.get_attribute("datetime")))


@pytest.mark.parametrize("place", ["Asia/Tokyo", "America/St_Johns"])
def test_times_are_in_the_time_zone_of_the_device_until_another_is_chosen(
    window: Opener, classroom: MakeClassroom, place: str
) -> None:
    room = classroom(f"Zones 2b {place}")
    page = window(timezone_id="Europe/Madrid")
    sign_in(page, LINGUIST)
    page.goto("/account/settings/")
    page.locator("#id_language").select_option("en")
    page.locator("#id_time_zone").select_option("")
    page.locator("form .button.primary").first.click()
    expect(page.get_by_role("main").get_by_role("status").first).to_have_text("Your settings were saved.")
    open_class(page, room)
    words, at = _shown_time(page)
    assert words == at.astimezone(ZoneInfo("Europe/Madrid")).strftime("%H:%M:%S")
    page.goto("/account/settings/")
    page.locator("#id_time_zone").select_option(place)
    page.locator("form .button.primary").first.click()
    expect(page.locator("html")).to_have_attribute("data-zone", place)
    open_class(page, room)
    words, at = _shown_time(page)
    assert words == at.astimezone(ZoneInfo(place)).strftime("%H:%M:%S")
    assert at.tzinfo == UTC or at.utcoffset() is not None


def test_choose_a_language_by_keyboard(window: Opener) -> None:
    page = window()
    page.goto("/sign-in/")
    page.keyboard.type(LINGUIST)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    menu = page.locator("details.account > summary")
    menu.focus()
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.lang") == "es":
            break
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_role("heading", level=1)).to_have_text("Clases")
    expect(page.locator("#freshness")).to_have_text(re.compile("Al día|hace"))
