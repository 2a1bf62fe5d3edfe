"""Only administrators find, export and erase people. Nobody does it by a GET or without typing the name."""

from __future__ import annotations

import json
import re
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.privacy import person_jobs
from classroom_admin.privacy.person import subject_of
from classroom_admin.privacy.person_models import Erasure, PersonJob
from classroom_admin.rooms.models import ChatMessage, ClassList, ClassRetention, ListedPerson, Participant
from classroom_admin.web.privacy import urls
from tests.school import HTMX, School

ID = "cloud-user-3"
PAGES = ("people", "person", "job", "job_state", "job_file")
POSTS = ("selected", "export", "erase")


def address(name: str, school: School) -> str:
    if name == "person":
        return reverse("privacy:person", args=["students", gone(school).pk])
    if name.startswith("job"):
        return reverse(f"privacy:{name}", args=[exported(school).key])
    return reverse(f"privacy:{name}")


def gone(school: School) -> Participant:
    return Participant.objects.get(room=school.room, user_uuid=ID)


def exported(school: School) -> PersonJob:
    done = PersonJob.objects.filter(state=PersonJob.State.DONE).first()
    if done is None:
        client = school.signed_in(school.administrator)
        client.post(reverse("privacy:export"), {"who": f"id:{ID}", "token": "once"})
        finish()
        done = PersonJob.objects.get()
    return done


def finish() -> None:
    while person_jobs.work():
        pass


def test_every_address_is_in_this_table() -> None:
    assert {pattern.name for pattern in urls.urlpatterns} == {*PAGES, *POSTS}


