"""Files as schools' programs and spreadsheets write them, and what is read from them."""

from __future__ import annotations

import codecs
import unicodedata
from typing import Final

import pytest

from classroom_admin.common.names import exact_key
from classroom_admin.rooms.class_list_files.cells import UnreadableFile
from classroom_admin.rooms.class_list_files.contents import Contents, Options, read_contents
from classroom_admin.rooms.class_list_files.people import Person
from classroom_admin.rooms.class_list_files.tables import LARGEST_BYTES

ADA: Final = Person(name="Ada Lovelace", user_uuid="ada-1815", email="ada@school.test", group="7b")
ZOE: Final = Person(name="Zoë Brandt")
TABLE: Final = "name,user id,e-mail,group\r\nAda Lovelace,ada-1815,ada@school.test,7b\r\nZoë Brandt,,,\r\n"


def read(content: str | bytes, **options: object) -> Contents:
    return read_contents(content.encode() if isinstance(content, str) else content, Options(**options))  # type: ignore[arg-type]


def names(content: str | bytes) -> list[str]:
    found = read(content)
    assert found.usable, (found.question, [str(each) for each in found.problems])
    return [one.name for one in found.people]


def problems(content: str | bytes) -> list[str]:
    return [str(each) for each in read(content).problems]


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        codecs.BOM_UTF8 + TABLE.encode(),
        codecs.BOM_UTF8 * 2 + TABLE.encode(),
        ("ï»¿" + TABLE).encode(),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-le"),
        TABLE.encode("utf-16-be"),
        codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
        TABLE.encode("cp1252"),
        TABLE.encode("mac_roman"),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").encode(),
        TABLE.replace(",", "|").encode(),
        ("sep=;\r\n" + TABLE.replace(",", ";")).encode(),
        ('"sep=|"\r\n' + TABLE.replace(",", "|")).encode(),
        TABLE.replace("\r\n", "\n").encode(),
        TABLE.replace("\r\n", "\r").encode(),
        (TABLE + "\x1a").encode(),
        (TABLE + "\x1a\x00\x00").encode(),
        TABLE.replace("Ada", "\x00Ada\x00").encode(),
        TABLE.replace("name", '"Full Name"', 1).replace("user id", "USER_ID").encode(),
        TABLE.replace("name", "\u200ename\u200f", 1).replace("Ada L", "\u202aAda L").encode(),
        TABLE.replace("ada-1815", '="ada-1815"').replace("Zoë", "\u200bZoë").encode(),
        ("Class list 7b, printed on Monday\r\nSchool: Testing, Berlin\r\n\r\n" + TABLE).encode(),
        ("\r\n\r\n" + TABLE + "\r\n,,,\r\n").encode(),
        (TABLE + "name,user id,e-mail,group\r\nAda Lovelace,ada-1815,ada@school.test,7b\r\n").encode(),
        "group,e-mail,ID,Name,notes\n7b,ada@school.test,ada-1815,  Ada  Lovelace,x\n,,,Zoë Brandt,".encode(),
        "Vorname;Nachname;ID;E-Mail;Klasse\nAda;Lovelace;ada-1815;ada@school.test;7b\nZoë;Brandt".encode(),
    ],
)
def test_the_same_people_in_every_form(content: bytes) -> None:
    assert read(content).problems == []
    assert list(read(content).people) == [ADA, ZOE]


