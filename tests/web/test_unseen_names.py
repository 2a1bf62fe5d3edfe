"""A name without a visible character is refused wherever a person enters a name, and the input stays."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.actions import breakout_rooms, class_lists, class_state
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import resources
from classroom_admin.actions.models import Series
from classroom_admin.agora.models import RoomInfo
from classroom_admin.audit.models import Entry
from classroom_admin.rooms import breakout_rooms as read_breakout_rooms
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import ClassList, Room
from classroom_admin.sync.room_refresh import profile_columns
from tests.school import School

pytestmark = pytest.mark.django_db
UNSEEN = ["\u200b", "\u3164", "\u2800\u200d", "\u202e"]


@pytest.mark.parametrize("name", UNSEEN)
def test_forms_say_that_a_name_can_not_be_seen(school: School, name: str) -> None:
    client = school.signed_in(school.administrator)
    rooms, people = Room.objects.count(), User.objects.count()
    answers = [
        client.post(reverse("live:create"), {"name": name, "minutes": "60", "room_type": "4"}),
        client.post(reverse("lists:make"), {"name": name}),
        client.post(reverse("people:create"), {"name": name, "email": "n@school.test", "role": "teacher"}),
    ]
    for answer in answers:
        assert "no visible characters" in answer.content.decode(), answer.request["PATH_INFO"]
        assert answer.status_code in (200, 422), answer.request["PATH_INFO"]
    assert (Room.objects.count(), User.objects.count()) == (rooms, people)
    assert not ClassList.objects.exists()
    assert not Series.objects.exists()


@pytest.mark.parametrize("name", UNSEEN)
def test_a_file_of_people_says_which_line_has_no_name(school: School, name: str) -> None:
    client = school.signed_in(school.teacher)
    made = class_lists.make_list(actor=school.teacher, name="7b")
    content = SimpleUploadedFile("people.csv", f"name,id\nAda,\n{name},7\n".encode())
    html = client.post(
        reverse("lists:upload", args=[made.key]), {"file": content}, follow=True
    ).content.decode()
    assert "Line 3, column A “name”: The name is missing." in html
    assert not made.people.exists()


@pytest.mark.parametrize("name", UNSEEN)
def test_commands_refuse_a_name_that_can_not_be_seen(school: School, name: str) -> None:
    access = access_to(school.teacher, school.room)
    before = Entry.objects.exclude(action="access.refused").count()
    commands = [
        lambda: class_state.check_class(name=name, room_type=4),
        lambda: resources.put_resource_by_url(
            access, name=name, url="https://f.test/a.pdf", ext="pdf", size=1
        ),
        lambda: breakout_rooms.open_groups(access, groups=[{"groupName": name, "users": []}]),
        lambda: class_lists.make_list(actor=school.teacher, name=name),
    ]
    for command in commands:
        with pytest.raises(ActionRefused, match="no visible characters"):
            command()
    assert Entry.objects.exclude(action="access.refused").count() == before


@pytest.mark.parametrize("name", UNSEEN)
def test_names_from_the_cloud_that_show_nothing_are_no_names(name: str) -> None:
    info = RoomInfo.model_validate({"roomName": name})
    assert {"name": "", "name_search": ""}.items() <= profile_columns(info).items()
    assert str(Room(name=info.room_name or "")) == "Unnamed class"
    (group,) = read_breakout_rooms.read({"state": 1, "details": {"g": {"groupName": name}}})
    assert group.name == ""
