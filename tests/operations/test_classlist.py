"""``manage.py classlist``: the JSON that scripts read, the questions, and what is written."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from classroom_admin.accounts.models import User
from classroom_admin.actions import class_lists
from classroom_admin.actions.class_lists import Person, people_of
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import ClassList
from tests.actions.conftest import School, make_school
from tests.rooms.class_list_files.test_oneroster import ADA, ALAN, EXPORT
from tests.rooms.class_list_files.workbook_files import packed, xlsx

FILE = "Name;Vorname;Nr.;E-Mail;Klasse\nBrandt;Zoë;z1;zoe@x.test;7b\nTuring;Alan;a1;;7b\nTuring;Alan;a1;;7b\n"
MAPPING = {"Name": "last", "Vorname": "first", "Nr.": "user_id", "E-Mail": "email", "Klasse": "group"}
ZOE = {"name": "Zoë Brandt", "user_id": "z1", "email": "zoe@x.test", "group": "7b"}


@pytest.fixture
def plain(db: None) -> School:
    return make_school("maths")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, FILE)


def written(folder: Path, content: str | bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def run(file: Path, *more: str, name: str = "7b") -> tuple[int, dict[str, Any]]:
    """Return the exit code and the JSON object that the command prints."""
    out = StringIO()
    try:
        call_command("classlist", str(file), "--name", name, "--json", *more, stdout=out)
    except SystemExit as done:
        return int(str(done.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_people_are_imported_and_printed(plain: School, file: Path) -> None:
    mapping = json.dumps({"Nr.": "user_id"})
    code, printed = run(file, "--mapping", mapping, "--room", plain.room.room_uuid)
    assert code == 0
    assert printed == {
        "encoding": "utf-8",
        "mapping": MAPPING,
        "ignored": [],
        "people": [ZOE, {"name": "Alan Turing", "user_id": "a1", "email": "", "group": "7b"}],
        "warnings": ["Line 4: “Alan Turing” is already on line 3. The person was counted once."],
    }
    made = ClassList.objects.get(name="7b")
    assert [one.name for one in people_of(made)] == ["Alan Turing", "Zoë Brandt"]
    assert (made.owner, made.mapping) == (plain.administrator, MAPPING)
    plain.room.refresh_from_db()
    assert plain.room.class_list == made
    assert Entry.objects.filter(action="room.use_list", actor=plain.administrator).exists()


def test_second_import_replaces_the_people_and_keeps_the_mapping(plain: School, file: Path) -> None:
    run(file, "--mapping", json.dumps(MAPPING))
    file.write_text(FILE.replace("Turing;Alan;a1;;7b\n", ""), encoding="utf-8")
    code, printed = run(file)
    assert (code, printed["people"], printed["mapping"]) == (0, [ZOE], MAPPING)
    assert ClassList.objects.get().people.count() == 1


def test_workbook_has_no_encoding(plain: School, tmp_path: Path) -> None:
    _code, printed = run(written(tmp_path, xlsx([["Full name", "ID", "Room"], ["Ada", 17, "x"]]), "a.xlsx"))
    assert printed == {
        "encoding": None,
        "mapping": {"Full name": "name", "ID": "user_id", "Room": "ignore"},
        "ignored": ["Room"],
        "people": [{"name": "Ada", "user_id": "17", "email": "", "group": ""}],
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("content", "about", "line", "says", "choices"),
    [
        ("Surname;ID\nBrandt;1\n", "Surname", 1, "No column contains first names", ["name", "last"]),
        ("name;id\nAda;7\nAlan;7\n", "id", 3, "here and to “Ada” on line 2", ["ignore"]),
        ("name;id\n;7\n", "name", 2, "The name is missing", ["ignore"]),
    ],
)
def test_question_is_printed_and_nothing_is_written(
    plain: School, tmp_path: Path, content: str, about: str, line: int, says: str, choices: list[str]
) -> None:
    before = Entry.objects.count()
    code, printed = run(written(tmp_path, content), "--room", plain.room.room_uuid)
    assert code == 1
    assert set(printed) == {"question"}
    question = printed["question"]
    assert set(question) == {"about", "line", "text", "choices"}
    assert (question["about"], question["line"], question["choices"][: len(choices)]) == (
        about,
        line,
        choices,
    )
    assert says in question["text"]
    assert not ClassList.objects.exists()
    assert Entry.objects.count() == before


def test_answer_to_a_question_is_given_as_mapping(plain: School, tmp_path: Path) -> None:
    code, printed = run(written(tmp_path, "Surname;ID\nBrandt;1\n"), "--mapping", '{"Surname": "name"}')
    assert (code, printed["people"][0]["name"]) == (0, "Brandt")


def test_several_lists_of_one_name_are_ambiguous(plain: School, file: Path) -> None:
    for owner in (plain.teacher, plain.other_teacher):
        class_lists.make_list(actor=owner, name="7b")
    code, printed = run(file)
    assert code == 1
    assert printed["question"]["about"] == "name"
    assert sorted(printed["question"]["choices"]) == sorted([plain.teacher.email, plain.other_teacher.email])
    code, _printed = run(file, "--owner", plain.teacher.email.upper())
    assert code == 0
    assert ClassList.objects.get(owner=plain.teacher).people.count() == 2
    assert not ClassList.objects.get(owner=plain.other_teacher).people.exists()


def test_owner_gets_the_new_list_and_must_be_allowed_to_use_it(plain: School, file: Path) -> None:
    code, _printed = run(file, "--owner", plain.teacher.email, "--room", plain.room.room_uuid)
    assert (code, ClassList.objects.get().owner) == (0, plain.teacher)
    with pytest.raises(CommandError, match="may not use"):
        run(file, "--owner", plain.other_teacher.email, "--room", plain.room.room_uuid)
    assert ClassList.objects.count() == 1


@pytest.mark.parametrize("packing", ["zip", "folder", "file"])
def test_class_of_a_oneroster_export(plain: School, tmp_path: Path, packing: str) -> None:
    for name, text in EXPORT.items():
        written(tmp_path, text, name)
    export = {
        "zip": written(tmp_path, packed(EXPORT), "export.zip"),
        "folder": tmp_path,
        "file": tmp_path / "users.csv",
    }[packing]
    code, printed = run(export, "--class", "c1", name="Maths")
    assert code == 0
    assert [(one["name"], one["user_id"]) for one in printed["people"]] == [
        (ADA.name, ADA.user_uuid), (ALAN.name, ALAN.user_uuid),
    ]  # fmt: skip
    assert printed["mapping"]["familyName"] == "last"
    assert "“u9”" in printed["warnings"][1]
    made = ClassList.objects.get()
    assert (made.name, made.sourced_id) == ("Maths", "c1")
    if packing == "zip":
        code, printed = run(export, name="Maths")
        assert (code, len(printed["people"])) == (0, 2), "the list keeps its class"


def test_several_classes_are_asked_about(plain: School, tmp_path: Path) -> None:
    code, printed = run(written(tmp_path, packed(EXPORT), "export.zip"))
    assert code == 1
    assert printed["question"] == {
        "about": "class",
        "line": None,
        "text": "The export has several classes. Which class is this list for?",
        "choices": ["c1", "c2", "c3"],
    }


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--mapping", "{"], "not JSON"),
        (["--mapping", "[]"], "must be a JSON object"),
        (["--mapping", '{"Name": "names"}'], "can't be used as “names”"),
        (["--mapping", '{"Nme": "name"}'], "no column “Nme”"),
        (["--owner", "nobody@x.test"], "Nobody with the email"),
        (["--room", "no-such-room"], "No room"),
        (["--class", "c1"], "is for OneRoster exports"),
    ],
)
def test_wrong_arguments_are_refused_in_words(plain: School, file: Path, more: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run(file, *more)
    assert not ClassList.objects.exists()


def test_file_that_is_missing_or_no_table_is_refused(plain: School, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.csv can't be read: No such file"):
        run(tmp_path / "none.csv")
    with pytest.raises(CommandError, match=r"has no users\.csv"):
        run(tmp_path)
    with pytest.raises(CommandError, match="empty"):
        run(written(tmp_path, b""))
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="no administrator"):
        run(written(tmp_path, FILE))


def test_text_names_the_numbers_and_a_question_fails(plain: School, file: Path, tmp_path: Path) -> None:
    out = StringIO()
    call_command("classlist", str(file), "--name", "7b", stdout=out)
    assert out.getvalue().startswith("2 people imported.\nColumns: Name = last, Vorname = first, ")
    assert Person(name="Zoë Brandt", email="zoe@x.test", group="7b") in people_of(ClassList.objects.get())
    with pytest.raises(CommandError, match="Nothing was written"):
        call_command("classlist", str(written(tmp_path, "Surname\nBrandt\n")), "--name", "7b")