@pytest.mark.parametrize(
    ("header", "row", "name"),
    [
        ("Name;Vorname", "Brandt;Zoe", "Zoe Brandt"),
        ("Vorname;Name", "Zoe;Brandt", "Zoe Brandt"),
        ("Surname;Forename", "Brandt;Zoe", "Zoe Brandt"),
        ("Name;Surname", "Zoe;Brandt", "Zoe Brandt"),
        (
            "First Name [Required];Last Name [Required];Email Address [Required]",
            "Zoe;Brandt;z@x.test",
            "Zoe Brandt",
        ),
        ("Student Last Name*;Student First Name*", "Brandt;Zoe", "Zoe Brandt"),
        ("Student's first name;Student's last name", "Zoe;Brandt", "Zoe Brandt"),
        ("givenName;familyName", "Zoe;Brandt", "Zoe Brandt"),
        ("Nom;Prénom;Courriel", "Brandt;Zoé;z@x.test", "Zoé Brandt"),
        ("NOM DE FAMILLE;Prénom", "Brandt;Zoé", "Zoé Brandt"),
        ("Nombre;Apellidos", "Zoe;Brandt Díaz", "Zoe Brandt Díaz"),
        ("Nombre;Primer apellido;Segundo apellido", "Zoe;Brandt;Díaz", "Zoe Brandt Díaz"),
        ("Apellido paterno;Apellido materno;Nombre(s)", "Brandt;Díaz;Zoe", "Zoe Brandt Díaz"),
        ("Nome;Cognome", "Zoe;Brandt", "Zoe Brandt"),
        ("Cognome e nome", "Brandt Zoe", "Brandt Zoe"),
        ("Nome;Sobrenome;Turma", "Zoe;Brandt;7", "Zoe Brandt"),
        ("Nome completo;Nº", "Zoe Brandt;1", "Zoe Brandt"),
        ("姓名;学号", "王小明;17", "王小明"),
        ("姓;名", "王;小明", "王小明"),
        ("学生姓名;班级", "王小明;7", "王小明"),
        ("氏名;メールアドレス", "山田 太郎;a@b.test", "山田 太郎"),
        ("姓;名;クラス", "山田;太郎;7", "山田太郎"),
        ("الاسم الأول;اسم العائلة", "علي;حسن", "علي حسن"),
        ("الاسم;اللقب;رقم الطالب", "علي;حسن;5", "علي حسن"),
        ("اسم الطالب;الصف", "علي حسن;7", "علي حسن"),
        ("Full name;First name", "Zoe Brandt;Zoe", "Zoe Brandt"),
    ],
)
def test_meaning_of_a_column_depends_on_its_neighbours(header: str, row: str, name: str) -> None:
    for form in ("NFC", "NFD"):
        for content in (f"{header}\n{row}\n", f"{header}\n{row}\n".replace(";", ",")):
            assert list(map(exact_key, names(unicodedata.normalize(form, content)))) == [exact_key(name)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('Name\n"Brandt, Zoe"\n"Turing, Alan"\n', ["Zoe Brandt", "Alan Turing"]),
        ("Name\nBrandt, Zoe\nTuring, Alan\n", ["Zoe Brandt", "Alan Turing"]),
        ("Name;ID\nBrandt, Zoe;1\nTuring, Alan;2\n", ["Zoe Brandt", "Alan Turing"]),
        ('"Last name, first name",ID\n"Brandt, Zoe",1\n', ["Zoe Brandt"]),
        ('Name\n"Martin King, Jr."\n"Ada Lovelace"\n', ["Martin King, Jr.", "Ada Lovelace"]),
        ('Name,Note\n"Brandt; Zoe | 7b",x\n', ["Brandt; Zoe | 7b"]),
        ('Name;Note\n"Brandt; Zoe";"a;b"\n', ["Brandt; Zoe"]),
        ("Name\n\u200bعلی\u200cرضا\u200e\n", ["علی\u200cرضا"]),
        ("Name,Note\n Ada\tL \x07,x\n", ["Ada L"]),
    ],
)
def test_names(content: str, expected: list[str]) -> None:
    assert names(content) == expected


def test_turned_names_are_mentioned() -> None:
    assert "Last, First" in str(read('Name\n"Brandt, Zoe"\n').warnings[0])


