"""What the documents show, link to and tell people to run is there."""

import argparse
import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs/screenshots"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
ANCHOR = re.compile(r"\]\((?!https?://)([^)#\s]*)#([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
MOST_BYTES = 150_000
CODE = re.compile(r"```(?:sh|console)?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
MANAGED = re.compile(
    r"(?:^|[ /])(?:manage\.py|classroom-admin|admin) ([a-z_]+)(?![\w-])([^|;&#`\n]*)", re.MULTILINE
)
MADE = re.compile(r"^(?:scripts/services )?make ([a-z-]+)", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_document_links_to_is_there(document):
    links = LINK.findall(document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def anchors(document):
    """Return the anchors of a document's headings, as the platforms that show Markdown make them."""
    titles = HEADING.findall(document.read_text(encoding="utf-8"))
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title) for title in titles]
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in plain}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_heading_to_which_a_document_links_is_there(document):
    links = ANCHOR.findall(document.read_text(encoding="utf-8"))
    pages = [((document.parent / path).resolve() if path else document, anchor) for path, anchor in links]
    assert [(page.name, anchor) for page, anchor in pages if anchor not in anchors(page)] == []


def test_pictures_are_small_and_all_are_shown():
    shown = {
        (document.parent / link).resolve()
        for document in DOCUMENTS
        for link in LINK.findall(document.read_text(encoding="utf-8"))
    }
    kept = set(PICTURES.glob("*.png"))
    assert kept
    assert kept <= shown
    assert [path.name for path in kept if path.stat().st_size > MOST_BYTES] == []


def code(document):
    """Return the commands and names that the document shows as code, one on each line."""
    text = document.read_text(encoding="utf-8")
    return "\n".join(block or inline for block, inline in CODE.findall(text)).replace("\\\n", " ")


def options(parser):
    """Return all options of a command and of its subcommands."""
    found = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {name for one in action.choices.values() for name in options(one)}
    return found


def test_every_command_that_a_document_names_exists_with_its_options():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    apps = get_commands()
    others = {"version"}  # of classroom_admin/command_line.py
    wrong, seen = [], set()
    for document in DOCUMENTS:
        if document.name == "CHANGELOG.md":
            continue  # it also names what is no longer there
        text = code(document)
        wrong += [(document.name, f"make {name}") for name in MADE.findall(text) if name not in targets]
        for name, arguments in MANAGED.findall(text):
            seen.add(name)
            if name in others:
                continue
            if name not in apps:
                wrong.append((document.name, name))
                continue
            known = options(load_command_class(apps[name], name).create_parser("manage.py", name))
            asked = set(re.findall(r"(?<!\S)--[a-z][a-z-]*", arguments))
            wrong += [(document.name, name, option) for option in sorted(asked - known)]
    assert wrong == []
    assert {"serve", "doctor", "backup", "restore", "audit", "rebuild"} <= seen
