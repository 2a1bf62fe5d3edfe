"""Whether the browser tests press every button. What acts is a button, a summary, a link that looks like a
button or opens a dialog, or a field that does something by itself; each is known by its template and its
place there.

Where PRESSES names a folder, the dashboard under test writes that place into its pages (marked.py) and every
window keeps there what was really pressed: by mouse, finger or key, not by a script. When the run is over,
`python -m tests.browser.presses FOLDER` tells what nobody pressed, and fails. That a press led to something
is for the tests to look at.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.template import Origin
from django.template.loaders.filesystem import Loader as FileSystemLoader
from playwright.sync_api import BrowserContext, ConsoleMessage

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = os.environ.get("PRESSES", "")
_TAG: Final = re.compile(r"<(a|button|summary|input|select|textarea)\b((?:{%.*?%}|{{.*?}}|[^>])*)>", re.S)
_LINK_ACTS: Final = re.compile(r'class="[^"]*\bbutton\b|data-dialog|data-moment|hx-get')
_FIELD_ACTS: Final = re.compile(
    r'data-(choice|find|script|chooses)\b|hx-(get|post)|form="bulk"|type="file"|name="talk"'
    r'|id="(event-kind|event-who|find-message|replay-at|replay-speed)"'
)
_MADE_BY_SCRIPT: Final = re.compile(r'createElement\("button"\);\s*button\.className = "([\w-]+)"')
# One line of these stands for many buttons: each is told apart by what it sends, and where.
VARIED: Final = ("shared/_button.html", "classroom/commands/_end.html", "accounts/_languages.html")
# What no window with scripts can press, and why.
EXCUSED: Final = {
    r"^403\.html": "comes only where a right is taken away between a page and a press",
    r"^429\.html": "comes after 120 sign-ins a minute: nobody else could sign in while it is tested",
    r"^bare\.html": "comes of a fault in the product, or of a form larger than any page of ours sends",
    r"^live/_people_rest\.html": "with scripts the rest comes by itself; pressed without, in test_stream.py",
    r"^live/planning/create\.html.*name=.preview": "for who has no scripts; pressed in test_plan.py",
}
_RECORDER: Final = """(() => {
  const varied = VARIED;
  const told = new Set();
  const tell = (did, one) => {
    const from = one.dataset.from || `scripts#${one.className}`;
    const sends = one.href || (one.type === "submit" ? `${one.form?.action}#${one.name}=${one.value}` : "");
    const line = `${did} ${from} ${varied.some((name) => from.startsWith(name)) ? sends : ""}`;
    if (!told.has(line)) console.debug(`presses: ${line}`);
    told.add(line);
  };
  const places = varied.map((name) => `[data-from^="${name}"]:not([aria-disabled="true"])`).join();
  const look = () => document.querySelectorAll(places).forEach((one) => tell("shown", one));
  let soon = 0;
  new MutationObserver(() => (soon ||= setTimeout(() => look((soon = 0)), 50)))
    .observe(document, { childList: true, subtree: true });
  addEventListener("click", ({ target, isTrusted }) => {
    const one = target.closest?.("[data-from], button");
    if (isTrusted && one?.matches("a, button, summary") && one.ariaDisabled !== "true") tell("pressed", one);
  }, true);
  for (const kind of ["input", "change"]) {
    addEventListener(kind, ({ target }) => target.dataset?.from && tell("pressed", target), true);
  }
})()""".replace("VARIED", str(list(VARIED)))


class Loader(FileSystemLoader):
    """Loads templates whose acting tags carry `data-from`."""

    def get_contents(self, origin: Origin) -> str:
        text, number = super().get_contents(origin), 0

        def marked(tag: re.Match[str]) -> str:
            nonlocal number
            if not _acts(tag):
                return tag[0]
            number += 1
            return f'<{tag[1]} data-from="{origin.template_name}#{number}"{tag[2]}>'

        return _TAG.sub(marked, text)


def _acts(tag: re.Match[str]) -> bool:
    if tag[1] == "a":
        return bool(_LINK_ACTS.search(tag[2]))
    return tag[1] in ("button", "summary") or bool(_FIELD_ACTS.search(tag[2]))


def all_buttons() -> Iterator[tuple[str, str]]:
    """(name, how to find it) of all that acts, in the templates and made by scripts."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text, name = path.read_text(), path.relative_to(ROOT / "templates")
        acting = [tag for tag in _TAG.finditer(text) if _acts(tag)]
        for number, tag in enumerate(acting, 1):
            yield f"{name}#{number}", f"line {text.count(chr(10), 0, tag.start()) + 1}: {tag[0]}"
    for script in sorted((ROOT / "static/js").glob("*.js")):
        for made in _MADE_BY_SCRIPT.finditer(script.read_text()):
            yield f"scripts#{made[1]}", script.name


def record(context: BrowserContext) -> None:
    """Keep what is pressed in the windows of this context, where PRESSES names a folder."""
    if not FOLDER:
        return
    context.add_init_script(_RECORDER)
    path = Path(FOLDER, f"{os.getpid()}.txt")

    def kept(line: ConsoleMessage) -> None:
        if line.text.startswith("presses: "):
            with path.open("a") as file:
                file.write(line.text.removeprefix("presses: ") + "\n")

    context.on("console", kept)


def _by_what_it_does(sends: str) -> str:
    """The same for every class and person: "live:command(end)", "account_language language=es"."""
    from django.urls import Resolver404, resolve

    parts = urlsplit(sends)
    try:
        found = resolve(parts.path)
    except Resolver404:
        return parts.path
    return f" {found.view_name}({found.kwargs.get('name', '')}) {parts.fragment.strip('=')}".rstrip()


def missing(folder: Path) -> list[str]:
    """What was not pressed, a line each."""
    did: dict[str, set[str]] = {"shown": set(), "pressed": set()}
    for line in {line for path in folder.glob("*.txt") for line in path.read_text().splitlines()}:
        what, name, *sends = line.split(" ", 2)
        did[what].add(name + (_by_what_it_does(sends[0]) if sends and sends[0] else ""))
    plain = {name.split(" ")[0] for name in did["pressed"]}
    never = [f"{name}, {found}" for name, found in all_buttons() if name not in plain]
    wanted = [line for line in never if not any(re.search(excused, line, re.S) for excused in EXCUSED)]
    return wanted + sorted(did["shown"] - did["pressed"])


def main(folder: str, *_: Any) -> int:
    import django

    django.setup()
    found = missing(Path(folder))
    print("\n".join(found) if found else "Every button was pressed.")
    if found:
        print(f"{len(found)} buttons that no browser test presses.", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    sys.exit(main(*sys.argv[1:]))
