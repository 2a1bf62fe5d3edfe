"""Corrections of the attendance of people in classes that are over."""

from __future__ import annotations

from typing import Any

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.actions import LABELS
from classroom_admin.audit.models import Entry
from classroom_admin.reports import corrections, summaries
from classroom_admin.reports.attendance_json import attendance_as_json
from classroom_admin.reports.models import ClassSummary, Correction, PersonSummary
from classroom_admin.rooms.access import ClassAccess, NotYours, access_to
from classroom_admin.rooms.models import ClassList, ListedPerson, Room, RoomTeacher
from tests.reports.summarised import person, summarised
from tests.reports.test_report_command import at, join

pytestmark = pytest.mark.django_db


@pytest.fixture
def teacher() -> User:
    return User.objects.create_user("tess@school.test", "x", name="Tess")


@pytest.fixture
def room(teacher: User) -> Room:
    """A class of an hour that is over. Ada was late, and Ben did not come."""
    listed = ClassList.objects.create(name="7b")
    ListedPerson.objects.create(class_list=listed, name="Ada", user_uuid="u1")
    ListedPerson.objects.create(class_list=listed, name="Ben")
    made = Room.objects.create(
        room_uuid="maths 7b", state=3, started_at=at(0), ended_at=at(60), class_list=listed
    )
    RoomTeacher.objects.create(room=made, user=teacher)
    join(made, "u1", "Ada", (12, 60))
    summarised(made)
    return made


@pytest.fixture
def access(room: Room, teacher: User) -> ClassAccess:
    return access_to(teacher, room)


def statuses(room: Room) -> dict[str, tuple[str, str]]:
    """Return the measured and the final status of each person."""
    people = PersonSummary.objects.filter(room=room).select_related("correction")
    return {one.person_key: (one.status, one.final_status) for one in people}


def refused(*given: Any, **named: Any) -> str | None:
    with pytest.raises(ActionRefused) as found:
        corrections.correct(*given, **named)
    return found.value.field


def test_a_correction_stands_beside_the_measured_status(room: Room, access: ClassAccess) -> None:
    ada = person(room, "id:u1")
    made = corrections.correct(access, ada, status="excused", note="  Dentist\x00 ")
    assert (made.status, made.note, made.by) == ("excused", "Dentist", access.person)
    assert ada.final_status == "excused"
    assert statuses(room) == {"id:u1": ("late", "excused"), "name:ben": ("absent", "absent")}
    assert not person(room, "id:u1").has_attended
    entry = Entry.objects.get(action="attendance.correct")
    assert (entry.room_uuid, entry.target, entry.target_name) == ("maths 7b", "u1", "Ada")
    assert entry.params == {"status": "excused", "note": "Dentist", "measured": "late", "before": ""}
    assert not summaries.outdated(Room.objects.all()).exists()


def test_the_newest_correction_counts_and_all_are_kept(room: Room, access: ClassAccess) -> None:
    for status in ("excused", "present"):
        corrections.correct(access, person(room, "name:ben"), status=status)
    corrections.correct(access, person(room, "name:ben"), status="present")
    assert statuses(room)["name:ben"] == ("absent", "present")
    assert [one.status for one in corrections.corrections_of(person(room, "name:ben"))] == [
        "present",
        "excused",
    ]
    corrections.withdraw(access, person(room, "name:ben"), note="A mistake")
    assert statuses(room)["name:ben"] == ("absent", "absent")
    history = corrections.corrections_of(person(room, "name:ben"))
    assert (history[0].status, history[0].note) == ("", "A mistake")
    assert len(history) == 3
    assert corrections.corrections_of(person(room, "id:u1")) == []
    assert Entry.objects.filter(action="attendance.withdraw").count() == 1
    assert {"attendance.correct", "attendance.withdraw", "list.thresholds"} <= LABELS.keys()


def test_invalid_corrections_change_nothing(room: Room, access: ClassAccess) -> None:
    ada = person(room, "id:u1")
    for status in ("", "unwell", "\x00"):
        assert refused(access, ada, status=status) == "status"
    assert refused(access, ada, status="excused", note="x" * 501) == "note"
    with pytest.raises(ActionRefused):
        corrections.withdraw(access, ada)
    Room.objects.filter(pk=room.pk).update(state=1)
    assert refused(access_to(access.person, Room.objects.get(pk=room.pk)), ada, status="excused") is None
    other = access_to(access.person, _other_class(access.person))
    with pytest.raises(NotYours):
        corrections.correct(other, ada, status="excused")
    PersonSummary.objects.filter(pk=ada.pk).delete()
    assert refused(access, ada, status="excused") is None
    assert not Correction.objects.exists()
    assert not Entry.objects.exists()


