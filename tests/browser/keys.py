"""Operate a page with the keyboard alone, and check that the focus is always visible and never lost."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import FileChooser, Page, expect

from tests.browser.school import Classroom, eventually

# The focused element: its name, whether it (or its label or tile) has a focus ring, and whether any of it is
# visible. Null if nothing has the focus.
_FOCUSED = """() => {
  const one = document.activeElement;
  const root = document.documentElement;
  if (!one || one === document.body || one === root) return null;
  const words = (element) => element?.textContent ?? "";
  const by = (one.getAttribute("aria-labelledby") || "").split(" ");
  const labels = by[0] ? by.map((id) => document.getElementById(id)) : [...(one.labels || [])];
  // a button may contain words that are not shown
  const own = one.matches("select, [tabindex]") ? "" : one.matches("button") ? one.innerText : words(one);
  const names = [one.ariaLabel, labels.map(words).join(" "), own, one.title];
  const name = names.map((each) => (each || "").trim().replace(/\\s+/g, " ")).find(Boolean) || "";
  const isRung = (element) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
  };
  const inner = one.matches(":focus-within:not(:focus)"); // a button in a field: the browser draws its ring
  const around = [one, one.parentElement, one.parentElement.parentElement, one.closest("li")];
  const ring = inner ? one : around.find((element) => element && isRung(element));
  const box = (ring || one).getBoundingClientRect();
  const isInside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  const at = (low, high, most, part) => Math.max(0, low) * (1 - part) + Math.min(most, high) * part;
  const isSeen = [[0.5, 0.5], [0.05, 0.2], [0.95, 0.8]].some(([across, down]) => {
    const x = at(box.left, box.right, innerWidth, across);
    const y = at(box.top, box.bottom, innerHeight, down);
    const there = document.elementFromPoint(x, y);
    if (!there || there === document.body || there === root) return false;
    return one.contains(there) || there.contains(one) || Boolean(ring?.contains(there));
  });
  return { name, ring: Boolean(ring), seen: isInside && isSeen, html: one.outerHTML.slice(0, 160) };
}"""


class Keys:
    """The keyboard of a page: ``keys.enter("^Start class$")`` tabs to a button and presses Enter."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._choosers: list[FileChooser] = []
        page.on("filechooser", lambda chooser: self._choosers.append(chooser))

    def name(self) -> str:
        """Return the name of the focused element. Assert that it has a focus ring and is not covered."""
        focused = self.page.evaluate(_FOCUSED)
        assert focused, f"the focus is lost on {self.page.url}"
        assert focused["ring"], f"the focus can not be seen: {focused['html']}"
        assert focused["seen"], f"what has the focus is covered: {focused['html']}"
        return str(focused["name"])

    def to(self, words: str, *, back: bool = False, most: int = 150) -> None:
        """Press Tab until the focused element's name matches `words`. Assert that every stop is visible."""
        passed: list[str] = []
        focused = self.page.evaluate(_FOCUSED)
        if focused and re.search(words, focused["name"]):
            return
        for _ in range(most):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            if self.page.evaluate("document.activeElement === document.body"):
                passed.append("(the browser's own bar)")
                assert passed.count(passed[-1]) < 3, f"Tab does not reach “{words}”: {passed}"
                continue
            passed.append(self.name())
            if re.search(words, passed[-1]):
                return
        raise AssertionError(f"Tab does not reach “{words}”: {passed}")

    def to_roster(self, words: str) -> None:
        """Tab to the roster, then press arrow keys until the focused element's name matches `words`."""
        inside = "Boolean(document.activeElement.closest('#people-here > tr'))"
        for _ in range(150):
            if self.page.evaluate(inside):
                break
            self.page.keyboard.press("Tab")
        most = 12  # buttons in a row
        self.press(*["ArrowLeft"] * most, "Home")
        for _ in range(100):
            for _ in range(most):
                if re.search(words, self.name()):
                    return
                self.press("ArrowRight")
            self.press(*["ArrowLeft"] * most, "ArrowDown")
        raise AssertionError(f"the arrow keys do not reach “{words}”")

    def open_class(self, room: Classroom) -> None:
        """Open the page of a class from the class list."""
        self.page.goto(f"/?q={quote(room.name)}")
        expect(self.page.get_by_role("link", name=room.name, exact=True)).to_be_visible()
        self.enter(f"^{re.escape(room.name)}$")
        expect(self.page.get_by_role("heading", level=1)).to_have_text(room.name)
        self.page.wait_for_load_state()  # until then, keys and links work without the scripts

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def enter(self, words: str, *, back: bool = False) -> None:
        self.to(words, back=back)
        self.press("Enter")

    def follow(self, words: str, *, back: bool = False) -> None:
        """Tab to an element, press Enter, and wait for the next page."""
        self.to(words, back=back)
        with self.page.expect_navigation():
            self.press("Enter")

    def tick(self, words: str, *, back: bool = False) -> None:
        self.to(words, back=back)
        self.press("Space")

    def write(self, words: str, text: str, *, back: bool = False) -> None:
        """Replace the text of the field whose name matches `words`."""
        self.to(words, back=back)
        self.press("ControlOrMeta+a")
        self.type(text)

    def choose(self, words: str, option: str, *, back: bool = False) -> None:
        """Choose from a list by typing the first letters of an option."""
        self.to(words, back=back)
        self.type(option)
        chosen = self.page.evaluate("document.activeElement.selectedOptions?.[0]?.textContent")
        assert str(chosen).strip().startswith(option), chosen

    def moment(self, words: str, when: datetime) -> None:
        """Type a date and a time into a field for both."""
        self.to(words)
        for part in (when.strftime("%m"), when.strftime("%d"), when.strftime("%Y")):
            self.type(part)
        self.press("ArrowRight")  # a year may have six digits
        self.type(when.strftime("%I%M%p"))

    def file(self, words: str, path: Path) -> None:
        """Choose a file in the file dialog that Enter opens."""
        self.to(words)
        self.press("Enter")
        eventually(lambda: self.page.evaluate("true") and self._choosers)
        self._choosers.pop().set_files(path)

    def holds(self, words: str) -> None:
        """Wait until the element whose name matches `words` has the focus."""

        def has_focus() -> bool:
            focused = self.page.evaluate(_FOCUSED)
            return bool(focused and re.search(words, focused["name"]))

        try:
            eventually(has_focus, within_s=15)
        except AssertionError:
            raise AssertionError(f"not “{words}” has the focus, but “{self.name()}”") from None
        self.name()

    def keeps(self) -> None:
        """Wait until any element has the focus, visibly, even if the pressed button is gone."""
        eventually(lambda: self.page.evaluate(_FOCUSED), within_s=15)
        self.name()