@pytest.mark.parametrize("name", [*PAGES, *POSTS])
@pytest.mark.parametrize("who", ["administrator", "teacher", "other_teacher", "nobody"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_only_administrators_open_the_pages(
    school: School, name: str, who: str, headers: dict[str, str]
) -> None:
    where = address(name, school)
    before = Entry.objects.filter(action__startswith="person.").count()
    client = school.signed_in(getattr(school, who, None))
    method = client.post if name in POSTS else client.get
    answer = method(where, {"who": f"id:{ID}"} if name in POSTS else {}, **headers)
    if answer.streaming:
        list(answer)
    if who == "administrator":
        assert answer.status_code == {"export": 302, "erase": 422}.get(name, 200)
        return
    assert answer.status_code == (404 if who != "nobody" else 401 if headers else 302)
    assert Entry.objects.filter(action__startswith="person.").count() == before
    assert PersonJob.objects.filter(kind="erase").count() == 0


@pytest.mark.parametrize("name", [*PAGES, *POSTS])
@pytest.mark.parametrize("role", ["coordinator", "assistant", "observer", "auditor"])
def test_other_roles_do_not_open_the_pages(school: School, name: str, role: str) -> None:
    person = User.objects.create_user("role@school.test", "x", role=role, name="Role")
    where = address(name, school)
    client = school.signed_in(person)
    answer = client.post(where, {"who": f"id:{ID}"}) if name in POSTS else client.get(where)
    assert answer.status_code == 404


@pytest.mark.parametrize("name", POSTS)
def test_a_get_does_nothing(school: School, name: str) -> None:
    assert school.signed_in(school.administrator).get(address(name, school)).status_code == 405


def values_in(page: str, *, ticked: bool) -> set[str]:
    boxes = re.findall(r'<input type="checkbox" name="who" value="([^"]*)"( checked)?', page)
    return {value for value, checked in boxes if bool(checked) == ticked}


def test_what_has_only_the_same_name_is_not_ticked(school: School) -> None:
    teacher_list = ClassList.objects.create(name="7b", owner=school.teacher)
    ListedPerson.objects.create(class_list=teacher_list, name="gone")
    ListedPerson.objects.create(class_list=teacher_list, name="Gone", user_uuid=ID, email="gone@school.test")
    CloudIdentity.objects.create(user=school.other_teacher, user_uuid=ID)
    Participant.objects.create(room=school.room, user_uuid="another", name="Gone")
    client = school.signed_in(school.administrator)
    page = client.get(address("person", school)).content.decode()
    assert values_in(page, ticked=True) == {f"id:{ID}", f"account:{school.other_teacher.pk}"}
    assert values_in(page, ticked=False) == {"id:another", f"listed:{teacher_list.pk}:gone"}


@pytest.mark.parametrize(
    ("words", "found"),
    [("gone", True), (ID, True), ("teacher@school.test", True), ("nobody at all", False), ("", False)],
)
def test_people_are_found(school: School, words: str, found: bool) -> None:
    client = school.signed_in(school.administrator)
    page = client.get(reverse("privacy:people"), {"q": words}).content.decode()
    results = page.split('id="found-title"')[1].split('id="jobs-title"')[0]
    assert ("/privacy/people/" in results) == found


def test_more_people_found_need_no_more_queries(school: School) -> None:
    client = school.signed_in(school.administrator)
    own = ClassList.objects.create(name="7b", owner=school.teacher)
    counts = []
    for number in range(0, 20, 10):
        for one in range(number, number + 10):
            Participant.objects.create(room=school.room, user_uuid=f"many-{one}", name=f"Zed {one}")
            ListedPerson.objects.create(class_list=own, name=f"Zed {one}")
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("privacy:people"), {"q": "zed"}).content.decode()
        assert page.count("/privacy/people/students/") == page.count("/privacy/people/lists/") == number + 10
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_export_has_what_the_person_wrote_and_nobody_elses_words(school: School) -> None:
    ChatMessage.objects.create(
        room=school.room,
        sequence=50,
        user_uuid=ID,
        name="Gone",
        text="My words",
        sent_at=school.room.started_at,
    )
    ChatMessage.objects.create(
        room=school.room, sequence=51, user_uuid="ana", text="Words of Ana", sent_at=school.room.started_at
    )
    client = school.signed_in(school.administrator)
    answer = client.get(address("job_file", school))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    with ZipFile(BytesIO(content)) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
        chat = json.loads(archive.read("chat.json"))
        page = archive.read("index.html").decode()
    assert [one["text"] for one in chat] == ["My words"]
    assert "My words" in page
    assert "Words of Ana" not in everything
    assert Entry.objects.filter(action="person.export", target=ID).count() == 1
    assert Entry.objects.filter(action="person.export_download", actor=school.administrator).exists()


def test_an_expired_export_is_gone(school: School) -> None:
    job = exported(school)
    PersonJob.objects.filter(pk=job.pk).update(expires_at=job.made_at)
    assert person_jobs.tidy() == 1
    assert school.signed_in(school.administrator).get(address("job_file", school)).status_code == 404
    job.refresh_from_db()
    assert (job.state, job.file, job.secret) == (PersonJob.State.EXPIRED, "", "")


def erase(client: Client, **more: str) -> int:
    values = {"who": f"id:{ID}", "typed": "Gone", "mode": "pseudonymise", "token": "t"}
    return client.post(reverse("privacy:erase"), {**values, **more}).status_code


@pytest.mark.parametrize("wrong", [{"typed": "Someone"}, {"typed": ""}, {"mode": "other"}, {"mode": ""}])
def test_nothing_is_erased_without_the_name_and_a_mode(school: School, wrong: dict[str, str]) -> None:
    assert erase(school.signed_in(school.administrator), **wrong) == 422
    assert not Erasure.objects.exists()


def test_a_person_who_is_in_a_class_is_not_erased(school: School) -> None:
    Participant.objects.filter(user_uuid=ID).update(online=True)
    assert erase(school.signed_in(school.administrator)) == 422
    assert not Erasure.objects.exists()


def test_the_page_says_that_a_class_is_kept(school: School) -> None:
    client = school.signed_in(school.administrator)
    values = {"who": f"id:{ID}"}
    assert "kept on purpose" not in client.post(reverse("privacy:selected"), values).content.decode()
    kept = {"kept_at": school.room.started_at, "kept_by": school.administrator, "kept_reason": "An incident"}
    ClassRetention.objects.create(room=school.room, **kept)
    page = client.post(reverse("privacy:selected"), values).content.decode()
    assert "1 class of this person is kept on purpose" in page


def test_nobody_erases_their_own_account(school: School) -> None:
    who = f"account:{school.administrator.pk}"
    client = school.signed_in(school.administrator)
    assert erase(client, who=who, typed=school.administrator.name) == 422
    User.objects.create_user("second@school.test", "x", role=User.Role.ADMINISTRATOR)
    assert erase(client, who=who, typed=school.administrator.name) == 422


def test_a_form_that_is_sent_twice_is_one_erasure(school: School) -> None:
    client = school.signed_in(school.administrator)
    assert erase(client) == erase(client) == 302
    assert PersonJob.objects.count() == Erasure.objects.count() == 1
    entry = Entry.objects.get(action="person.erase")
    assert (entry.target, entry.target_name) == ("", "")
    assert "Gone" not in json.dumps(entry.params)


def test_last_administrators_can_not_erase_each_other(school: School) -> None:
    """The work runs in the background, so both requests come before the first account is anonymous."""
    other = User.objects.create_user("two@school.test", "x", name="Two", role=User.Role.ADMINISTRATOR)
    clients = {one.pk: school.signed_in(one) for one in (school.administrator, other)}

    def erase(by: User, whom: User, typed: str) -> int:
        data = {"who": f"account:{whom.pk}", "typed": typed, "mode": "erase", "token": f"by {by.pk}"}
        return int(clients[by.pk].post(reverse("privacy:erase"), data).status_code)

    assert erase(school.administrator, other, "Two") == 302
    assert clients[other.pk].get("/").status_code == 302  # signed out at once
    with pytest.raises(ActionRefused):
        person_jobs.request_erasure(
            subject_of([f"account:{school.administrator.pk}"]), mode="erase", by=other
        )
    assert erase(other, school.administrator, str(school.administrator)) == 302
    finish()
    assert User.objects.filter(role=User.Role.ADMINISTRATOR, is_active=True).get() == school.administrator
    assert Erasure.objects.count() == 1