@pytest.mark.parametrize(
    ("content", "about", "line"),
    [
        ("Vorname;Klasse\nZoe;7b\n", "Vorname", 1),
        ("Class 7b\nSurname;ID\nBrandt;1\n", "Surname", 2),
        ("姓,学号\n王,1\n", "姓", 1),
        ("Brandt,Zoe,z@x.test\nTuring,Alan,a@x.test\n", "A", 1),
        ("id,email\n1,z@x.test\n", "id", 1),
    ],
)
def test_what_only_a_person_knows_is_asked(content: str, about: str, line: int) -> None:
    found = read(content)
    assert found.question is not None
    assert (found.question.about, found.question.line) == (about, line)
    assert set(found.question.choices) == {"name", "first", "last", "user_id", "email", "group", "ignore"}
    assert (found.people, found.usable) == ((), False)


def test_answers_to_questions() -> None:
    half = "Vorname;Klasse\nZoe;7b\n"
    assert read(half, mapping={"Vorname": "name"}).people[0].name == "Zoe"
    assert read(half, mapping={"Vorname": "first"}).people[0].name == "Zoe"
    nameless = "Brandt,Zoe,z@x.test\nTuring,Alan,a@x.test\n"
    answered = read(nameless, mapping={"A": "last", "B": "first"})
    assert [one.name for one in answered.people] == ["Zoe Brandt", "Alan Turing"]
    assert answered.people[0].email == "z@x.test"
    assert answered.mapping == {"A": "last", "B": "first", "C": "email"}


def test_file_without_column_names() -> None:
    found = read("Zoe Brandt;z@x.test;7b\nAda Lovelace;a@x.test;7b\nAlan Turing;t@x.test;7b\n")
    assert found.people[0] == Person(name="Zoe Brandt", email="z@x.test", group="7b")
    assert "line 1 was read as a person" in str(found.warnings[0])


def test_unknown_column_names_are_no_person() -> None:
    found = read("Wer;Poczta\nZoe Brandt;z@x.test\nAda Lovelace;a@x.test\n")
    assert [one.name for one in found.people] == ["Zoe Brandt", "Ada Lovelace"]
    assert found.mapping == {"Wer": "name", "Poczta": "email"}


def test_ignored_columns_and_columns_of_one_name() -> None:
    found = read("Name,Parent email,E-mail,E-mail,\nAda,p@x.test,a@x.test,b@x.test,x\n")
    assert found.people == [Person(name="Ada", email="a@x.test")]
    assert found.mapping == {
        "Name": "name", "Parent email": "ignore", "E-mail": "email", "E-mail (2)": "ignore", "E": "ignore",
    }  # fmt: skip
    assert found.ignored == ["Parent email", "E-mail (2)", "E"]


