"""Searching with and without accents: in the class list, in the roster, and the same as on the server."""

import json
import sys
import unicodedata

import pytest
from playwright.sync_api import expect

from classroom_admin.common.text_matching import contains_all, search_key
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import open_class, roster
from tests.browser.school import ADMINISTRATOR, TEACHER, eventually
from tests.common.test_text_matching import SAMPLES


def test_a_class_is_found_without_its_accents(window: Opener, classroom: MakeClassroom) -> None:
    composed = classroom("Übungsstunde Álgebra")
    decomposed = classroom(unicodedata.normalize("NFD", "Übungsstunde Música"))
    other = classroom("Ubungen")
    page = window(ADMINISTRATOR)
    page.goto("/?q=UBUNGSSTUNDE")
    for room in (composed, decomposed):
        expect(page.get_by_role("link", name=room.name)).to_be_visible()
    expect(page.get_by_role("link", name=other.name, exact=True)).to_have_count(0)
    field = page.get_by_role("searchbox", name="Search by class or teacher")
    field.fill("algebra übungs")
    field.press("Enter")
    expect(page.get_by_role("link", name=decomposed.name)).to_have_count(0)
    expect(page.get_by_role("link", name=composed.name)).to_be_visible()


def test_the_roster_is_searched_without_accents(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Finder 7c")
    names = ["Zoë Brandt", unicodedata.normalize("NFD", "José"), "रीना", "रानी", "Łukasz"]
    for number, name in enumerate(names):
        room.enter(f"p{number}", name)
    page = window(TEACHER)
    open_class(page, room)
    expect(roster(page).get_by_role("rowheader")).to_have_count(len(names) + 1)
    find = page.get_by_role("searchbox", name="Search people")
    for words, found in [
        ("ZOE", 0),
        ("brandt zoë", 0),
        ("jose", 1),
        ("JOSÉ", 1),
        ("री", 2),
        ("रानी", 3),
        ("lukasz", 4),
    ]:
        find.fill(words)
        expect(roster(page).get_by_role("rowheader").filter(visible=True)).to_have_text([names[found]])
    find.fill("")
    expect(roster(page).get_by_role("rowheader").filter(visible=True)).to_have_count(len(names) + 1)


@pytest.mark.long
def test_the_browser_makes_the_same_search_keys_as_the_server(
    window: Opener, classroom: MakeClassroom
) -> None:
    page = window(TEACHER)
    open_class(page, classroom("Search keys"))
    page.get_by_role("searchbox", name="Search people").focus()
    eventually(lambda: page.evaluate("() => Boolean(window.searchKey)"))
    letters = [chr(code) for code in range(1, sys.maxunicode + 1)]
    letters = [letter for letter in letters if unicodedata.category(letter) not in ("Cs", "Cn")]
    texts = letters + [f"A {letter}b" for letter in letters]
    texts += [base + letter for letter in letters if unicodedata.category(letter)[0] == "M" for base in "eا"]
    texts += [text for words, text, _found in SAMPLES] + [words for words, _text, _found in SAMPLES]
    keys = page.evaluate("(texts) => JSON.parse(texts).map(window.searchKey)", json.dumps(texts))
    differing = [
        (text, search_key(text), key)
        for text, key in zip(texts, keys, strict=True)
        if search_key(text) != key
    ]
    assert differing == []
    for words, text, _found in SAMPLES:
        found = page.evaluate("([words, text]) => window.matchesSearch(words, text)", [words, text])
        assert found is contains_all(search_key(words).split(), text), (words, text)
