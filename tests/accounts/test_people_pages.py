"""The pages about people in a browser without JavaScript: what they show; bad input loses nothing."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.models import Room, RoomTeacher

NEW = {
    "name": "Nuria",
    "email": "nuria@school.test",
    "role": "teacher",
    "user_uuids": "nuria-1\r\n\r\nnuria-2\r\n",
}


def at(name: str, person: User | None = None) -> str:
    return reverse(f"people:{name}", kwargs={"pk": person.pk} if person else {})


def text(answer) -> str:
    """What a reader sees, in one line."""
    without_head = answer.content.decode().partition("<main")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", without_head).split())


def shown_password(answer) -> str:
    return re.search(r'id="new-password"[^>]* value="([^"]+)"', answer.content.decode())[1]


def field(answer, name: str) -> str:
    """The element of a form's field and what is in it."""
    page = answer.content.decode()
    return re.search(rf'<(input|textarea|select)[^>]*name="{name}"[^>]*>([^<]*)', page)[0]


def test_the_list_shows_everybody_with_their_ids_and_classes(school, admin):
    page = text(admin.get(at("list")))
    assert re.search(r"Frau Berg berg@school.test Teacher frau-berg 1 class", page)
    assert re.search(r"Ada Admin admin@school.test Administrator no cloud user id no class given", page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=berg", {"Frau Berg"}),
        ("q=OTHER%40school", {"Mr Other"}),
        ("show=administrators", {"Ada Admin"}),
        ("show=teachers", {"Frau Berg", "Mr Other"}),
        ("show=deactivated", set()),
        ("q=zzz", set()),
        ("show=nonsense", {"Ada Admin", "Frau Berg", "Mr Other"}),
    ],
)
def test_the_list_is_searched_by_its_address(school, admin, query, found):
    page = admin.get(at("list") + "?" + query).context["page"]
    assert {str(person) for person in page.object_list} == found


def test_the_list_costs_the_same_for_three_and_for_forty(school, admin, django_assert_num_queries):
    admin.get(at("list"))
    with django_assert_num_queries(5):  # session, user, count, people, their ids
        admin.get(at("list"))
    for number in range(37):
        person = User.objects.create_user(f"p{number}@school.test", name=f"P {number}")
        CloudIdentity.objects.create(user=person, user_uuid=f"p-{number}")
        RoomTeacher.objects.create(room=school.nobodys, user=person)
    with django_assert_num_queries(5):
        assert len(admin.get(at("list")).context["page"].object_list) == 40


def test_adding_a_person_shows_the_password_once_and_it_works(school, admin):
    answer = admin.post(at("create"), NEW)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    password = shown_password(answer)
    made = User.objects.get(email="nuria@school.test")
    assert [identity.user_uuid for identity in made.identities.all()] == ["nuria-1", "nuria-2"]
    assert Client().login(email="nuria@school.test", password=password)
    assert password not in admin.get(at("person", made)).content.decode()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"email": "no-address"}, "valid email address"),
        ({"email": "berg@school.test"}, "already the one of Frau Berg"),
        ({"name": ""}, "required"),
        ({"name": "x" * 121}, "at most 120"),
        ({"role": "king"}, "not one of the available choices"),
        ({"user_uuids": "nuria-1\nfrau-berg"}, "belongs to Frau Berg (berg@school.test)"),
        ({"user_uuids": "nuria/1\nok"}, "“nuria/1” holds characters"),
        ({"user_uuids": "x" * 64}, "is too long"),
        ({"user_uuids": ".."}, "cannot be used"),
    ],
)
def test_a_bad_form_says_what_is_wrong_and_keeps_what_was_typed(school, admin, changed, says):
    given = NEW | changed
    answer = admin.post(at("create"), given)
    assert answer.status_code == 422
    assert says in text(answer).replace("&#x27;", "'")
    assert 'role="alert"' in answer.content.decode()
    wrong = field(answer, next(iter(changed)))
    assert 'aria-invalid="true"' in wrong
    assert re.search(r'aria-describedby="[^"]*id_\w+_error"', wrong)
    assert answer.context["form"].data["name"] == given["name"]
    assert given["name"] in field(answer, "name")
    assert given["email"] in field(answer, "email")
    assert given["user_uuids"].strip().splitlines()[0] in field(answer, "user_uuids")
    assert User.objects.count() == 3


