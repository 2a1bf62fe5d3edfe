"""Files with teachers and administrators: what is read, what an import would do, and what it does."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.exceptions import PermissionDenied

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.actions.account_files import saving
from classroom_admin.actions.account_files.comparison import Plan
from classroom_admin.actions.account_files.rows import AccountContents, read_accounts
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.class_list_files.contents import Options
from tests.rooms.class_list_files.workbook_files import packed, xlsx

Role = User.Role


def read(text: str | bytes, **options) -> AccountContents:
    content = text.encode() if isinstance(text, str) else text
    return read_accounts(content, Options(**options))


def rows_of(text: str | bytes, **options):
    contents = read(text, **options)
    assert contents.usable, [*map(str, contents.problems), contents.question]
    return contents.rows


def plan_of(school, text: str | bytes) -> Plan:
    return saving.plan_of(actor=school.administrator, rows=rows_of(text), new_role=Role.TEACHER)


def imported(school, text: str | bytes, **more) -> Plan:
    more = {"invite": False, "new_role": Role.TEACHER} | more
    return saving.import_accounts(actor=school.administrator, rows=rows_of(text), **more)


def ids_of(email: str) -> list[str]:
    return list(CloudIdentity.objects.filter(user__email=email).values_list("user_uuid", flat=True))


def test_columns_roles_and_yes_or_no_are_read_in_many_languages():
    german = "Lehrkraft;E-Mail;Rolle;Aktiv;Cloud User ID;Cloud User ID\n"
    german += 'Brandt, Zoë;Zoe@S.test;Lehrerin;ja;z 1;"z;2"\n'
    (row,) = rows_of(german)
    assert (row.name, row.email, row.role, row.active) == ("Zoë Brandt", "zoe@s.test", Role.TEACHER, True)
    assert row.user_ids == ("z 1", "z;2")
    (row,) = rows_of("姓名,邮箱,角色,状态\n王芳,wang@s.test,管理员,停用\n")
    assert (row.name, row.role, row.active, row.user_ids) == ("王芳", Role.ADMINISTRATOR, False, None)
    (row,) = rows_of("Nombre,Apellidos,Correo,Rol\nAna,Torres,ana@s.test,Coordinación\n")
    assert (row.name, row.role, row.active) == ("Ana Torres", Role.COORDINATOR, None)
    (row,) = rows_of("الاسم,البريد الإلكتروني,الدور\nسارة,sara@s.test,معلّم\n")
    assert row.role == Role.TEACHER
    (row,) = rows_of(xlsx([["Full name", "Email"], ["Ada", "ada@s.test"]]))
    assert (row.name, row.role) == ("Ada", "")


def test_users_of_a_oneroster_export_are_read_without_students():
    export = packed(
        {
            "users.csv": "sourcedId,status,enabledUser,role,givenName,familyName,email\n"
            "t1,active,true,teacher,Ada,King,ada@s.test\ns1,active,true,student,Sam,Su,sam@s.test\n",
            "classes.csv": "sourcedId,title\nc1,7b\n",
            "enrollments.csv": "classSourcedId,userSourcedId,role\nc1,t1,teacher\n",
        }
    )
    contents = read(export)
    assert [(row.email, row.role, row.user_ids) for row in contents.rows] == [
        ("ada@s.test", "teacher", ("t1",))
    ]
    assert "1 student or relative was skipped" in str(contents.warnings[-1])


def test_every_unreadable_row_is_named_with_its_line_and_column():
    contents = read(
        "name,e-mail,role,active,cloud user id\n"
        ",a@s.test,,,\n"
        "B,,,,\n"
        "C,c at s,,,\n"
        "D,d@s.test,king,,\n"
        "E,e@s.test,,perhaps,\n"
        "F,f@s.test,,,1.2E+11\n"
        "G,g@s.test,,,a/b\n"
        "H,h@s.test,,,h,extra\n"
        "I,i@s.test,,,same\n"
        "J,j@s.test,,,same\n"
        "K,k@s.test,,,\n"
        "K,K@S.test,teacher,,\n"
        "L,lıma@s.test,,,\n"
        "L,lima@s.test,,,\n"
        f"{'M' * 121},m@s.test,,,\n"
    )
    problems = list(map(str, contents.problems))
    expected = [
        "Line 2, column A “name”: The name is missing.",
        "Line 3, column B “e-mail”: The email address is missing.",
        "Line 4, column B “e-mail”: “c at s” is not an email address.",
        "Line 5, column C “role”: “king” is not a role. The roles are: Administrator",
        "Line 6, column D “active”: “perhaps” means neither yes nor no.",
        "Line 7, column E “cloud user id”: A spreadsheet program shortened this id",
        "Line 8, column E “cloud user id”: User id “a/b”",
        "Line 9, column F: This row has more cells than there are columns.",
        "Line 11, column E “cloud user id”: The cloud user id “same” is also on line 10.",
        "Line 13, column B “e-mail”: k@s.test is also on line 12, with other details.",
    ]
    assert len(problems) >= len(expected)
    for problem, start in zip(problems, expected, strict=False):
        assert problem.startswith(start)
    assert problems[-1].endswith("The cell is too long.")
    assert not contents.usable


def test_a_file_without_addresses_is_asked_about():
    contents = read("name,contact\nAda,ada@s.test\n", mapping={"contact": "ignore"})
    assert contents.question is not None
    assert contents.question.about == "contact"
    assert "email" in contents.question.choices
    assert rows_of("name,contact\nAda,ada@s.test\n", mapping={"contact": "email"})[0].email == "ada@s.test"
    assert "same line" not in str(read("name,e-mail\nAda,a@s.test\nAda,a@s.test\n").warnings[0])
    assert not read("name,e-mail\n").usable


def test_a_plan_says_what_is_made_changed_and_left_alone(school):
    closed = User.objects.create_user("old@school.test", name="Old", is_active=False)
    plan = plan_of(
        school,
        "name,e-mail,role,active,user id\n"
        "New,NEW@school.test,,,n-1\n"
        "Frau Berg,BERG@school.test,coordinator,,\n"
        "Mr Other,other@school.test,,no,\n"
        "Old,old@school.test,,yes,\n"
        "Ada Admin,admin@school.test,administrator,yes,\n",
    )
    assert not plan.problems
    assert plan.counts == {"created": 1, "changed": 1, "deactivated": 1, "reactivated": 1, "unchanged": 1}
    assert plan.created[0].after.role == Role.TEACHER
    assert plan.changed[0].after.user_ids == ("frau-berg",)  # an empty cell changes nothing
    assert plan.reactivated[0].after.pk == closed.pk
    assert User.objects.count() == 4
    assert not Entry.objects.exists()


def test_an_import_writes_all_rows_with_their_audit_entries(school, admin, browser_of):
    teacher = browser_of(school.other)
    assert teacher.get("/").status_code == 200
    imported(
        school,
        "name,e-mail,role,active,cloud user id,cloud user id\n"
        "New,new@school.test,assistant,,n-1,n 2\n"
        "Closed,out@school.test,,no,,\n"
        "Frau Berg-Wu,berg@school.test,,,-,\n"
        "Mr Other,other@school.test,,no,,\n",
    )
    made = User.objects.get(email="new@school.test")
    assert (made.role, made.is_active, made.has_usable_password()) == (Role.ASSISTANT, True, False)
    assert ids_of("new@school.test") == ["n 2", "n-1"]
    assert not User.objects.get(email="out@school.test").is_active
    assert (User.objects.get(email="berg@school.test").name, ids_of("berg@school.test")) == (
        "Frau Berg-Wu",
        [],
    )
    assert teacher.get("/").status_code == 302  # the session has ended
    entries = list(Entry.objects.order_by("pk").values_list("action", "target"))
    assert entries == [
        ("account.create", "new@school.test"),
        ("account.create", "out@school.test"),
        ("account.change", "berg@school.test"),
        ("account.deactivate", "other@school.test"),
        ("account.import", ""),
    ]
    changed = Entry.objects.get(action="account.change").params["changed"]
    assert changed["cloud_user_ids"] == {"from": ["frau-berg"], "to": []}
    assert Entry.objects.get(action="account.import").params["created"] == 2


def test_two_people_can_exchange_their_ids_in_one_file(school):
    CloudIdentity.objects.create(user=school.other, user_uuid="mr-other")
    text = "name,e-mail,user id\nFrau Berg,berg@school.test,mr-other\nMr Other,other@school.test,frau-berg\n"
    imported(school, text)
    assert (ids_of("berg@school.test"), ids_of("other@school.test")) == (["mr-other"], ["frau-berg"])


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("X,x@school.test,,,frau-berg", "belongs to Frau Berg"),
        ("X,bergı@school.test,,,", "looks like bergi@school.test"),
        ("Ada Admin,admin@school.test,,no,", "can't deactivate your own account"),
        ("Ada Admin,admin@school.test,teacher,,", "can't change your own role"),
    ],
)
def test_one_refused_row_stops_the_whole_import(school, row, says):
    User.objects.create_user("bergi@school.test", name="Bergi")
    before = list(User.objects.order_by("pk").values())
    text = (
        f"name,e-mail,role,active,user id\nNew,new@school.test,,,\n{row}\nMr Other,other@school.test,,no,\n"
    )
    assert says in str(plan_of(school, text).problems[0])
    with pytest.raises(ActionRefused, match=says):
        imported(school, text)
    assert list(User.objects.order_by("pk").values()) == before
    assert not Entry.objects.exists()


def test_nothing_is_imported_after_the_accounts_have_changed(school):
    text = "name,e-mail\nFrau Berg,berg@school.test\nNew,new@school.test\n"
    seen = plan_of(school, text).digest
    User.objects.filter(email="berg@school.test").update(name="Dr. Berg")
    with pytest.raises(ActionRefused, match="Accounts have changed"):
        imported(school, text, seen=seen)
    assert User.objects.count() == 3
    imported(school, text, seen=plan_of(school, text).digest)
    assert User.objects.count() == 4


def test_only_people_who_manage_accounts_may_import_export_and_plan(school):
    rows = rows_of("name,e-mail,role\nX,x@school.test,administrator\n")
    for actor in (school.teacher, school.other):
        with pytest.raises(PermissionDenied):
            saving.import_accounts(actor=actor, rows=rows, new_role=Role.TEACHER, invite=False)
        with pytest.raises(PermissionDenied):
            saving.plan_of(actor=actor, rows=rows, new_role=Role.TEACHER)
        with pytest.raises(PermissionDenied):
            saving.people_csv(actor=actor)
        with pytest.raises(PermissionDenied):
            saving.store_file(actor=actor, name="a.csv", content=b"name,e-mail\nX,x@s.test\n")
    assert User.objects.count() == 3


def test_an_export_can_be_changed_and_imported_again(school):
    CloudIdentity.objects.create(user=school.teacher, user_uuid="=second, id")
    User.objects.filter(pk=school.other.pk).update(is_active=False, name="=Mr Other")
    text = saving.people_csv(actor=school.administrator)
    table = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert table[0] == ["name", "e-mail", "role", "active", "cloud user id", "cloud user id"]
    assert plan_of(school, text).counts == {
        "created": 0, "changed": 0, "deactivated": 0, "reactivated": 0, "unchanged": 3,
    }  # fmt: skip
    imported(school, text.replace("Frau Berg", "Dr. Berg"))
    assert User.objects.get(pk=school.teacher.pk).name == "Dr. Berg"
    assert Entry.objects.filter(action="account.download").count() == 1