def _other_class(teacher: User) -> Room:
    made = Room.objects.create(room_uuid="other", state=3, started_at=at(0), ended_at=at(60))
    RoomTeacher.objects.create(room=made, user=teacher)
    return made


def test_a_note_of_invisible_characters_is_empty(room: Room, access: ClassAccess) -> None:
    made = corrections.correct(access, person(room, "id:u1"), status="excused", note="\u200b \u2060")
    assert made.note == ""
    assert (
        corrections.correct(access, person(room, "id:u1"), status="excused", note="ü" * 500).note == "ü" * 500
    )


def test_a_correction_survives_when_the_summary_is_made_again(room: Room, access: ClassAccess) -> None:
    before = person(room, "id:u1")
    corrections.correct(access, before, status="excused")
    Room.objects.filter(pk=room.pk).update(version=room.version + 1)
    assert summaries.outdated(Room.objects.all()).exists()
    summarised(room)
    assert statuses(room)["id:u1"] == ("late", "excused")
    assert person(room, "id:u1").pk == before.pk, "pages refer to this row"


def test_a_correction_follows_a_person_to_another_class_list(room: Room, access: ClassAccess) -> None:
    corrections.correct(access, person(room, "id:u1"), status="excused")
    corrections.correct(access, person(room, "name:ben"), status="present")
    by_name = ClassList.objects.create(name="7b, without ids")
    ListedPerson.objects.create(class_list=by_name, name="ADA")
    ListedPerson.objects.create(class_list=by_name, name="Ben", user_uuid="u2")
    Room.objects.filter(pk=room.pk).update(class_list=by_name)
    summarised(room)
    assert statuses(room) == {"name:ada": ("late", "excused"), "id:u2": ("absent", "present")}
    assert [one.status for one in corrections.corrections_of(person(room, "name:ada"))] == ["excused"]
    corrections.withdraw(access, person(room, "name:ada"))
    assert statuses(room)["name:ada"] == ("late", "late")
    summarised(room)
    assert statuses(room)["name:ada"] == ("late", "late")
    Room.objects.filter(pk=room.pk).update(class_list=None)
    summarised(room)
    assert statuses(room) == {"id:u1": ("late", "late")}


def test_a_correction_of_one_of_two_people_with_a_name_stays_with_that_person(access: ClassAccess) -> None:
    room = access.room
    assert room.class_list is not None
    ListedPerson.objects.create(class_list=room.class_list, name="Ben", group="b")
    ClassList.objects.update(version=2)
    summarised(room)
    assert statuses(room).keys() == {"id:u1", "name:ben", "name:ben#2"}
    corrections.correct(access, person(room, "name:ben#2"), status="excused")
    summarised(room)
    assert statuses(room)["name:ben"] == ("absent", "absent")
    assert statuses(room)["name:ben#2"] == ("absent", "excused")


def test_the_report_contains_the_correction(room: Room, access: ClassAccess) -> None:
    made = corrections.correct(access, person(room, "id:u1"), status="excused", note="Dentist")
    ada, ben = attendance_as_json(Room.objects.get(pk=room.pk))["rows"]
    assert (ada["status"], ada["late_minutes"]) == ("excused", 12)
    assert ada["corrected"] == {
        "status": "excused",
        "measured": "late",
        "note": "Dentist",
        "by": "Tess",
        "at": made.at.isoformat().replace("+00:00", "Z"),
    }
    assert (ben["status"], ben["corrected"]) == ("absent", None)
    corrections.withdraw(access, person(room, "id:u1"))
    ada, _ben = attendance_as_json(Room.objects.get(pk=room.pk))["rows"]
    assert (ada["status"], ada["corrected"]) == ("late", None)


def test_a_correction_needs_no_summary_that_is_up_to_date(room: Room, access: ClassAccess) -> None:
    ClassSummary.objects.update(room_version=0)
    corrections.correct(access, person(room, "id:u1"), status="present")
    summarised(room)
    assert statuses(room)["id:u1"] == ("late", "present")