def test_changing_details(school, admin):
    answer = admin.post(at("person", school.teacher), {**NEW, "role": "administrator"}, follow=True)
    assert "The details were saved." in text(answer)
    school.teacher.refresh_from_db()
    assert (school.teacher.name, school.teacher.is_administrator) == ("Nuria", True)


def test_a_bad_change_keeps_what_was_typed_and_the_heading(school, admin):
    answer = admin.post(at("person", school.teacher), NEW | {"email": "other@school.test"})
    assert answer.status_code == 422
    assert "already the one of Mr Other" in text(answer)
    assert "Nuria" in field(answer, "name")
    assert "<h1" in answer.content.decode()
    school.teacher.refresh_from_db()
    assert school.teacher.email == "berg@school.test"


def test_the_last_administrator_sees_why_stepping_down_fails(school, admin):
    given = {"name": "Ada", "email": "admin@school.test", "role": "teacher", "user_uuids": ""}
    answer = admin.post(at("person", school.administrator), given)
    assert answer.status_code == 422
    assert "last active administrator" in text(answer)


def test_who_steps_down_lands_on_the_classes(school, admin):
    User.objects.create_user("second@school.test", role="administrator")
    given = {"name": "Ada", "email": "admin@school.test", "role": "teacher", "user_uuids": ""}
    assert admin.post(at("person", school.administrator), given)["Location"] == "/"


def test_deactivating_and_reactivating(school, admin):
    page = text(admin.post(at("deactivate", school.teacher), follow=True))
    assert "Frau Berg was deactivated and signed out everywhere." in page
    assert "Reactivate Frau Berg" in page
    assert "Assign another class" not in page
    page = text(admin.post(at("reactivate", school.teacher), follow=True))
    assert "Frau Berg can sign in again." in page
    school.teacher.refresh_from_db()
    assert school.teacher.is_active


def test_the_own_account_can_neither_be_deactivated_nor_reset_here(school, admin):
    page = text(admin.get(at("person", school.administrator)))
    assert "you can't do it yourself" in page
    assert "Deactivate Ada" not in page
    for name in ("deactivate", "password"):
        answer = admin.post(at(name, school.administrator), follow=True)
        assert answer.redirect_chain[-1][0] == at("person", school.administrator)
    school.administrator.refresh_from_db()
    assert school.administrator.is_active
    assert admin.get(at("list")).status_code == 200


def test_a_reset_shows_the_new_password_once(school, admin, browser_of):
    teacher = browser_of(school.teacher)
    answer = admin.post(at("password", school.teacher))
    assert "no-store" in answer["Cache-Control"]
    assert Client().login(email="berg@school.test", password=shown_password(answer))
    assert teacher.get(reverse("account_change_password")).status_code == 302


def test_who_tried_too_often_gets_in_with_the_new_password_at_once(school, admin):
    for _ in range(6):
        Client().post("/sign-in/", {"login": "berg@school.test", "password": "forgotten"})
    password = shown_password(admin.post(at("password", school.teacher)))
    answer = Client().post("/sign-in/", {"login": "berg@school.test", "password": password})
    assert answer.status_code == 302


def test_the_persons_classes_say_why_they_are_theirs(school, admin):
    answer = admin.get(at("person", school.teacher))
    page = text(answer)
    assert re.search(r"Algebra .*Given by an administrator .*Take back", page)
    assert re.search(r"Biology .*Entered it as teacher", page)
    assert "Chemistry" not in page
    assert answer.content.decode().count('name="rooms"') == 1  # only what was given can be taken back


