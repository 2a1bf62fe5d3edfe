#!/usr/bin/env python
"""Draw the icons of the installed dashboard from `static/img/mark.svg`, with the Chromium of the tests.

After a change of the mark, run `.venv/bin/python scripts/icons.py`. It writes PNG files to `static/img/`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "static/img"
COLOUR: Final = "#3a4bc8"
"""The background of the mark. It fills icons that a system cuts into its own shape."""
ICONS: Final = {
    "icon-192.png": (192, 1.0),
    "icon-512.png": (512, 1.0),
    "icon-maskable-512.png": (512, 0.8),
}
"""The side of each icon in pixels, and the share of it that the mark takes."""


def main() -> None:
    mark = (FOLDER / "mark.svg").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for name, (side, share) in ICONS.items():
            page = browser.new_page(viewport={"width": side, "height": side})
            background = "transparent" if share == 1 else COLOUR
            page.set_content(
                f"<style>*{{margin:0}} body{{background:{background};display:grid;place-items:center;"
                f"width:{side}px;height:{side}px}} svg{{width:{side * share}px;height:{side * share}px}}"
                f"</style>{mark}"
            )
            page.screenshot(path=FOLDER / name, omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
