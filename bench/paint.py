"""Measure the first paint on a slow connection: 1.6 Mbit/s, 150 ms, an empty browser cache.

The demo runs with all its processes. Chromium loads each page, and DevTools slows the connection down. The
script prints the first contentful paint beside the goal of 1 s, and the loaded bytes. It also prints the
limits of this machine: the same page on a fast connection, and a page with one sentence on the slow
connection. It exits with 1 if the goal is missed.
"""

from __future__ import annotations

import http.server
import os
import shutil
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from startup import Demo

GOAL_MS = 1000.0
ROUNDS = 5
LINE = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MOBILE, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
# Return the time of the first paint and the number of transferred bytes.
FOUND = """() => new Promise((tell) => {
  const told = () => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    if (!paint) return setTimeout(told, 50);
    const [page] = performance.getEntriesByType("navigation");
    const bytes = (kind) => performance.getEntriesByType("resource")
      .filter(({ name }) => name.endsWith(kind)).reduce((sum, one) => sum + one.encodedBodySize, 0);
    tell([paint.startTime, page.responseStart, page.encodedBodySize, bytes(".css"), bytes(".js")]);
  };
  told();
})"""


@contextmanager
def one_sentence() -> Iterator[str]:
    """Run a server with one page that loads nothing else; yield its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<!doctype html><title>-</title><p>One sentence."
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def load(browser: Any, address: str, *, slow: bool, state: Any, viewport: dict[str, int]) -> list[float]:
    """Load a page with an empty cache. Return the times and the transferred bytes that `FOUND` measures."""
    with browser.new_context(storage_state=state, viewport=viewport) as context:
        page = context.new_page()
        line = context.new_cdp_session(page)
        line.send("Network.enable")
        line.send("Network.setCacheDisabled", {"cacheDisabled": True})
        if slow:
            line.send("Network.emulateNetworkConditions", LINE)
        page.goto(address, wait_until="load")
        return page.evaluate(FOUND)


def sign_in(browser: Any, base: str) -> Any:
    """Return the cookies of the demo's administrator."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{base}/sign-in/")
        page.locator("#id_login").fill("admin@school.test")
        page.locator("#id_password").fill("classroom")
        page.keyboard.press("Enter")
        page.wait_for_selector("#classes-live a")
        return context.storage_state()


def measure(base: str) -> int:
    """Print the table; return how many goals were missed."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, one_sentence() as bare:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        state = sign_in(browser, base)
        with browser.new_context(storage_state=state) as context:
            page = context.new_page()
            page.goto(base)
            room = page.locator("#classes-live h3 a").first.get_attribute("href")
        rows = [
            ("the sign-in page", f"{base}/sign-in/", None, WIDE),
            ("the class list", f"{base}/", state, WIDE),
            ("the class list, phone", f"{base}/", state, MOBILE),
            ("a class", f"{base}{room}", state, WIDE),
            ("a class, phone", f"{base}{room}", state, MOBILE),
        ]
        floor = statistics.median(
            load(browser, bare, slow=True, state=None, viewport=WIDE)[0] for _ in range(ROUNDS)
        )
        print("| page | paint | goal | | first byte | page | styles | scripts | fast connection |")
        print("|" + " --- |" * 9)
        missed = 0
        for words, address, who, viewport in rows:
            found = [load(browser, address, slow=True, state=who, viewport=viewport) for _ in range(ROUNDS)]
            paint, first, html, css, js = (statistics.median(one) for one in zip(*found, strict=True))
            fast = load(browser, address, slow=False, state=who, viewport=viewport)[0]
            missed += paint > GOAL_MS
            print(
                f"| {words} | {paint:.0f} ms | {GOAL_MS:.0f} ms | {'met' if paint <= GOAL_MS else 'MISSED'} "
                f"| {first:.0f} ms | {html / 1024:.1f} KB | {css / 1024:.1f} KB | {js / 1024:.1f} KB "
                f"| {fast:.0f} ms |",
                flush=True,
            )
        browser.close()
    print(f"\nA page of one sentence on the same slow connection: {floor:.0f} ms.")
    print(f"Medians of {ROUNDS}, empty cache; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.")
    return missed


def main() -> int:
    with tempfile.TemporaryDirectory() as data_dir:
        demo = Demo(data_dir)
        try:
            demo.seconds_until("is ready at")
            base = f"http://127.0.0.1:{demo.port}"
            return 1 if measure(base) else 0
        finally:
            demo.stop()


if __name__ == "__main__":
    sys.exit(main())
