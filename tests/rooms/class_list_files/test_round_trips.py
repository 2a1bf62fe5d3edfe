"""What is written is read back equal: random names in CSV files and workbooks. No bytes break the reader."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from classroom_admin.common.csv_files import protected
from classroom_admin.common.names import has_visible_character
from classroom_admin.rooms.class_list_files.cells import UnreadableFile, cleaned
from classroom_admin.rooms.class_list_files.contents import Options, read_contents
from classroom_admin.rooms.class_list_files.people import Person
from tests.rooms.class_list_files.workbook_files import ods, xls, xlsx

_LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"], exclude_characters="\ufffd,،，、")
NAMES = st.text(_LETTERS, min_size=1, max_size=30).filter(
    lambda name: cleaned(name) == name and has_visible_character(name) and not name.startswith('="')
)
_ID = st.text("abcdefgh0123456789-_.", min_size=2, max_size=20).filter(
    lambda text: text[0].isalpha() and cleaned(text) == text
)
PEOPLE = st.lists(
    st.builds(Person, name=NAMES, user_uuid=_ID, email=st.just("") | st.just("a@b.test"), group=st.just("")),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one.user_uuid,
)
HEADER = ["Name", "User id", "Email", "Group"]


def rows_of(people: list[Person]) -> list[list[str]]:
    return [HEADER, *([one.name, one.user_uuid, one.email, one.group] for one in people)]


def read(content: bytes) -> list[Person]:
    found = read_contents(content, Options())
    assert not found.problems, [str(problem) for problem in found.problems]
    return list(found.people)


@given(PEOPLE, st.sampled_from(",;\t|"), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.booleans())
def test_people_in_a_csv_file(people: list[Person], delimiter: str, encoding: str, quoted: bool) -> None:
    text = io.StringIO()
    table = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    table.writerows([protected(cell) for cell in row] for row in rows_of(people))
    assert read(text.getvalue().encode(encoding)) == people


@given(PEOPLE, st.sampled_from([xlsx, ods, xls]))
@settings(max_examples=30, deadline=None)
def test_people_in_a_workbook(people: list[Person], write: object) -> None:
    rows = [[protected(cell) for cell in row] for row in rows_of(people)]
    assert read(write(rows)) == people  # type: ignore[operator]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    assume(not content.startswith(b"PK"))
    with suppress(UnreadableFile):
        found = read_contents(content, Options())
        assert found.usable == bool(found.people and not found.problems)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(UnreadableFile):
        found = read_contents(f"name,id\n{text}".encode("utf-8", "replace"), Options())
        assert found.usable == bool(found.people and not found.problems)