def test_mapping_of_the_last_file_counts_if_its_columns_are_there() -> None:
    usual = {"Wer": "name", "Nr": "user_id"}
    assert read("Nr;Wer\n5;Ada\n", usual=usual).people == [Person(name="Ada", user_uuid="5")]
    assert read("Name;ID\nAda;5\n", usual=usual).people == [Person(name="Ada", user_uuid="5")]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"Nme": "name"}, "no column “Nme”"),
        ({"Name": "names"}, "can't be used as “names”"),
        ({"Name": "name", "ID": "name"}, "can't have the same meaning"),
    ],
)
def test_mapping_that_does_not_fit_is_refused(mapping: dict[str, str], says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        read("Name;ID\nAda;5\n", mapping=mapping)


# --- repeats ------------------------------------------------------------------------------------------------


def test_identical_rows_count_once() -> None:
    found = read("name,id,note\nAda,7,x\nAlan,,y\nAda,7,x\nAlan,,y\n")
    assert [one.name for one in found.people] == ["Ada", "Alan"]
    assert [warning.line for warning in found.warnings] == [4, 5]


def test_equal_ids_with_different_names_are_named_with_both_lines() -> None:
    assert problems("name,id\nAda,7\n\nAlan,7\n") == [
        "Line 4, column B “id”: The user id “7” belongs to “Alan” here and to “Ada” on line 2."
    ]


def test_one_person_in_several_groups_is_one_person() -> None:
    found = read("name,id,group,email\nAda,7,7a,\nAda,7,7b,a@x.test\n")
    assert found.people == [Person(name="Ada", user_uuid="7", group="7a", email="a@x.test")]
    assert "another group" in str(found.warnings[0])


@pytest.mark.parametrize(
    "content",
    ["name,group\nAda,7a\nAda,7b\n", "name,id\nAda,1\nAda,2\n", "name,email\nAda,a@x.test\nAda,b@x.test\n"],
)
def test_namesakes_that_the_file_tells_apart_are_two_people(content: str) -> None:
    assert names(content) == ["Ada", "Ada"]


def test_namesakes_that_nothing_tells_apart_are_a_problem() -> None:
    assert problems("name,group,born\nAda,7a,2014\nAda,7a,2015\n") == [
        "Line 3, column A “name”: “Ada” is also on line 2. "
        "Add user ids or groups to tell the two people apart."
    ]


@pytest.mark.parametrize("pair", [("रीना", "रानी"), ("たいき", "だいき"), ("Hùng", "Hưng")])
def test_names_that_differ_in_a_mark_are_two_people(pair: tuple[str, str]) -> None:
    assert names("name\n" + "\n".join(pair)) == list(pair)


@pytest.mark.parametrize("number", ["1.23E+11", "1,23E+11", "4E+15", "1.23457E+11"])
def test_ids_that_a_spreadsheet_mangled_are_flagged(number: str) -> None:
    found = read(f"name;id\nAda;{number}\n")
    assert found.people == [Person(name="Ada")]
    assert str(found.warnings[0]) == (
        f"Line 2, column B “id”: A spreadsheet program turned the id into the number {number}, "
        "which lost some digits. The id was left out."
    )


# --- problems -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("name,id\n", "This file has no people."),
        ("name,id\n,ada\n", "Line 2, column A “name”: The name is missing."),
        ("name,id\n\u2800\u200d,ada\n", "Line 2, column A “name”: The name is missing."),
        ("name,id\nAda,a/b\n", "Line 2, column B “id”: User id “a/b”: The cloud does not allow"),
        ("name;id\nAda;1;2\nAlan;3\nZoe;4\n", "Line 2, column C: This row has more cells"),
        ("name\n" + "x" * 300, "Line 2, column A “name”: The cell is too long."),
        ("sep=,\nname,group\n" + '"Ada","two\nlines"\n,x\n', "Line 5, column A “name”: The name is missing."),
        (("name\n" + "Zoë\n" * 20).encode() + b"\xff\n", "Line 22, column A “name”: The cell contains a"),
        ("name\n" + "".join(f"P{n}\n" for n in range(5001)), "at most 5,000 people"),
    ],
)
def test_problems_name_line_and_column(content: str | bytes, says: str) -> None:
    assert any(each.startswith(says) or says in each for each in problems(content)), problems(content)


def test_address_that_is_none_is_left_out() -> None:
    found = read("name,e-mail\nAda,none yet\n")
    assert found.people == [Person(name="Ada")]
    assert str(found.warnings[0]).startswith("Line 2, column B “e-mail”: “none yet” is not an email address.")


def test_further_problems_are_counted() -> None:
    found = read("name,id\n" + "".join(f",x{n}\n" for n in range(30)))
    assert (len(found.problems), found.more_problems) == (20, 10)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\r\n \r\n,,\n", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 9, "not a table"),
        (b"%PDF-1.7\n" + bytes(range(1, 32)) * 9, "not a table"),
        (b"<html><table><tr><td>Name</td></tr></table>", "web page"),
        (b'name,id\nAlan,2\n"Ada,1\n', "Line 3 can't be read"),
        (b"x" * (LARGEST_BYTES + 1), "too large"),
    ],
)
def test_file_that_is_no_table_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        read(content)


def test_chosen_encoding_that_does_not_fit_names_the_line() -> None:
    with pytest.raises(UnreadableFile, match="Line 3 is not written in the encoding Big5"):
        read("name\nМаша\n".encode("cp1251") + b"\xff\xff", encoding="big5")
