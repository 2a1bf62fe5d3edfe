"""Files with people as spreadsheets write them, and the problems of invalid ones."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom_admin.actions.class_lists import Person
from classroom_admin.web.class_lists.people_file import LARGEST_BYTES, read_people

ADA = Person(name="Ada Lovelace", user_uuid="ada-1815", email="ada@school.test", group="7b")
ZOE = Person(name="Zoë Brandt")
TABLE = "name,user id,e-mail,group\r\nAda Lovelace,ada-1815,ada@school.test,7b\r\nZoë Brandt,,,\r\n"


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        codecs.BOM_UTF8 + TABLE.encode(),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-le"),
        TABLE.encode("utf-16-be"),
        codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
        TABLE.encode("cp1252"),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").encode(),
        ("sep=;\r\n" + TABLE.replace(",", ";")).encode(),
        TABLE.replace("\r\n", "\n").encode(),
        TABLE.replace("name", '"Full Name"', 1).replace("user id", "USER_ID").encode(),
        ("\r\n\r\n" + TABLE + "\r\n,,,\r\n").encode(),
        "group,e-mail,ID,Name,notes\n7b,ada@school.test,ada-1815,  Ada  Lovelace,x\n,,,Zoë Brandt,".encode(),
        "Vorname;Nachname;ID;E-Mail;Klasse\nAda;Lovelace;ada-1815;ada@school.test;7b\nZoë;Brandt".encode(),
    ],
)
def test_encodings_and_separators_give_the_same_people(content: bytes) -> None:
    read = read_people(content)
    assert read.problems == []
    assert read.people == [ADA, ZOE]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "This file is empty."),
        (b"\r\n \r\n", "This file is empty."),
        (b"Ada Lovelace\nAlan Turing\n", "Line 1 must contain the column names"),
        (b"name,group,class\nAda,a,b\n", "Line 1 contains the column “group” twice."),
        (b"name,id\n", "This file has column names but no people."),
        (b"name,id\n,ada\n", "Line 2: the name is missing."),
        (b"name,id\nAda,ada\nAlan,ada\n", "Line 3: “Alan” is also on line 2."),
        (b"name\nAda L\n\nADA  l\n", "Line 4: “ADA l” is also on line 2."),
        (b"name,id\nAda,a/b\n", "Line 2: the user id “a/b” contains characters"),
        (b"name,e-mail\nAda,nowhere\n", "Line 2: “nowhere” is not an email address."),
        (b"name;id\nAda;1;2\n", "Line 2: it has more cells than line 1."),
        (b'name\n"Ada\n', "a closing quotation mark is missing"),
        (b"name\n" + b"x" * 300, "Line 2: a cell is too long."),
        (b"PK\x03\x04\x00\x00\x08", "This is not a text file."),
        (b"x" * (LARGEST_BYTES + 1), "This file is too large"),
    ],
)
def test_problems_name_their_line_and_nobody_is_read(content: bytes, says: str) -> None:
    read = read_people(content)
    assert any(says in problem for problem in read.problems), read.problems
    assert read.people == []


def test_further_problems_are_counted() -> None:
    read = read_people(b"name,id\n" + b",x\n" * 30)
    assert len(read.problems) == 21
    assert read.problems[-1] == "And 10 more lines with problems."


def test_lines_are_numbered_as_in_an_editor() -> None:
    read = read_people(b'sep=,\nname,group\n"Ada","two\nlines"\n,x\n')
    assert read.problems == ["Line 5: the name is missing."]


@given(st.binary(max_size=300))
def test_any_file_can_be_read(content: bytes) -> None:
    read = read_people(content)
    assert bool(read.people) is not bool(read.problems)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    read = read_people(f"name,id\n{text}".encode("utf-8", "replace"))
    assert bool(read.people) is not bool(read.problems)
