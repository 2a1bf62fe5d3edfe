"""The check of button coverage finds every button, and names those that no test pressed."""

import re
from pathlib import Path

from tests.browser.button_coverage import EXCEPTIONS, all_buttons, missing


def test_a_button_that_no_test_pressed_is_named(tmp_path: Path) -> None:
    address = "http://127.0.0.1/classes/abcdefgh"
    pressed = ["pressed account/login.html#1 ", f"pressed shared/_button.html#1 {address}/do/end/"]
    shown = [f"shown shared/_button.html#1 {address}/do/{name}/" for name in ("end", "close")]
    (tmp_path / "1.txt").write_text("\n".join(pressed))
    (tmp_path / "2.txt").write_text("\n".join(shown))
    named = missing(tmp_path)
    assert not [line for line in named if line.startswith("account/login.html#1,")]
    assert [line for line in named if line.startswith("account/logout.html#2, line ")]
    assert named[-1] == "shared/_button.html#1 live:command(close)"


def test_every_exception_matches_a_button() -> None:
    buttons = [f"{name}, {found}" for name, found in all_buttons()]
    for pattern in EXCEPTIONS:
        assert any(re.search(pattern, line, re.S) for line in buttons), pattern
