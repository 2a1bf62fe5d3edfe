"""OneRoster 1.1 and 1.2 exports: the students of each class, and who is unknown, deleted or disabled."""

from __future__ import annotations

import pytest

from classroom_admin.rooms.class_list_files import oneroster
from classroom_admin.rooms.class_list_files.cells import UnreadableFile
from classroom_admin.rooms.class_list_files.contents import Options, read_contents
from classroom_admin.rooms.class_list_files.people import Person
from tests.rooms.class_list_files.workbook_files import packed, xlsx

USERS = """sourcedId,status,dateLastModified,enabledUser,orgs,role,username,ids,givenName,familyName,email
u1,,,true,o1,student,ada,,Ada,Lovelace,ada@school.test
u2,,,true,o1,student,alan,,Alan,Turing,
u3,tobedeleted,,true,o1,student,old,,Old,Student,
u4,,,false,o1,student,off,,Off,Student,
t1,,,true,o1,teacher,grace,,Grace,Hopper,grace@school.test
"""
CLASSES = """sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode
c1,,,Maths,07,k1,M1
c2,,,Maths,08,k1,M2
c3,,,Art,08,k2,A1
c4,tobedeleted,,Gone,08,k2,A2
"""
ENROLLMENTS = """sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary
e1,,,c1,o1,u1,student,false
e2,,,c1,o1,u2,student,false
e3,,,c1,o1,t1,teacher,true
e4,,,c1,o1,u9,student,false
e5,,,c1,o1,u3,student,false
e6,,,c2,o1,u1,student,false
e7,,,c2,o1,u4,student,false
e8,tobedeleted,,c2,o1,u2,student,false
e9,,,c9,o1,u2,student,false
e10,,,c1,o1,u1,student,false
"""
EXPORT = {"users.csv": USERS, "classes.csv": CLASSES, "enrollments.csv": ENROLLMENTS}
ADA = Person(name="Ada Lovelace", user_uuid="u1", email="ada@school.test")
ALAN = Person(name="Alan Turing", user_uuid="u2")


def test_students_of_each_class() -> None:
    export = oneroster.read_export(packed(EXPORT))
    assert {key: (each.title, each.people) for key, each in export.classes.items()} == {
        "c1": ("Maths (M1)", [ADA, ALAN]),
        "c2": ("Maths (M2)", [ADA]),
        "c3": ("Art", []),
    }


def test_unknown_deleted_and_disabled_people_are_named_with_their_lines() -> None:
    export = oneroster.read_export(packed(EXPORT))
    assert [str(each) for each in export.classes["c1"].warnings] == [
        "Line 5: enrollments.csv names the user “u9”, who is not in users.csv.",
        "Line 4: “Old Student” is marked as deleted or disabled in users.csv and was left out.",
    ]
    assert "Off Student" in str(export.classes["c2"].warnings[0])
    assert [str(each) for each in export.warnings] == [
        "Line 10: enrollments.csv names the class “c9”, which is not in classes.csv."
    ]


def test_export_in_a_folder_with_a_manifest_and_other_files() -> None:
    manifest = "propertyName,value\noneroster.version,1.2\nfile.users,bulk\nfile.enrollments,bulk\n"
    files = {f"export/{name}": each for name, each in EXPORT.items()}
    files |= {
        "export/manifest.csv": manifest,
        "export/orgs.csv": "sourcedId\no1\n",
        "__MACOSX/users.csv": "x",
    }
    assert oneroster.is_export(packed(files))
    assert oneroster.read_export(packed(files)).classes["c2"].people == [ADA]


def test_version_1_2_in_another_encoding() -> None:
    users = (
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,preferredGivenName\n"
        "u1,,,true,zoe,,Zoë,Brandt,\n"
    )
    files = EXPORT | {"users.csv": users.encode("cp1252")}
    assert oneroster.read_export(packed(files)).classes["c1"].people == [
        Person(name="Zoë Brandt", user_uuid="u1")
    ]


def test_id_that_the_cloud_does_not_allow_is_left_out() -> None:
    files = {name: each.replace("u1,", "ü1,") for name, each in EXPORT.items()}
    found = oneroster.read_export(packed(files)).classes["c1"]
    assert found.people[0] == Person(name="Ada Lovelace", email="ada@school.test")
    assert "“ü1”" in str(found.warnings[0])


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"users.csv": USERS}, "The file classes.csv is missing"),
        (
            EXPORT | {"users.csv": "sourcedId,username\nu1,ada\n"},
            "The column givenname is missing in users.csv",
        ),
        (EXPORT | {"manifest.csv": "propertyName,value\nfile.enrollments,delta\n"}, "only changes"),
        (EXPORT | {"classes.csv": "sourcedId,title\n"}, "no classes"),
    ],
)
def test_export_that_can_not_be_used_is_refused(files: dict[str, str], says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        read_contents(packed(files), Options())


def test_one_class_is_chosen() -> None:
    content = packed(EXPORT)
    asked = read_contents(content, Options()).question
    assert asked is not None
    assert (asked.about, asked.choices) == ("class", ("c1", "c2", "c3"))
    chosen = read_contents(content, Options(class_id="c2"))
    assert (chosen.people, chosen.usable) == ([ADA], True)
    assert chosen.mapping["sourcedId"] == "user_id"
    assert read_contents(content, Options(usual_class_id="c2")).class_id == "c2"
    with pytest.raises(UnreadableFile, match="no class “c9”"):
        read_contents(content, Options(class_id="c9"))


def test_workbook_is_no_export() -> None:
    assert not oneroster.is_export(xlsx([["users.csv"]]))
    assert not oneroster.is_export(USERS.encode())
