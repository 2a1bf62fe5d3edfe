"""Actions of administrators on accounts: their rules and their audit entries."""

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts import password_links
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.actions import people
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry, Step
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.models import RoomTeacher
from tests.accounts.conftest import PASSWORD


def on_record() -> list[tuple[str, str, str]]:
    """Return (action, actor, target), oldest first. Each entry must be done."""
    entries = Entry.objects.order_by("id")
    assert all([step.kind for step in entry.steps.all()] == [Step.Kind.DONE] for entry in entries)
    return [(entry.action, entry.actor_name, entry.target) for entry in entries]


def ids_of(person: User) -> list[str]:
    return list(person.identities.values_list("user_uuid", flat=True))


def details(person: User, **changed):
    return {
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "user_uuids": ids_of(person),
        **changed,
    }


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("account_change_password")).status_code == 200


DEEDS = {
    "create": lambda actor, school: people.create_person(
        actor=actor, email="x@school.test", name="X", role="teacher"
    ),
    "change": lambda actor, school: people.change_person(
        actor=actor, person=school.other, **details(school.other, name="Hacked")
    ),
    "promote": lambda actor, school: people.change_person(
        actor=actor, person=actor, **details(actor, role="administrator")
    ),
    "deactivate": lambda actor, school: people.deactivate_person(actor=actor, person=school.other),
    "reactivate": lambda actor, school: people.reactivate_person(actor=actor, person=school.other),
    "password": lambda actor, school: people.reset_password(actor=actor, person=school.administrator),
    "second factors": lambda actor, school: people.reset_second_factors(actor=actor, person=school.other),
    "sessions": lambda actor, school: people.end_sessions(actor=actor, person=school.other),
    "assign": lambda actor, school: people.assign_room(actor=actor, person=actor, room=school.unassigned),
    "unassign": lambda actor, school: people.unassign_room(
        actor=actor, person=school.teacher, room=school.assigned
    ),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
@pytest.mark.parametrize("who", ["teacher", "closed administrator"])
def test_only_active_administrators_may_manage_people(school, deed, who):
    actor = school.teacher
    if who == "closed administrator":
        actor = User.objects.create_user("old@school.test", role=User.Role.ADMINISTRATOR, is_active=False)
    before = list(User.objects.order_by("pk").values()), list(RoomTeacher.objects.values())
    with pytest.raises(PermissionDenied):
        deed(actor, school)
    assert (list(User.objects.order_by("pk").values()), list(RoomTeacher.objects.values())) == before
    assert on_record() == []


def test_creating_a_person(school):
    made, secret = people.create_person(
        actor=school.administrator,
        email=" New@School.test ",
        name=" Nuria 🌻 ",
        role="teacher",
        user_uuids=["nuria-1", "nuria-2", "nuria-1"],
    )
    made.refresh_from_db()
    assert (made.email, made.name, made.role) == ("new@school.test", "Nuria 🌻", "teacher")
    assert not made.has_usable_password()
    assert password_links.find(secret).user == made
    assert ids_of(made) == ["nuria-1", "nuria-2"]
    assert on_record() == [("account.create", "Ada Admin", "new@school.test")]
    assert secret not in str(list(Entry.objects.values())) + str(list(Step.objects.values()))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"email": "BERG@school.test"}, "email"),
        ({"email": ""}, "email"),
        ({"name": "  "}, "name"),
        ({"role": "king"}, "role"),
        ({"user_uuids": ["frau-berg"]}, "user_uuids"),
        ({"user_uuids": ["a/b"]}, "user_uuids"),
    ],
)
def test_invalid_person_is_refused(school, changed, field):
    given = {"email": "new@school.test", "name": "New", "role": "teacher", "user_uuids": ["new"]} | changed
    with pytest.raises(ActionRefused) as refusal:
        people.create_person(actor=school.administrator, **given)
    assert refusal.value.field == field
    assert User.objects.count() == 3
    assert CloudIdentity.objects.count() == 1
    assert on_record() == []


def test_refused_cloud_user_id_names_its_owner(school):
    with pytest.raises(ActionRefused, match="“frau-berg” belongs to Frau Berg") as refusal:
        people.change_person(
            actor=school.administrator,
            person=school.other,
            **details(school.other, user_uuids=["mr-other", "frau-berg"]),
        )
    assert refusal.value.field == "user_uuids"
    assert ids_of(school.other) == []


def test_change_records_only_what_changed(school):
    people.change_person(
        actor=school.administrator,
        person=school.teacher,
        **details(school.teacher, name="Dr. Berg", user_uuids=["dr-berg"]),
    )
    school.teacher.refresh_from_db()
    assert school.teacher.name == "Dr. Berg"
    assert ids_of(school.teacher) == ["dr-berg"]
    assert Entry.objects.get().params == {
        "changed": {
            "name": {"from": "Frau Berg", "to": "Dr. Berg"},
            "cloud_user_ids": {"from": ["frau-berg"], "to": ["dr-berg"]},
        }
    }


