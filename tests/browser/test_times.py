"""The browser formats times. A time shows its day, unless the reader knows the day."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import open_class
from tests.browser.school import TEACHER

# Returns the formatted text of a time `days` from now, with its style and the time before it.
WRITE = """([style, days, sinceDays]) => {
  const at = (days) => new Date(Date.now() + days * 86400000).toISOString();
  const place = document.createElement("div");
  const time = Object.assign(document.createElement("time"), { dateTime: at(days) });
  time.dataset.as = style;
  if (sinceDays !== null) time.dataset.since = at(sinceDays);
  place.append(time);
  window.writeTimes(place);
  return time.textContent;
}"""
CLOCK = r"\d\d:\d\d(:\d\d)?"


def written(page: Page, style: str, days: float, since: float | None = None) -> str:
    return str(page.evaluate(WRITE, [style, days, since]))


def test_a_time_of_another_day_shows_its_day(window: Opener) -> None:
    page = window(TEACHER)
    page.goto("/")
    for style in ("time", "second"):
        assert re.fullmatch(CLOCK, written(page, style, 0))
        assert re.fullmatch(rf"(\d+ \w+|\w+ \d+),? (at )?{CLOCK}", written(page, style, 1))
        assert re.fullmatch(CLOCK, written(page, style, 1, since=1)), "the time before has the same day"
        assert not re.fullmatch(CLOCK, written(page, style, 0, since=-1))
        assert re.search(r"\b20\d\d\b", written(page, style, 370)), "another year"
    assert not re.fullmatch(CLOCK, written(page, "date", 0)), "a date always has its day"


def test_a_class_names_no_day_for_times_of_its_first_day(window: Opener, classroom: MakeClassroom) -> None:
    page = window(TEACHER)
    open_class(page, classroom("Calendar 4b"))
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-first", re.compile(r"^20\d\d-"))
    page.evaluate(
        "document.documentElement.dataset.first = new Date(Date.now() - 9 * 86400000).toISOString()"
    )
    assert re.fullmatch(CLOCK, written(page, "time", -9))
    assert not re.fullmatch(CLOCK, written(page, "time", 0)), "today is not the day of this class"


def test_the_clock_of_a_class_that_began_on_another_day_shows_it(window: Opener) -> None:
    page = window(TEACHER)
    page.goto("/")
    words = page.evaluate(
        """() => {
          const place = document.createElement("div");
          place.innerHTML = '<span class="clock"></span>';
          place.firstChild.dataset.from = new Date(Date.now() - 86400000).toISOString();
          window.writeTimes(place);
          return place.textContent;
        }"""
    )
    assert re.match(r"(\d+ \w+|\w+ \d+),? ", words), words
