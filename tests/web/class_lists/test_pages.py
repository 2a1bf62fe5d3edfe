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
from classroom_admin.rooms.models import ClassList
from classroom_admin.web.class_lists.urls import urlpatterns
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


def upload(client: Client, made: ClassList, content: bytes) -> Any:
    return client.post(where("upload", made.key), {"file": SimpleUploadedFile("people.csv", content)})


def sealed(html: str) -> str:
    return html.partition('name="people" value="')[2].partition('"')[0]


def test_file_becomes_a_list(client: Client, school: School) -> None:
    answer = client.post(where("make"), {"name": "Class 7b"}, follow=True)
    made = ClassList.objects.get()
    assert answer.redirect_chain == [(where("list", made.key), 302)]
    preview = upload(client, made, FILE)
    html = preview.content.decode()
    assert (preview.status_code, made.people.count()) == (200, 0), "nothing before the preview was seen"
    assert "Added to the list" in html
    answer = client.post(where("apply", made.key), {"people": sealed(html)}, follow=True)
    assert "2 added, 0 changed, 0 removed" in answer.content.decode()
    assert people_of(made) == [Person(name="Ada Lovelace", user_uuid="ada", group="7b"), Person(name="Zoë")]
    html = upload(client, made, b"name,id\nAda King,ada\nNew,\n").content.decode()
    for words in ("Removed from the list", "Zoë", "Changed", "Ada King", "Added to the list"):
        assert words in html
    assert "There are no changes" in upload(client, made, FILE).content.decode()


def test_problems_of_a_file_are_shown_by_line(client: Client, made: ClassList) -> None:
    answer = upload(client, made, f"name,id\n{HOSTILE},a\n,x\nBen,a\n".encode())
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Line 3: the name is missing." in html
    assert "Line 4: “Ben” is also on line 2." in html
    assert HOSTILE not in html
    assert client.post(where("upload", made.key)).status_code == 422


def test_preview_is_valid_for_its_list_once_and_unchanged(
    client: Client, school: School, made: ClassList
) -> None:
    other = class_lists.make_list(actor=school.teacher, name="Other")
    kept = sealed(upload(client, made, FILE).content.decode())
    for address, text in ((where("apply", other.key), kept), (where("apply", made.key), kept + "x")):
        assert "too old or damaged" in client.post(address, {"people": text}, follow=True).content.decode()
    assert not other.people.exists()
    assert not made.people.exists()
    client.post(where("apply", made.key), {"people": kept})
    again = client.post(where("apply", made.key), {"people": kept}, follow=True)
    assert "Someone else changed this list in the meantime." in again.content.decode()


def test_downloaded_file_can_be_uploaded(client: Client, school: School, made: ClassList) -> None:
    people = [Person(name="=SUM(A1)", user_uuid="+1", email="a@b.test"), Person(name="Zoë, B")]
    class_lists.set_people(actor=school.teacher, class_list=made, people=people, version=1)
    content = client.get(where("download", made.key)).content
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[1] == ["'=SUM(A1)", "'+1", "a@b.test", ""]
    assert "There are no changes" in upload(client, made, content).content.decode()
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

OPEN_TO_ALL = {"lists": "get", "make": "get", "example": "get"}
OF_A_LIST = {
    "list": "get",
    "upload": "post",
    "apply": "post",
    "delete": "get",
    "download": "get",
}


def test_every_address_is_in_the_access_table() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(OPEN_TO_ALL) | set(OF_A_LIST)


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


@pytest.mark.parametrize("name", ["list", "upload", "apply", "delete"])
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
