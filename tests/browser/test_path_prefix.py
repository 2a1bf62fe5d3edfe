"""The dashboard under a path of a host that other programs use, too (`PUBLIC_URL` with a path)."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import icalendar
import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.sync.webhook import signature
from tests.actions.files import PDF
from tests.browser.conftest import RELAY_SECRET, Opener, running_dashboard, sign_in, windows
from tests.browser.page_parts import card, dialog, last_command, open_class, press, removal_of, row_of
from tests.browser.proxy import PrefixProxy, prefix_proxy
from tests.browser.school import (
    ADMINISTRATOR,
    LINGUIST,
    PASSWORD,
    TEACHER,
    Classroom,
    eventually,
    free_port,
    open_classroom,
)
from tests.browser.test_languages import choose

# Cookies of another program on the host. Django would give its own cookies the same names.
FOREIGN = {"sessionid": "x" * 32, "csrftoken": "y" * 32, "messages": "z", "django_language": "en"}


@pytest.fixture(scope="module")
def own_cloud() -> Iterator[RunningSimulator]:
    """Start another cloud: two dashboards would take each other's events."""
    with running_simulator(plain=True) as running:
        yield running


# /classes is also the beginning of the dashboard's own addresses, so the proxy must remove it.
@pytest.fixture(
    scope="module", params=[("/classes", False), ("/school/board", True)], ids=["removed", "kept"]
)
def running_proxy(
    request: pytest.FixtureRequest, own_cloud: RunningSimulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrefixProxy]:
    prefix, keeps_prefix = request.param
    port = free_port()
    folder = tmp_path_factory.mktemp("prefixed")
    with (
        prefix_proxy(prefix, port, keeps_prefix=keeps_prefix) as proxy,
        running_dashboard(own_cloud, folder, PORT=str(port), PUBLIC_URL=proxy.url),
    ):
        yield proxy


@pytest.fixture
def proxy(running_proxy: PrefixProxy) -> Iterator[PrefixProxy]:
    """Return the proxy. Afterwards, check the path of each request and of each cookie of the test."""
    running_proxy.exchanges.clear()
    yield running_proxy
    prefix = running_proxy.prefix
    outside = {one.path for one in running_proxy.exchanges if not one.path.startswith(f"{prefix}/")}
    assert not outside
    broken = {(one.path, one.status) for one in running_proxy.exchanges if one.status >= 500}
    assert not broken
    for line in (line for one in running_proxy.exchanges for line in one.set_cookies):
        assert f"path={prefix}" in line.lower().split("; "), line


