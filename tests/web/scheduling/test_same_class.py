"""Same class again: the new class gets the teachers, list, files and settings of the earlier class."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from classroom_admin.actions import class_lists, same_class
from classroom_admin.actions.files import uploads
from classroom_admin.actions.models import ScheduledCommand, Series, Upload
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.access import NotYours, access_to
from classroom_admin.rooms.models import ClassList, Participant, Resource, Room, RoomState, RoomTeacher
from tests.actions.conftest import School, kinds, make_person, run_due

PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def ended(school: School, settings: Any, tmp_path: Any) -> Room:
    """A class that has ended, with two teachers, a list, a linked file and an uploaded file."""
    settings.PUBLIC_URL = "https://school.test"
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        }
    }
    room = school.room
    RoomTeacher.objects.create(room=room, user=make_person("second@school.test"))
    access = access_to(school.teacher, room)
    made = class_lists.make_list(actor=school.teacher, name="7b")
    class_lists.use_list(access, class_list=made)
    Resource.objects.create(
        room=room, resource_uuid="link", name="Plan", ext="pdf", size=12, url="https://files.test/plan.pdf",
        converted_percent=100, put_sequence=1,
    )  # fmt: skip
    upload = uploads.take(access, file=SimpleUploadedFile("Notes.pdf", PDF))
    Resource.objects.create(
        room=room, resource_uuid=upload.resource_uuid, name="Notes", ext="pdf", size=len(PDF),
        url="https://school.test/files/x/notes.pdf", put_sequence=2,
    )  # fmt: skip
    Resource.objects.create(
        room=room, resource_uuid="gone", name="Earlier sheet", ext="pdf", size=3, url="https://files.test/old.pdf",
        removed_at=clock.now(), put_sequence=3,
    )  # fmt: skip
    Room.objects.filter(pk=room.pk).update(state=RoomState.ENDED)
    return Room.objects.get(pk=room.pk)


def client_of(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def filled(client: Client, room: Room) -> dict[str, Any]:
    """The fields of the form that one click on the ended class opens, as a browser would send them."""
    page = client.get(reverse("live:create"), {"like": room.key})
    assert page.status_code == 200
    form = page.context["form"]
    sent = {field.html_name: field.value() for field in form}
    return {name: value for name, value in sent.items() if value is not None}


def test_the_form_is_filled_and_names_the_files(school: School, ended: Room) -> None:
    client = client_of(school.teacher)
    page = client.get(reverse("live:create"), {"like": ended.key}).content.decode()
    assert "Plan" in page
    assert "Notes" in page
    assert "Earlier sheet" not in page
    sent = filled(client, ended)
    assert (sent["name"], sent["like"]) == ("Maths 7b", ended.key)
    assert sent["class_list"] == Room.objects.get(pk=ended.pk).class_list.key


def test_a_new_class_has_the_teachers_the_list_and_the_files(school: School, sim: Any, ended: Room) -> None:
    client = client_of(school.teacher)
    answer = client.post(reverse("live:create"), filled(client, ended))
    assert answer.status_code == 302, answer.context and answer.context["form"].errors
    new = Room.objects.exclude(pk=ended.pk).get()
    check(school, sim, ended, new)


def test_a_class_that_is_created_later_has_them_too(school: School, sim: Any, ended: Room) -> None:
    client = client_of(school.teacher)
    start = clock.now() + timedelta(days=20)
    client.post(reverse("live:create"), filled(client, ended) | {"starts_at": f"{start:%Y-%m-%dT%H:%M}"})
    planned = ScheduledCommand.objects.get(kind=ScheduledCommand.Kind.CLASS)
    ScheduledCommand.objects.update(claimable_at=clock.now(), starts_at=clock.now() + timedelta(days=1))
    run_due(ScheduledCommand.Kind.CLASS)
    planned.refresh_from_db()
    assert planned.state == ScheduledCommand.State.DONE, planned.why
    check(school, sim, ended, Room.objects.get(room_uuid=planned.key))


def check(school: School, sim: Any, ended: Room, new: Room) -> None:
    taught = {teacher.user.email for teacher in new.teachers.select_related("user")}
    assert taught == {"teacher@school.test", "second@school.test"}
    assert new.class_list is not None
    assert new.class_list.name == "7b"
    at_cloud = sim.oracle(room=new.room_uuid, events=0)["rooms"][0]["resources"]
    assert sorted(file["resourceName"] for file in at_cloud) == ["Notes", "Plan"]
    by_name = {file["resourceName"]: file for file in at_cloud}
    assert by_name["Plan"]["url"] == "https://files.test/plan.pdf"
    copied = Upload.objects.get(room=new)
    with copied.content.open() as content:
        assert content.read() == PDF
    assert by_name["Notes"]["url"] != "https://school.test/files/x/notes.pdf"
    entries = Entry.objects.filter(room_uuid=new.room_uuid, action="resource.put")
    assert [kinds(entry) for entry in entries] == [["requested", "accepted"]] * 2
    assert {entry.actor for entry in entries} == {school.teacher}


def test_a_second_attempt_shares_no_file_twice(school: School, sim: Any, ended: Room) -> None:
    client = client_of(school.teacher)
    client.post(reverse("live:create"), filled(client, ended))
    new = Room.objects.exclude(pk=ended.pk).get()
    payload = {same_class.FILES_OF: ended.key}
    same_class.copy_files_later(new, by=school.teacher, payload=payload)
    assert Entry.objects.filter(room_uuid=new.room_uuid, action="resource.put").count() == 2
    assert Upload.objects.filter(room=new).count() == 1


def test_a_file_that_is_no_longer_stored_is_told(school: School, sim: Any, ended: Room) -> None:
    uploads.forget(Upload.objects.get(room=ended))
    client = client_of(school.teacher)
    client.post(reverse("live:create"), filled(client, ended))
    new = Room.objects.exclude(pk=ended.pk).get()
    entry = Entry.objects.get(room_uuid=new.room_uuid, action="resource.put", target_name="Notes")
    assert kinds(entry) == ["failed"]


def test_another_teachers_class_can_not_be_copied(school: School, ended: Room) -> None:
    client = client_of(school.other_teacher)
    address = reverse("live:create")
    assert client.get(address, {"like": ended.key}).status_code == 404
    assert client.post(address, {"like": ended.key, "name": "Mine", "room_type": "4"}).status_code == 404
    with pytest.raises(NotYours):
        same_class.carried_over(access_to(school.other_teacher, ended))


def test_an_administrator_who_chooses_another_teacher_does_not_assign_the_old_ones(
    school: School, sim: Any, ended: Room
) -> None:
    client = client_of(school.administrator)
    sent = filled(client, ended)
    assert sent["taught_by"] == school.teacher.pk
    client.post(reverse("live:create"), sent | {"taught_by": school.other_teacher.pk})
    new = Room.objects.exclude(pk=ended.pk).get()
    assert [teacher.user for teacher in new.teachers.all()] == [school.other_teacher]


@pytest.fixture
def without_list(ended: Room) -> Room:
    """The ended class without its list. Ada and a nameless student were there; Bo was only invited."""
    Room.objects.filter(pk=ended.pk).update(class_list=None)
    ClassList.objects.all().delete()
    Participant.objects.filter(room=ended).update(role="student", entered_at=clock.now())
    Participant.objects.create(room=ended, user_uuid="u-7", role="student", entered_at=clock.now())
    Participant.objects.create(room=ended, user_uuid="bo", name="Bo", role="student")
    Participant.objects.create(
        room=ended, user_uuid="kim", name="Ms Kim", role="teacher", entered_at=clock.now()
    )
    return Room.objects.get(pk=ended.pk)


LISTED = {("Ada", "ada"), ("u-7", "u-7")}


def listed(class_list: ClassList | None) -> set[tuple[str, str]]:
    assert class_list is not None
    return set(class_list.people.values_list("name", "user_uuid"))


def test_a_class_without_a_list_offers_to_list_the_students_who_were_there(
    school: School, sim: Any, without_list: Room
) -> None:
    client = client_of(school.teacher)
    page = client.get(reverse("live:create"), {"like": without_list.key}).content.decode()
    assert "create one with the 2 students who were in the earlier class" in page
    assert '<input type="checkbox" name="list_students" checked>' in page
    client.post(reverse("live:create"), filled(client, without_list))
    new = Room.objects.exclude(pk=without_list.pk).get()
    assert listed(new.class_list) == LISTED
    assert new.class_list is not None
    assert (new.class_list.name, new.class_list.owner) == ("Maths 7b", school.teacher)
    assert set(Entry.objects.filter(target=new.class_list.key).values_list("action", flat=True)) == {
        "class_list.make",
        "class_list.change",
    }


def test_a_series_like_a_class_without_a_list_has_one_list_of_its_students(
    school: School, sim: Any, without_list: Room
) -> None:
    client = client_of(school.teacher)
    start = clock.now() + timedelta(days=20)
    sent = filled(client, without_list) | {
        "starts_at": f"{start:%Y-%m-%dT%H:%M}", "repeat": "weekly", "times": "3",
    }  # fmt: skip
    for _press in range(2):
        assert client.post(reverse("live:create"), sent).status_code == 302
    series = Series.objects.get()
    assert listed(series.class_list) == LISTED
    assert ClassList.objects.count() == 1


def test_students_are_not_listed_without_the_tick_or_beside_a_chosen_list(
    school: School, sim: Any, without_list: Room
) -> None:
    client = client_of(school.teacher)
    sent = filled(client, without_list)
    client.post(
        reverse("live:create"), {name: value for name, value in sent.items() if name != "list_students"}
    )
    chosen = class_lists.make_list(actor=school.teacher, name="chosen")
    client.post(reverse("live:create"), sent | {"class_list": chosen.key, "name": "With a chosen list"})
    assert list(ClassList.objects.all()) == [chosen]
    used = Room.objects.exclude(pk=without_list.pk).order_by("pk").values_list("class_list", flat=True)
    assert list(used) == [None, chosen.pk]


def test_a_class_with_a_list_does_not_offer_another(school: School, ended: Room) -> None:
    Participant.objects.filter(room=ended).update(role="student", entered_at=clock.now())
    page = client_of(school.teacher).get(reverse("live:create"), {"like": ended.key}).content.decode()
    assert "list_students" not in page
