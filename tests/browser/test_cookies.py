"""The cookies that scripts set, under https."""

from collections.abc import Callable

from playwright.sync_api import Browser, Route, StorageState, expect

from tests.browser.conftest import TIMEOUT_MS, Dashboard, MakeClassroom
from tests.browser.page_parts import open_class
from tests.browser.school import ADMINISTRATOR

HTTPS = "https://classes.school.test"


def test_cookies_of_scripts_are_secure_under_https(
    chromium: Browser,
    dashboard: Dashboard,
    classroom: MakeClassroom,
    signed_in: Callable[[str], StorageState],
) -> None:
    room = classroom("Latin 9a")
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in signed_in(ADMINISTRATOR)["cookies"])

    def answer(route: Route) -> None:
        """Answer a request for the https address as the dashboard does. Streams stay closed."""
        if route.request.url.endswith("/stream"):
            route.abort()
            return
        headers = {**route.request.headers, "cookie": cookies}
        route.fulfill(
            response=route.fetch(url=route.request.url.replace(HTTPS, dashboard.url), headers=headers)
        )

    with chromium.new_context(base_url=HTTPS, viewport={"width": 700, "height": 900}) as context:
        context.set_default_timeout(TIMEOUT_MS)
        context.route(f"{HTTPS}/**", answer)
        page = context.new_page()
        page.goto("/")
        page.locator("[data-choice=rows]").evaluate("box => box.click()")
        open_class(page, room)
        page.locator(".rail .more").click()
        page.locator('.rail li[data-part="details"] a').click()
        expect(page.locator("#main")).to_have_attribute("data-show", "details")
        found = {one["name"]: one["secure"] for one in context.cookies(HTTPS)}
        context.unroute_all(behavior="ignoreErrors")  # a request may still be under way
    assert {name: found.get(name) for name in ("zone", "wall", "panel")} == dict.fromkeys(
        ("zone", "wall", "panel"), True
    )