@pytest.fixture
def window(chromium: Browser, proxy: PrefixProxy, own_cloud: RunningSimulator) -> Iterator[Opener]:
    """Return a function that opens a page behind the proxy.

    A request to another address fails the test, unless it is for a converted file at the cloud.
    """
    ours = (f"{proxy.url}/", f"{own_cloud.base_url}/converted/")
    strays: list[str] = []

    def nobody(_email: str) -> None:
        return None

    with windows(chromium, f"{proxy.url}/", nobody) as open_page:  # type: ignore[arg-type]

        def watched(**settings: object) -> Page:
            page = open_page(**settings)
            page.context.on("request", lambda asked: asked.url.startswith(ours) or strays.append(asked.url))
            page.context.add_cookies(
                [
                    {"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}
                    for name, value in FOREIGN.items()
                ]
            )
            return page

        yield watched
    assert not strays


@pytest.fixture
def classroom(own_cloud: RunningSimulator, proxy: PrefixProxy) -> Callable[[str], Classroom]:
    def opened(name: str) -> Classroom:
        return open_classroom(own_cloud, f"{name} {proxy.prefix}")

    return opened


def cookie_paths(page: Page) -> dict[str, str]:
    """Return the path of each cookie that the dashboard has set."""
    return {
        one["name"]: one["path"]
        for one in page.context.cookies()
        if (one["path"], one["value"]) != ("/", FOREIGN.get(one["name"]))
    }


def fetched(address: str, **options: object) -> requests.Response:
    """Fetch an address as a program without cookies does. Do not follow redirects."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(address, allow_redirects=False, timeout=20, **options)  # type: ignore[arg-type]


def test_sign_in_returns_to_the_requested_page_and_sign_out_ends_the_session(
    window: Opener, proxy: PrefixProxy
) -> None:
    page = window()
    page.goto("people/?q=Ada")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.url.startswith(f"{proxy.url}/sign-in/?")
    assert parse_qs(urlsplit(page.url).query)["next"] == [f"{proxy.prefix}/people/?q=Ada"]
    for password in ("not-this-one", PASSWORD):
        page.get_by_label("Email address").fill(ADMINISTRATOR)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in").click()
        if password != PASSWORD:
            expect(page.get_by_role("alert")).to_contain_text("Incorrect email or password")
    expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()
    assert page.url == f"{proxy.url}/people/?q=Ada"
    assert {"sessionid", "csrftoken"} <= set(cookie_paths(page))
    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert set(cookie_paths(page).values()) == {proxy.prefix, f"{proxy.prefix}/"}
    assert "sessionid" not in cookie_paths(page)
    page.goto("")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    # the cookies of the other program are still there
    foreign = {one["name"]: one["value"] for one in page.context.cookies() if one["path"] == "/"}
    assert foreign == FOREIGN


def test_class_list_is_live_and_its_choices_last(
    window: Opener, proxy: PrefixProxy, classroom: Callable[[str], Classroom]
) -> None:
    page = window()
    sign_in(page, TEACHER)
    assert page.url == f"{proxy.url}/"
    expect(page.locator('html[data-live="stream"]')).to_have_count(1)
    room = classroom("Appears 1a")
    expect(page.get_by_role("link", name=room.name, exact=True)).to_be_visible()
    assert any(re.fullmatch(r".*/live/classes/stream", one.path) for one in proxy.exchanges)
    page.get_by_role("link", name=room.name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(room.name)
    page.locator(".brand").click()
    expect(page).to_have_url(f"{proxy.url}/")
    assert set(cookie_paths(page).values()) == {proxy.prefix, f"{proxy.prefix}/"}


def test_commands_partials_and_the_live_page_of_a_class(
    window: Opener, classroom: Callable[[str], Classroom]
) -> None:
    room = classroom("Removal 1b")
    room.enter("p1", "Rudi Rowdy")
    page = window()
    sign_in(page, TEACHER)
    open_class(page, room)
    expect(page.locator('html[data-live="stream"]')).to_have_count(1)
    room.enter("p2", "Quinn Quiet")
    expect(row_of(page, "Quinn Quiet")).to_be_visible()
    removal_of(page, "Rudi Rowdy").click()
    dialog(page).get_by_label("For 10 minutes").check()
    dialog(page).get_by_role("button", name="Remove").click()
    expect(row_of(page, "Rudi Rowdy")).to_have_count(0)
    expect(last_command(page)).to_contain_text(re.compile(r"Remove: Rudi Rowdy\s+Confirmed"))
    assert room.person("p1")["isBanned"] is True
    press(page, "End class")
    dialog(page).get_by_role("button", name="End class").click()
    expect(last_command(page)).to_contain_text(re.compile(r"End the class\s+Confirmed"))


def test_page_without_a_stream_polls_and_unchanged_polls_are_answered_at_once(
    window: Opener, proxy: PrefixProxy, classroom: Callable[[str], Classroom]
) -> None:
    room = classroom("Polled 1c")
    page = window()
    page.route(re.compile(r"/stream\?"), lambda route: route.abort())
    sign_in(page, TEACHER)
    open_class(page, room)
    expect(page.locator('html[data-live="poll"]')).to_have_count(1, timeout=30_000)
    eventually(
        lambda: any(
            one.status == 204 and re.fullmatch(r".*/live/classes/\w+/", one.path) for one in proxy.exchanges
        )
    )
    room.enter("p1", "Pia Polled")
    expect(row_of(page, "Pia Polled")).to_be_visible()


def test_uploaded_file_is_at_a_signed_address_under_the_prefix(
    window: Opener, proxy: PrefixProxy, classroom: Callable[[str], Classroom], tmp_path: Path
) -> None:
    room = classroom("Upload 1d")
    file = tmp_path / "Fractions.pdf"
    file.write_bytes(PDF)
    page = window()
    sign_in(page, TEACHER)
    open_class(page, room)
    press(page, "Add")
    dialog(page).get_by_label("File", exact=True).set_input_files(file)
    expect(dialog(page)).to_contain_text("uploaded")
    dialog(page).get_by_role("button", name="Add file").click()
    expect(last_command(page)).to_contain_text(re.compile(r"Add the file: Fractions.pdf\s+Confirmed"))
    (known,) = [one for one in room.truth()["resources"] if one["resourceName"] == "Fractions.pdf"]
    assert known["url"].startswith(f"{proxy.url}/files/")
    assert fetched(known["url"]).content == PDF
    part = fetched(known["url"], headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, PDF[1:4])
    assert fetched(known["url"].replace("/files/", "/files/x")).status_code == 404
    link = card(page, "Files").get_by_role("link", name=re.compile(r"View the \d+ pages"))
    link.click(timeout=60_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("Fractions.pdf")
    assert page.url.startswith(f"{proxy.url}/classes/")


def test_calendar_feed_is_at_the_printed_address_and_links_to_the_class(
    window: Opener, proxy: PrefixProxy, classroom: Callable[[str], Classroom]
) -> None:
    room = classroom("Calendar 1e")
    page = window()
    sign_in(page, TEACHER)
    open_class(page, room)
    at_class = page.url
    page.goto("account/calendar/")
    page.locator("main form button").first.click()
    address = page.get_by_label("Your address").input_value()
    assert address.startswith(f"{proxy.url}/calendar/")
    answer = fetched(address)
    assert answer.status_code == 200
    (event,) = [
        one for one in icalendar.Calendar.from_ical(answer.text).walk("VEVENT") if room.name in one["SUMMARY"]
    ]
    assert event["URL"] == at_class
    webcal = page.get_by_role("link", name="Open in calendar app").get_attribute("href")
    assert webcal == address.replace("http:", "webcal:")


def test_language_is_kept_under_the_prefix(window: Opener, proxy: PrefixProxy) -> None:
    page = window()
    page.goto("people/")
    choose(page, "Español")
    expect(page.get_by_role("heading", level=1)).to_have_text("Iniciar sesión")
    assert parse_qs(urlsplit(page.url).query)["next"] == [f"{proxy.prefix}/people/"]
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.locator('[name="login"]').fill(LINGUIST)
    page.locator('[name="password"]').fill(PASSWORD)
    page.locator("main form button.primary").click()
    expect(page).to_have_url(f"{proxy.url}/people/")
    choose(page, "English")
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    assert cookie_paths(page)["django_language"] == proxy.prefix
    # the settings page shows its message once; its cookie is under the prefix, too
    page.goto("account/settings/")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Your settings were saved.")).to_be_visible()
    assert any(line.startswith("messages=") for one in proxy.exchanges for line in one.set_cookies)
    page.reload()
    expect(page.get_by_text("Your settings were saved.")).to_have_count(0)


@pytest.mark.parametrize("address", ["/api/notifications", "/api/notifications/"])
def test_webhook_answers_with_and_without_a_slash(proxy: PrefixProxy, address: str) -> None:
    body, stamp = json.dumps([]).encode(), str(int(time.time()))
    signed = signature(secret=RELAY_SECRET, timestamp=stamp, body=body)
    headers = {"Content-Type": "application/json", "X-Relay-Timestamp": stamp}
    for given, status in ((signed, 202), ("sha256=0", 401)):
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                f"{proxy.url}{address}", body, headers=headers | {"X-Relay-Signature": given},
                timeout=20, allow_redirects=False,
            )  # fmt: skip
        assert answer.status_code == status, answer.text


def test_redirects_health_and_unknown_pages_stay_under_the_prefix(window: Opener, proxy: PrefixProxy) -> None:
    without_slash = fetched(f"{proxy.url}/people")
    assert without_slash.status_code == 301
    assert urljoin(proxy.url, without_slash.headers["Location"]) == f"{proxy.url}/people/"
    assert fetched(f"{proxy.url}/healthz").text == "ok\n"
    page = window()
    sign_in(page, TEACHER)
    answer = page.goto("nothing/like/this/")
    assert answer is not None
    assert answer.status == 404
    page.get_by_role("link", name="All classes").click()
    expect(page).to_have_url(f"{proxy.url}/")


def test_every_address_on_every_linked_page_begins_with_the_prefix(
    window: Opener, proxy: PrefixProxy, classroom: Callable[[str], Classroom]
) -> None:
    room = classroom("Linked 1f")
    room.enter("p1", "Pia Student")
    room.act("chat", userUuid="p1", message="Hello")
    room.act("resource", resourceUuid="sheet", resourceName="Sheet.pdf")
    page = window()
    sign_in(page, ADMINISTRATOR)
    open_class(page, room)
    waiting, kinds = [page.url], {kind_of(page.url)}
    while waiting:
        address = waiting.pop()
        answer = page.request.get(address, max_redirects=0)
        assert answer.status in ((200, 204) if "/live/" in address else (200,)), (address, answer.status)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        for name, value in re.findall(r'\s([\w:-]+)="(/[^"]*)"', answer.text()):
            assert value.startswith(f"{proxy.prefix}/"), (address, name, value)
            found = urljoin(proxy.url, value.replace("&amp;", "&").partition("#")[0])
            if name in {"href", "src", "hx-get"} and kind_of(found) not in kinds:
                kinds.add(kind_of(found))
                waiting.append(found)
    assert len(kinds) > 40, kinds  # pages, dialogs, partials, style sheets, scripts, icons


def kind_of(address: str) -> str:
    """Return the address without what differs between pages of the same kind."""
    parts = urlsplit(address)
    path = re.sub(
        r"/(classes|plans|lists|people|together)/(?!new|oneroster)\w{1,16}/(?=\w|$)", r"/\1/KEY/", parts.path
    )
    return re.sub(r"\d+", "N", path) + "?" + "&".join(sorted(parse_qs(parts.query)))
