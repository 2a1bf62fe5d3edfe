"""Check that the browser tests press every control.

A control is a button, a summary, a link that looks like a button or opens a dialog, or a field with an
effect of its own. It is identified by its template and its position there. If PRESSES names a folder, the
dashboard under test writes that position into its pages (settings_with_button_sources.py), and every window
records what was pressed by mouse, touch or key, not by a script. After the run, `python -m
tests.browser.button_coverage FOLDER` lists what no test pressed, and fails. The tests themselves check the
effect of each press.
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
# One line of these templates makes many buttons, which differ in what they send, and where.
VARIED: Final = (
    "shared/_button.html",
    "shared/_press.html",
    "classroom/people/_do.html",
    "classroom/commands/_end.html",
    "accounts/_languages.html",
)
# Controls that no window with scripts can press, and why.
EXCEPTIONS: Final = {
    r"^403\.html": "appears only if a permission is removed between a page and a press",
    r"^429\.html": "appears after 120 sign-ins a minute: no other test could sign in meanwhile",
    r"^bare\.html": "appears after an error in the product, or a form larger than any page sends",
    r"^class_list/_more_link\.html": "loads by itself when it comes into view",
    r"^class_list/enter\.html": "the page opens the classroom by itself, at once",
    r"^classroom/_roster_rest\.html": "scripts load the rest; test_stream.py presses it without scripts",
    r"^classroom/people/not_taken_part\.html.*data-dialog": "names students who are present for 5 minutes",
    r"^joining/start\.html.*live:enter": "the page opens the classroom by itself, at once",
    r"^joining/waiting\.html.*joining:enter": "pressed by test_joining.py in a window without scripts",
    r"^lti/chosen\.html": "the page sends the form by itself, at once",
    r"^lti/courses\.html#2,": "appears after a gradebook refused scores for three days",
    r"^reports/_student_pager\.html": "for lists with more students than a page; tests/web opens the pages",
    r"^reports/charts/_(bars_table|trend)\.html": "needs classes in several weeks or on several days",
    r"^socialaccount/authentication_error\.html.*primary.*account_login": "after a provider is deleted",
    r"^scheduling/create\.html.*name=.preview": "for people without scripts; test_scheduling.py presses it",
}
_RECORDER: Final = """(() => {
  const varied = VARIED;
  const reported = new Set();
  const report = (did, one) => {
    const from = one.dataset.from || `scripts#${one.className}`;
    const to = one.hasAttribute("formaction") ? one.formAction : one.form?.action;
    const sends = one.href || (one.type === "submit" ? `${to}#${one.name}=${one.value}` : "");
    const line = `${did} ${from} ${varied.some((name) => from.startsWith(name)) ? sends : ""}`;
    if (!reported.has(line)) console.debug(`presses: ${line}`);
    reported.add(line);
  };
  const places = varied.map((name) => `[data-from^="${name}"]:not([aria-disabled="true"])`).join();
  const reportShown = () => document.querySelectorAll(places).forEach((one) => report("shown", one));
  let soon = 0;
  new MutationObserver(() => (soon ||= setTimeout(() => reportShown((soon = 0)), 50)))
    .observe(document, { childList: true, subtree: true });
  addEventListener("click", ({ target, isTrusted }) => {
    const one = target.closest?.("[data-from], button");
    const isPressed = isTrusted && one?.matches("a, button, summary") && one.ariaDisabled !== "true";
    if (isPressed) report("pressed", one);
  }, true);
  for (const kind of ["input", "change"]) {
    addEventListener(kind, ({ target }) => target.dataset?.from && report("pressed", target), true);
  }
})()""".replace("VARIED", str(list(VARIED)))


class Loader(FileSystemLoader):
    """Load templates, with `data-from` in the tag of each control."""

    def get_contents(self, origin: Origin) -> str:
        text, number = super().get_contents(origin), 0

        def with_source(tag: re.Match[str]) -> str:
            nonlocal number
            if not _is_control(tag):
                return tag[0]
            number += 1
            return f'<{tag[1]} data-from="{origin.template_name}#{number}"{tag[2]}>'

        return _TAG.sub(with_source, text)


def _is_control(tag: re.Match[str]) -> bool:
    if tag[1] == "a":
        return bool(_LINK_ACTS.search(tag[2]))
    return tag[1] in ("button", "summary") or bool(_FIELD_ACTS.search(tag[2]))


def all_buttons() -> Iterator[tuple[str, str]]:
    """Yield the name and the source of each control, in templates and scripts."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text, name = path.read_text(), path.relative_to(ROOT / "templates")
        controls = [tag for tag in _TAG.finditer(text) if _is_control(tag)]
        for number, tag in enumerate(controls, 1):
            yield f"{name}#{number}", f"line {text.count(chr(10), 0, tag.start()) + 1}: {tag[0]}"
    for script in sorted((ROOT / "static/js").glob("*.js")):
        for made in _MADE_BY_SCRIPT.finditer(script.read_text()):
            yield f"scripts#{made[1]}", script.name


def record(context: BrowserContext) -> None:
    """Record what is pressed in the windows of this context, if PRESSES names a folder."""
    if not FOLDER:
        return
    context.add_init_script(_RECORDER)
    path = Path(FOLDER, f"{os.getpid()}.txt")

    def store(line: ConsoleMessage) -> None:
        if line.text.startswith("presses: "):
            with path.open("a") as file:
                file.write(line.text.removeprefix("presses: ") + "\n")

    context.on("console", store)


def _by_what_it_does(sends: str) -> str:
    """Return a name that is the same for every class, person and path prefix: "live:command(end)"."""
    from django.urls import Resolver404, resolve

    parts = urlsplit(sends)
    folders = parts.path.split("/")[1:]
    for start in range(len(folders)):  # the dashboard may be under a path of the host
        try:
            found = resolve("/" + "/".join(folders[start:]))
        except Resolver404:
            continue
        sent = re.sub(r"=(\d+)?$", "", parts.fragment)  # the number is a person's
        return f" {found.view_name}({found.kwargs.get('name', '')}) {sent}".rstrip()
    return parts.path


def missing(folder: Path) -> list[str]:
    """Return what was not pressed, a line each."""
    did: dict[str, set[str]] = {"shown": set(), "pressed": set()}
    for line in {line for path in folder.glob("*.txt") for line in path.read_text().splitlines()}:
        what, name, *sends = line.split(" ", 2)
        did[what].add(name + (_by_what_it_does(sends[0]) if sends and sends[0] else ""))
    plain = {name.split(" ")[0] for name in did["pressed"]}
    never = [f"{name}, {found}" for name, found in all_buttons() if name not in plain]
    wanted = [*never, *sorted(did["shown"] - did["pressed"])]
    return [line for line in wanted if not any(re.search(one, line, re.S) for one in EXCEPTIONS)]


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
