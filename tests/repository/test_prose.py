"""`make prose` finds retired terms wherever people read them, and leaves stable names alone."""

from __future__ import annotations

import pytest

from scripts.check_prose import TERMS, Rules, english_of

RULES = """
skip: docs/contract/*
keep: sync.sweep_due
# a comment
sweep(s|ing)? -> reconciliation
send held|called off -> scheduled, cancelled
fold(ed)? -> project   in *.py   except *panel*
"""


def found(text: str, path: str = "code.py", rules: str = RULES) -> list[str]:
    return [f"{one.line} {one.words}" for one in Rules(rules.splitlines()).check(path, text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# sweeps\n", ["1 sweeps"]),
        ("\nSWEEP_DUE = 1", ["2 sweep"]),
        ("class SweepingTask:", ["1 sweeping"]),
        ("def send_held(): ...", ["1 send held"]),
        ("It was called\noff.", ["1 called\noff"]),
        ("folder = sweeper + unfolded", []),
        ("app.send_task('sync.sweep_due')", []),
    ],
)
def test_whole_words_are_found_in_text_and_identifiers(text: str, words: list[str]) -> None:
    assert found(text) == words


def test_path_is_checked_too() -> None:
    assert found("", path="sync/sweeps.py") == ["0 sweeps"]


@pytest.mark.parametrize("path", ["page.html", "live/panels.py"])
def test_term_may_hold_for_some_files_only(path: str) -> None:
    assert found("folded") == ["1 folded"]
    assert found("folded", path=path) == []


def test_skipped_file_is_not_checked() -> None:
    assert found("sweep", path="docs/contract/README.md") == []


def test_only_the_english_side_of_a_catalogue_is_checked() -> None:
    first = '# sweep\nmsgid ""\n"Called "\n"off"\nmsgstr "sweep"\n\n'
    second = 'msgid "a"\nmsgid_plural "sweeps"\nmsgstr[0] "x"\n'
    catalogue = first + second
    assert found(english_of(catalogue), path="locale/es/django.po") == ["2 called off", "8 sweeps"]


def test_line_that_is_no_term_is_refused() -> None:
    with pytest.raises(ValueError, match="not a term: sweep"):
        Rules(["sweep"])


def test_list_of_the_project_can_be_read_and_finds_its_first_term() -> None:
    assert found("the room is refolded", rules=TERMS.read_text(encoding="utf-8")) == ["1 refolded"]
