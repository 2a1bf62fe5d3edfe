"""Chromium runs as Playwright starts it, but for what it does for its own window only."""

from __future__ import annotations

import re

from playwright.sync_api import Browser

from tests.browser.conftest import FEATURES_OF_A_WINDOW


def test_the_last_list_of_features_switches_off_what_playwright_does(chromium: Browser) -> None:
    session = chromium.new_browser_cdp_session()
    line = session.send("SystemInfo.getInfo")["commandLine"]
    session.detach()
    first, *_, last = [set(each.split(",")) for each in re.findall(r"--disable-features=(\S+)", line)]
    assert last == first | set(FEATURES_OF_A_WINDOW)