def test_saving_without_change_is_not_recorded(school):
    people.change_person(actor=school.administrator, person=school.teacher, **details(school.teacher))
    assert on_record() == []


def test_changing_details_keeps_sessions(school, browser_of):
    browser = browser_of(school.teacher)
    people.change_person(
        actor=school.administrator, person=school.teacher, **details(school.teacher, name="Dr. Berg")
    )
    assert is_signed_in(browser)


def test_last_active_administrator_can_not_step_down(school):
    User.objects.create_user("old@school.test", role=User.Role.ADMINISTRATOR, is_active=False)
    admin = school.administrator
    with pytest.raises(ActionRefused, match="last active administrator") as refusal:
        people.change_person(actor=admin, person=admin, **details(admin, role="teacher"))
    assert refusal.value.field == "role"
    admin.refresh_from_db()
    assert admin.is_administrator


def test_one_of_several_administrators_may_step_down(school):
    User.objects.create_user("second@school.test", role=User.Role.ADMINISTRATOR)
    admin = school.administrator
    people.change_person(actor=admin, person=admin, **details(admin, role="teacher"))
    admin.refresh_from_db()
    assert not admin.is_administrator


def test_people_can_not_deactivate_themselves(school):
    User.objects.create_user("second@school.test", role=User.Role.ADMINISTRATOR)
    with pytest.raises(ActionRefused, match="your own account"):
        people.deactivate_person(actor=school.administrator, person=school.administrator)
    school.administrator.refresh_from_db()
    assert school.administrator.is_active


def test_deactivation_ends_sessions_for_ever(school, browser_of):
    browser = browser_of(school.teacher)
    assert is_signed_in(browser)
    people.deactivate_person(actor=school.administrator, person=school.teacher)
    assert not is_signed_in(browser)
    people.deactivate_person(actor=school.administrator, person=school.teacher)  # again: nothing more to do
    # A browser that asks nothing while the account is closed must not come back either.
    sleeping = browser_of(school.other)
    people.deactivate_person(actor=school.administrator, person=school.other)
    people.reactivate_person(actor=school.administrator, person=school.other)
    assert not is_signed_in(sleeping)
    assert [action for action, _, _ in on_record()] == [
        "account.deactivate",
        "account.deactivate",
        "account.reactivate",
    ]


def test_password_reset_ends_sessions(school, browser_of):
    browser, bystander = browser_of(school.teacher), browser_of(school.other)
    secret = people.reset_password(actor=school.administrator, person=school.teacher)
    assert not is_signed_in(browser)
    assert is_signed_in(bystander)
    assert on_record() == [("account.password_reset", "Ada Admin", "berg@school.test")]
    assert not Client().login(email="berg@school.test", password=PASSWORD)
    assert secret not in str(list(Entry.objects.values())) + str(list(Step.objects.values()))


def test_assigned_class_is_visible_until_unassigned(school):
    assert people.assign_room(actor=school.administrator, person=school.other, room=school.unassigned)
    assert not people.assign_room(actor=school.administrator, person=school.other, room=school.unassigned)
    assert list(visible_rooms(school.other)) == [school.unassigned]
    assert people.unassign_room(actor=school.administrator, person=school.other, room=school.unassigned)
    assert not people.unassign_room(actor=school.administrator, person=school.other, room=school.unassigned)
    assert list(visible_rooms(school.other)) == []
    assert on_record() == [
        ("room.assign", "Ada Admin", "other@school.test"),
        ("room.unassign", "Ada Admin", "other@school.test"),
    ]
    assert {entry.room_uuid for entry in Entry.objects.all()} == {"room-nobodys"}


def test_deactivated_people_can_not_be_assigned_classes(school):
    people.deactivate_person(actor=school.administrator, person=school.other)
    school.other.refresh_from_db()
    with pytest.raises(ActionRefused, match="deactivated"):
        people.assign_room(actor=school.administrator, person=school.other, room=school.unassigned)


@pytest.mark.django_db(transaction=True)
def test_administrators_who_deactivate_each_other_leave_one(school):
    ada, ben = school.administrator, User.objects.create_user("ben@school.test", role="administrator")
    together = threading.Barrier(2, timeout=20)
    ends: list[str] = []

    def deactivate(actor: User, person: User) -> None:
        together.wait()
        try:
            people.deactivate_person(actor=actor, person=person)
            ends.append("done")
        except PermissionDenied:
            ends.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=deactivate, args=pair) for pair in ((ada, ben), (ben, ada))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(ends) == ["done", "refused"]
    assert User.objects.filter(role="administrator", is_active=True).count() == 1
    assert connection.is_usable()
