"""The pages of class lists: upload, preview, apply, download, delete, and access."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.actions import class_lists
from classroom_admin.actions.class_lists import Person, people_of
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import ClassList, ClassListFile
from classroom_admin.web.class_lists.urls import urlpatterns
from tests.rooms.class_list_files.test_oneroster import EXPORT
from tests.rooms.class_list_files.workbook_files import packed, xlsx
from tests.school import HOSTILE, School

pytestmark = pytest.mark.django_db
FILE = "name;user id;group\nAda Lovelace;ada;7b\nZoë;;\n".encode()


@pytest.fixture
def client(school: School) -> Client:
    return school.signed_in(school.teacher)


@pytest.fixture
def made(school: School) -> ClassList:
    return class_lists.make_list(actor=school.teacher, name=f"7b {HOSTILE}")


def where(name: str, *keys: str) -> str:
    return reverse(f"lists:{name}", args=keys)


def upload(client: Client, made: ClassList, content: bytes, *, follow: bool = True) -> Any:
    file = SimpleUploadedFile("people.csv", content)
    return client.post(where("upload", made.key), {"file": file}, follow=follow)


def address_of_upload(client: Client, made: ClassList, content: bytes) -> str:
    """Upload a file and return the address of the page with its columns."""
    return upload(client, made, content, follow=False)["Location"]


def html_of(answer: Any) -> str:
    return answer.content.decode()


def test_file_becomes_a_list(client: Client, school: School) -> None:
    answer = client.post(where("make"), {"name": "Class 7b"}, follow=True)
    made = ClassList.objects.get()
    assert answer.redirect_chain == [(where("list", made.key), 302)]
    columns = address_of_upload(client, made, FILE)
    html = html_of(client.get(columns))
    assert "The file contains 2 people." in html
    html = html_of(client.get(columns + "preview/"))
    assert made.people.count() == 0, "nothing before the preview was seen"
    assert "Added to the list" in html
    answer = client.post(columns + "preview/", {"version": made.version}, follow=True)
    assert "2 added, 0 changed, 0 removed" in html_of(answer)
    assert people_of(made) == [Person(name="Ada Lovelace", user_uuid="ada", group="7b"), Person(name="Zoë")]
    assert not ClassListFile.objects.exists()
    columns = address_of_upload(client, made, b"name,id,e-mail\nAda King,ada,a@x.test\nNew,n1,n@x.test\n")
    html = html_of(client.get(columns + "preview/"))
    for words in (
        "Removed from the list",
        "Zoë",
        "Changed",
        "Ada King",
        "Added to the list",
        "a@x.test",
        "n1",
    ):
        assert words in html
    columns = address_of_upload(client, made, FILE)
    assert "There are no changes" in html_of(client.get(columns + "preview/"))


def test_columns_can_be_changed_and_nothing_chosen_is_lost(client: Client, made: ClassList) -> None:
    columns = address_of_upload(client, made, "Wer;Nr.\nбак;7\n".encode("cp1251"))
    html = html_of(client.get(columns))
    assert "Wer" in html
    client.post(columns, {"encoding": "cp1252", "header_line": "1", "column-0": "name", "again": ""})
    assert "áàê" in html_of(client.get(columns))
    client.post(columns, {"encoding": "cp1251", "header_line": "1", "column-0": "name", "column-1": "ignore"})
    form = {"encoding": "cp1251", "header_line": "1", "column-0": "name", "column-1": "user_id"}
    answer = client.post(columns, form | {"preview": ""}, follow=True)
    assert answer.redirect_chain == [(columns + "preview/", 302)]
    assert "бак" in html_of(answer)
    assert html_of(client.get(columns)).count("selected") >= 4, "the page shows the choices"
    client.post(columns + "preview/", {"version": made.version})
    assert people_of(made) == [Person(name="бак", user_uuid="7")]
    columns = address_of_upload(client, made, "Nr.;Wer\n7;бак\n".encode())
    assert "There are no changes" in html_of(client.get(columns + "preview/")), "the columns are remembered"


def test_half_name_must_be_answered_before_the_preview(client: Client, made: ClassList) -> None:
    columns = address_of_upload(client, made, b"Surname;ID\nBrandt;1\n")
    html = html_of(client.get(columns))
    assert "seems to contain last names" in html
    form = {"encoding": "utf-8", "header_line": "1", "column-0": "", "column-1": "user_id", "preview": ""}
    assert client.post(columns, form).status_code == 422
    assert client.get(columns + "preview/").status_code == 302
    answer = client.post(columns, form | {"column-0": "last"}, follow=True)
    assert answer.redirect_chain == [(columns + "preview/", 302)]
    assert "Brandt" in html_of(answer)


def test_two_columns_can_not_hold_the_same(client: Client, made: ClassList) -> None:
    columns = address_of_upload(client, made, b"Name;ID\nBrandt;1\n")
    form = {"encoding": "utf-8", "header_line": "1", "column-0": "email", "column-1": "email"}
    answer = client.post(columns, form)
    assert answer.status_code == 422
    assert "can&#x27;t have the same meaning" in html_of(answer)


def test_other_line_with_column_names_can_be_chosen(client: Client, made: ClassList) -> None:
    columns = address_of_upload(client, made, b"Ada Lovelace\nName\nAlan Turing\n")
    form = {"encoding": "utf-8", "header_line": "0", "column-0": "name"}
    client.post(columns, form)
    assert "The file contains 3 people." in html_of(client.get(columns))


def test_sheet_of_a_workbook_can_be_chosen(client: Client, made: ClassList) -> None:
    content = xlsx([], sheets={"7a": [["Name"], ["Ada"]], "7b": [["Name"], ["Alan"]]})
    columns = address_of_upload(client, made, content)
    assert "Encoding" not in html_of(client.get(columns))
    client.post(columns, {"sheet": "7b", "header_line": "1", "column-0": "name"})
    assert "Alan" in html_of(client.get(columns + "preview/"))


def test_problems_of_a_file_are_shown_by_line(client: Client, made: ClassList) -> None:
    html = html_of(upload(client, made, f"name,id\n{HOSTILE},a\n,x\nBen,a\n".encode()))
    assert "Line 3, column A “name”: The name is missing." in html
    assert "Line 4, column B “id”: The user id “a” belongs to “Ben” here" in html
    assert HOSTILE not in html
    assert client.post(where("upload", made.key)).status_code == 422


def test_file_that_is_no_table_is_refused_with_the_reason(client: Client, made: ClassList) -> None:
    answer = upload(client, made, b"PK\x03\x04nonsense")
    assert answer.status_code == 422
    assert "This file is damaged" in html_of(answer)
    assert not ClassListFile.objects.exists()


def test_preview_is_for_its_list_and_its_owner_and_its_version(
    client: Client, school: School, made: ClassList
) -> None:
    other = class_lists.make_list(actor=school.teacher, name="Other")
    columns = address_of_upload(client, made, FILE)
    elsewhere = columns.replace(made.key, other.key)
    administrator = school.signed_in(school.administrator)
    for each in (columns, columns + "preview/"):
        assert administrator.get(each).status_code == 404, "an upload is its owner's only"
        assert client.get(each.replace(made.key, other.key)).status_code == 404
    assert client.post(elsewhere + "preview/", {"version": "1"}).status_code == 404
    class_lists.set_people(actor=school.teacher, class_list=made, people=[Person(name="Alan")], version=1)
    for version in ("1", "", "x", "9" * 30):
        answer = client.post(columns + "preview/", {"version": version}, follow=True)
        assert "Someone else changed this list in the meantime." in html_of(answer)
    assert people_of(made) == [Person(name="Alan")]
    assert "Ada Lovelace" in html_of(client.get(columns + "preview/")), "the file is still stored"


def test_oneroster_export_becomes_lists(client: Client, school: School) -> None:
    def uploaded(**files: bytes) -> Any:
        sent = [SimpleUploadedFile(name.replace("_", "."), content) for name, content in files.items()]
        return client.post(where("upload_oneroster"), {"export": sent}, follow=True)

    files = {name.replace(".", "_"): text.encode() for name, text in EXPORT.items()}
    answer = uploaded(**files)
    html = html_of(answer)
    for words in (
        "Maths (M1)",
        "Creates a list",
        "who is not in users.csv",
        "Ada Lovelace",
        "ada@school.test",
    ):
        assert words in html
    address = answer.redirect_chain[-1][0]
    answer = client.post(address, {"class": ["c1", "c2"]}, follow=True)
    assert "2 class lists were saved." in html_of(answer)
    assert set(ClassList.objects.values_list("sourced_id", flat=True)) == {"c1", "c2"}
    later = EXPORT["enrollments.csv"].replace("e2,,", "e2,tobedeleted,")
    html = html_of(answer := uploaded(export_zip=packed(EXPORT | {"enrollments.csv": later})))
    assert "Updates the list" in html
    assert "Removed from the list" in html
    versions = {f"version-{each.sourced_id}": each.version for each in ClassList.objects.all()}
    client.post(answer.redirect_chain[-1][0], {"class": ["c1", "c2"], **versions})
    assert ClassList.objects.get(sourced_id="c1").people.count() == 1
    assert ClassList.objects.count() == 2


@pytest.mark.parametrize("content", [FILE, xlsx([["Name"], ["Ada"]]), b""])
def test_other_files_are_no_export(client: Client, content: bytes) -> None:
    answer = client.post(where("upload_oneroster"), {"export": SimpleUploadedFile("x.zip", content)})
    assert answer.status_code == 422
    assert not ClassListFile.objects.exists()


def test_class_of_an_export_can_be_chosen_for_a_list(client: Client, made: ClassList) -> None:
    columns = address_of_upload(client, made, packed(EXPORT))
    assert "Which class is this list for?" in html_of(client.get(columns))
    answer = client.post(columns, {"encoding": "utf-8", "class_id": "c2", "preview": ""}, follow=True)
    assert "Ada Lovelace" in html_of(answer)
    client.post(columns + "preview/", {"version": made.version})
    made.refresh_from_db()
    assert (made.sourced_id, made.people.count()) == ("c2", 1)


def test_downloaded_file_can_be_uploaded(client: Client, school: School, made: ClassList) -> None:
    people = [Person(name="=SUM(A1)", user_uuid="+1", email="a@b.test"), Person(name="Zoë, B")]
    class_lists.set_people(actor=school.teacher, class_list=made, people=people, version=1)
    content = client.get(where("download", made.key)).content
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[1] == ["'=SUM(A1)", "'+1", "a@b.test", ""]
    columns = address_of_upload(client, made, content)
    assert "There are no changes" in html_of(client.get(columns + "preview/"))
    assert client.get(where("example")).content.decode("utf-8-sig").startswith("name,user id")


def test_list_can_be_renamed_and_deleted(client: Client, school: School, made: ClassList) -> None:
    client.post(where("list", made.key), {"name": "8b"})
    made.refresh_from_db()
    assert made.name == "8b"
    assert client.post(where("list", made.key), {"name": " "}).status_code == 422
    class_lists.use_list(access_to(school.teacher, school.room), class_list=made)
    question = client.get(where("delete", made.key)).content.decode()
    assert "1 class will no longer show who is missing." in question
    assert ClassList.objects.exists()
    answer = client.post(where("delete", made.key), follow=True)
    assert "was deleted." in answer.content.decode()
    assert not ClassList.objects.exists()


def test_query_count_of_the_pages_is_constant(client: Client, school: School) -> None:
    for number in range(12):
        each = class_lists.make_list(actor=school.teacher, name=f"List {number}")
        people = [Person(name=f"Pupil {n}") for n in range(30)]
        class_lists.set_people(actor=school.teacher, class_list=each, people=people, version=1)
    for address in (where("lists"), where("list", each.key)):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        assert len(queries) <= 7, [q["sql"] for q in queries]


# --- who may -----------------------------------------------------------------------------------------------

OPEN_TO_ALL = {
    "lists": "get",
    "make": "get",
    "example": "get",
    "oneroster": "get",
    "upload_oneroster": "post",
}
OF_A_LIST = {
    "list": "get",
    "upload": "post",
    "thresholds": "post",
    "delete": "get",
    "download": "get",
}
OF_A_PERSON = {"add_person", "person", "delete_person"}
"""Tested in test_person_pages.py."""
OF_A_FILE = {"columns", "preview", "classes"}
"""Tested by test_preview_is_for_its_list_and_its_owner_and_its_version and below."""


def test_every_address_is_in_the_access_table() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(OPEN_TO_ALL) | set(
        OF_A_LIST
    ) | OF_A_PERSON | OF_A_FILE


@pytest.mark.parametrize("who", ["administrator", "teacher", "other_teacher", "nobody"])
@pytest.mark.parametrize("name", [*OPEN_TO_ALL, *OF_A_LIST])
def test_access_to_pages(school: School, made: ClassList, name: str, who: str) -> None:
    client = school.signed_in(getattr(school, who, None))
    method = {**OPEN_TO_ALL, **OF_A_LIST}[name]
    answer = getattr(client, method)(where(name, *([made.key] if name in OF_A_LIST else [])))
    if who == "nobody":
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))
    elif who == "other_teacher" and name in OF_A_LIST:
        assert answer.status_code == 404
    else:
        assert answer.status_code in (200, 302, 422)


def test_uploaded_export_is_its_owners_only(school: School) -> None:
    sent = {"export": SimpleUploadedFile("export.zip", packed(EXPORT))}
    teacher = school.signed_in(school.teacher)
    address = teacher.post(where("upload_oneroster"), sent)["Location"]
    assert teacher.get(address).status_code == 200
    for who in (school.administrator, school.other_teacher):
        for method in ("get", "post"):
            assert getattr(school.signed_in(who), method)(address).status_code == 404
    assert school.signed_in(None).get(address).status_code == 302


@pytest.mark.parametrize("name", ["list", "upload", "delete", "thresholds"])
def test_people_can_not_change_lists_of_others(school: School, made: ClassList, name: str) -> None:
    answer = school.signed_in(school.other_teacher).post(where(name, made.key), {"name": "Stolen"})
    assert answer.status_code == 404
    made.refresh_from_db()
    assert made.name != "Stolen"


def test_list_shows_only_visible_classes(school: School, made: ClassList) -> None:
    class_lists.use_list(access_to(school.administrator, school.room), class_list=made)
    school.room.teachers.all().delete()
    school.room.participants.filter(was_teacher=True).delete()
    address = reverse("live:class", args=[school.room.key])
    assert address not in school.signed_in(school.teacher).get(where("list", made.key)).content.decode()
    assert address in school.signed_in(school.administrator).get(where("list", made.key)).content.decode()


def test_teacher_sees_own_lists_only(school: School, made: ClassList) -> None:
    class_lists.make_list(actor=school.other_teacher, name="Theirs")
    own = school.signed_in(school.teacher).get(where("lists")).content.decode()
    assert "Theirs" not in own
    assert "7b" in own
    assert "Theirs" in school.signed_in(school.administrator).get(where("lists")).content.decode()