def test_giving_a_class_found_by_its_name(school, admin):
    page = text(admin.get(at("person", school.other) + "?q=chem"))
    assert "Chemistry" in page
    answer = admin.post(at("assign", school.other), {"rooms": [school.nobodys.key]}, follow=True)
    assert "Chemistry is now assigned to Mr Other." in text(answer)
    assert list(visible_rooms(school.other)) == [school.nobodys]
    again = text(admin.get(at("person", school.other) + "?q=chem"))
    assert "is left to give" in again


def test_giving_nothing_says_so(school, admin):
    assert "Tick at least one class" in text(admin.post(at("assign", school.other), follow=True))
    unknown = admin.post(at("assign", school.other), {"rooms": ["nosuchroom"]}, follow=True)
    assert "Tick at least one class" in text(unknown)
    assert not RoomTeacher.objects.filter(user=school.other).exists()


def test_taking_a_class_back(school, admin):
    answer = admin.post(at("unassign", school.teacher), {"rooms": school.given.key}, follow=True)
    assert "Algebra is no longer assigned to Frau Berg." in text(answer)
    assert list(visible_rooms(school.teacher)) == [school.taught]


def test_nobodys_classes_are_those_without_any_teacher(school, admin):
    assert list(admin.get(at("unassigned")).context["page"].object_list) == [school.nobodys]
    CloudIdentity.objects.all().delete()
    rooms = set(admin.get(at("unassigned")).context["page"].object_list)
    assert rooms == {school.nobodys, school.taught}
    assert list(admin.get(at("unassigned") + "?q=bio").context["page"].object_list) == [school.taught]


def test_giving_several_of_nobodys_classes(school, admin):
    second = Room.objects.create(room_uuid="room-second", name="Drama")
    given = {"rooms": [school.nobodys.key, second.key], "person": school.other.pk}
    page = text(admin.post(at("unassigned"), given, follow=True))
    assert "2 classes is now assigned to Mr Other." in page
    assert "Every class has a teacher." in page


def test_forgetting_the_person_keeps_the_ticks(school, admin):
    answer = admin.post(at("unassigned"), {"rooms": [school.nobodys.key]})
    assert answer.status_code == 422
    assert "Choose the person to assign the selected classes to." in text(answer)
    assert re.search(rf'value="{school.nobodys.key}" checked', answer.content.decode())


def test_deactivated_people_are_not_offered_classes(school, admin):
    admin.post(at("deactivate", school.other), follow=True)
    page = admin.get(at("unassigned")).content.decode()
    assert "Mr Other</option>" not in page
    assert "Frau Berg</option>" in page


def test_no_cloud_id_of_a_room_is_in_an_address_and_names_are_escaped(school, admin):
    school.nobodys.name = "<script>alert(1)</script> مدرسة 😀"
    school.nobodys.save()
    school.other.name = "<b>Bold</b>"
    school.other.save()
    for address in (at("unassigned"), at("person", school.other) + "?q=script", at("list")):
        page = admin.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<b>Bold" not in page
        assert "room-nobodys" not in page


@pytest.mark.parametrize(
    "query", ["page=0", "page=999", "page=x", "q=%00", "q=" + "x" * 3000, "show=%F0%9F%98%80"]
)
def test_odd_addresses_are_answered(school, admin, query):
    for address in (at("list"), at("unassigned"), at("person", school.teacher)):
        assert admin.get(f"{address}?{query}").status_code == 200


def test_the_pages_with_classes_cost_the_same_for_few_and_for_many(school, admin, django_assert_num_queries):
    def costs() -> None:
        with django_assert_num_queries(
            7
        ):  # session, user, person, their ids, count, classes, classes to give
            admin.get(at("person", school.teacher) + "?q=more")
        with django_assert_num_queries(5):  # session, user, count, classes, people to choose from
            admin.get(at("unassigned"))

    costs()
    for number in range(80):
        room = Room.objects.create(room_uuid=f"more-{number}", name=f"More {number}")
        if number % 2:
            RoomTeacher.objects.create(room=room, user=school.teacher)
    costs()
    page = admin.get(at("person", school.teacher) + "?q=more").content.decode()
    assert "Page 1 of 2" in page
    assert 'href="?q=more&amp;page=2"' in page
