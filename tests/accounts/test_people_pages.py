"""The pages about people, without JavaScript: what they show, and that invalid input is kept."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.models import Room, RoomTeacher
from tests.accounts.conftest import PASSWORD

NEW = {
    "name": "Nuria",
    "email": "nuria@school.test",
    "role": "teacher",
    "user_uuids": "nuria-1\r\n\r\nnuria-2\r\n",
}


def at(name: str, person: User | None = None) -> str:
    return reverse(f"people:{name}", kwargs={"pk": person.pk} if person else {})


def text(answer) -> str:
    """Return the visible text in one line."""
    without_head = answer.content.decode().partition("<main")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", without_head).split())


def shown_link(answer) -> str:
    """Return the path of the link that the page shows."""
    link = re.search(r'id="password-link"[^>]* value="http://testserver([^"]+)"', answer.content.decode())
    return link[1]


def choose_password(link: str) -> Client:
    """Choose PASSWORD with a link. The person is then signed in with the returned client."""
    client = Client()
    assert client.get(link).status_code == 200
    assert client.post(link, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def no_mail(settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"


def field(answer, name: str) -> str:
    """Return the element of a form's field with its content."""
    page = answer.content.decode()
    return re.search(rf'<(input|textarea|select)[^>]*name="{name}"[^>]*>([^<]*)', page)[0]


def test_list_shows_people_with_ids_and_classes(school, admin):
    page = text(admin.get(at("list")))
    assert re.search(r"Frau Berg berg@school.test Teacher frau-berg 1 class", page)
    assert re.search(r"Ada Admin admin@school.test Administrator no cloud user id no classes assigned", page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=berg", {"Frau Berg"}),
        ("q=OTHER%40school", {"Mr Other"}),
        ("show=administrator", {"Ada Admin"}),
        ("show=teacher", {"Frau Berg", "Mr Other"}),
        ("show=deactivated", set()),
        ("q=zzz", set()),
        ("show=nonsense", {"Ada Admin", "Frau Berg", "Mr Other"}),
    ],
)
def test_list_is_filtered_by_its_address(school, admin, query, found):
    page = admin.get(at("list") + "?" + query).context["page"]
    assert {str(person) for person in page.object_list} == found


def test_query_count_of_the_list_is_constant(school, admin, django_assert_num_queries):
    admin.get(at("list"))
    with django_assert_num_queries(5):  # session, user, count, people, their ids
        admin.get(at("list"))
    for number in range(37):
        person = User.objects.create_user(f"p{number}@school.test", name=f"P {number}")
        CloudIdentity.objects.create(user=person, user_uuid=f"p-{number}")
        RoomTeacher.objects.create(room=school.unassigned, user=person)
    with django_assert_num_queries(5):
        assert len(admin.get(at("list")).context["page"].object_list) == 40


def test_new_person_gets_a_link_that_is_shown_once(school, admin, no_mail):
    answer = admin.post(at("create"), NEW)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    link = shown_link(answer)
    made = User.objects.get(email="nuria@school.test")
    assert [identity.user_uuid for identity in made.identities.all()] == ["nuria-1", "nuria-2"]
    assert link not in admin.get(at("person", made)).content.decode()
    assert choose_password(link).get("/").status_code == 200
    assert Client().login(email="nuria@school.test", password=PASSWORD)


def test_new_person_gets_the_link_by_mail(school, admin, mailoutbox):
    answer = admin.post(at("create"), NEW)
    assert "was sent to nuria@school.test" in text(answer)
    assert "password-link" not in answer.content.decode()
    [mail] = mailoutbox
    assert mail.to == ["nuria@school.test"]
    link = re.search(r"http://\S+", mail.body)[0]
    choose_password("/" + link.split("/", 3)[3])


def test_link_is_shown_if_the_mail_server_refuses_the_mail(school, admin, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    choose_password(shown_link(admin.post(at("create"), NEW)))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"email": "no-address"}, "valid email address"),
        ({"email": "berg@school.test"}, "Frau Berg already uses this email address."),
        ({"name": ""}, "required"),
        ({"name": "x" * 121}, "at most 120"),
        ({"role": "king"}, "not one of the available choices"),
        ({"user_uuids": "nuria-1\nfrau-berg"}, "belongs to Frau Berg (berg@school.test)"),
        ({"user_uuids": "nuria/1\nok"}, "“nuria/1”: The cloud does not allow"),
        ({"user_uuids": "x" * 64}, "is too long"),
        ({"user_uuids": ".."}, "can't be used"),
    ],
)
def test_invalid_form_shows_errors_and_keeps_the_input(school, admin, changed, says):
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


def test_details_can_be_changed(school, admin):
    answer = admin.post(at("person", school.teacher), {**NEW, "role": "administrator"}, follow=True)
    assert "The details were saved." in text(answer)
    school.teacher.refresh_from_db()
    assert (school.teacher.name, school.teacher.is_administrator) == ("Nuria", True)


def test_invalid_change_keeps_input_and_heading(school, admin):
    answer = admin.post(at("person", school.teacher), NEW | {"email": "other@school.test"})
    assert answer.status_code == 422
    assert "Mr Other already uses this email address." in text(answer)
    assert "Nuria" in field(answer, "name")
    assert "<h1" in answer.content.decode()
    school.teacher.refresh_from_db()
    assert school.teacher.email == "berg@school.test"


def test_last_administrator_sees_why_stepping_down_fails(school, admin):
    given = {"name": "Ada", "email": "admin@school.test", "role": "teacher", "user_uuids": ""}
    answer = admin.post(at("person", school.administrator), given)
    assert answer.status_code == 422
    assert "last active administrator" in text(answer)


def test_stepping_down_leads_to_the_class_list(school, admin):
    User.objects.create_user("second@school.test", role="administrator")
    given = {"name": "Ada", "email": "admin@school.test", "role": "teacher", "user_uuids": ""}
    assert admin.post(at("person", school.administrator), given)["Location"] == "/"


def test_person_can_be_deactivated_and_reactivated(school, admin):
    page = text(admin.post(at("deactivate", school.teacher), follow=True))
    assert "Frau Berg was deactivated and signed out everywhere." in page
    assert "Reactivate Frau Berg" in page
    assert "Assign another class" not in page
    page = text(admin.post(at("reactivate", school.teacher), follow=True))
    assert "Frau Berg can sign in again." in page
    school.teacher.refresh_from_db()
    assert school.teacher.is_active


def test_own_account_can_not_be_deactivated_or_reset(school, admin):
    page = text(admin.get(at("person", school.administrator)))
    assert "you can't do it yourself" in page
    assert "Deactivate Ada" not in page
    for name in ("deactivate", "password"):
        answer = admin.post(at(name, school.administrator), follow=True)
        assert answer.redirect_chain[-1][0] == at("person", school.administrator)
    school.administrator.refresh_from_db()
    assert school.administrator.is_active
    assert admin.get(at("list")).status_code == 200


def test_password_reset_shows_a_link_once(school, admin, browser_of, no_mail):
    teacher = browser_of(school.teacher)
    answer = admin.post(at("password", school.teacher))
    assert "no-store" in answer["Cache-Control"]
    assert teacher.get(reverse("account_change_password")).status_code == 302
    assert not Client().login(email="berg@school.test", password=PASSWORD)
    choose_password(shown_link(answer))
    assert Client().login(email="berg@school.test", password=PASSWORD)


def test_new_password_works_at_once_after_failed_attempts(school, admin, no_mail):
    for _ in range(6):
        Client().post("/sign-in/", {"login": "berg@school.test", "password": "forgotten"})
    choose_password(shown_link(admin.post(at("password", school.teacher))))
    answer = Client().post("/sign-in/", {"login": "berg@school.test", "password": PASSWORD})
    assert answer.status_code == 302


def test_classes_of_a_person_show_the_reason_for_access(school, admin):
    answer = admin.get(at("person", school.teacher))
    page = text(answer)
    assert re.search(r"Algebra .*Assigned by an administrator .*Unassign", page)
    assert re.search(r"Biology .*Joined as teacher", page)
    assert "Chemistry" not in page
    assert answer.content.decode().count('name="rooms"') == 1  # only assigned classes can be unassigned


def test_class_found_by_name_can_be_assigned(school, admin):
    page = text(admin.get(at("person", school.other) + "?q=chem"))
    assert "Chemistry" in page
    answer = admin.post(at("assign", school.other), {"rooms": [school.unassigned.key]}, follow=True)
    assert "Chemistry is now assigned to Mr Other." in text(answer)
    assert list(visible_rooms(school.other)) == [school.unassigned]
    again = text(admin.get(at("person", school.other) + "?q=chem"))
    assert "No other class has" in again


def test_assigning_nothing_shows_an_error(school, admin):
    assert "Select at least one class" in text(admin.post(at("assign", school.other), follow=True))
    unknown = admin.post(at("assign", school.other), {"rooms": ["nosuchroom"]}, follow=True)
    assert "Select at least one class" in text(unknown)
    assert not RoomTeacher.objects.filter(user=school.other).exists()


def test_class_can_be_unassigned(school, admin):
    answer = admin.post(at("unassign", school.teacher), {"rooms": school.assigned.key}, follow=True)
    assert "Algebra is no longer assigned to Frau Berg." in text(answer)
    assert list(visible_rooms(school.teacher)) == [school.taught]


def test_unassigned_classes_have_no_teacher(school, admin):
    assert list(admin.get(at("unassigned")).context["page"].object_list) == [school.unassigned]
    CloudIdentity.objects.all().delete()
    rooms = set(admin.get(at("unassigned")).context["page"].object_list)
    assert rooms == {school.unassigned, school.taught}
    assert list(admin.get(at("unassigned") + "?q=bio").context["page"].object_list) == [school.taught]


def test_several_classes_can_be_assigned(school, admin):
    second = Room.objects.create(room_uuid="room-second", name="Drama")
    given = {"rooms": [school.unassigned.key, second.key], "person": school.other.pk}
    page = text(admin.post(at("unassigned"), given, follow=True))
    assert "2 classes are now assigned to Mr Other." in page
    assert "Every class has a teacher." in page


def test_missing_person_keeps_the_selection(school, admin):
    answer = admin.post(at("unassigned"), {"rooms": [school.unassigned.key]})
    assert answer.status_code == 422
    assert "Choose the person to assign the selected classes to." in text(answer)
    assert re.search(rf'value="{school.unassigned.key}" checked', answer.content.decode())


def test_deactivated_people_are_not_offered_classes(school, admin):
    admin.post(at("deactivate", school.other), follow=True)
    page = admin.get(at("unassigned")).content.decode()
    assert "Mr Other</option>" not in page
    assert "Frau Berg</option>" in page


def test_no_cloud_id_of_a_room_is_in_an_address_and_names_are_escaped(school, admin):
    school.unassigned.name = "<script>alert(1)</script> مدرسة 😀"
    school.unassigned.save()
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
def test_unusual_addresses_never_fail(school, admin, query):
    for address in (at("list"), at("unassigned"), at("person", school.teacher)):
        assert admin.get(f"{address}?{query}").status_code == 200


def test_query_count_of_pages_with_classes_is_constant(school, admin, django_assert_num_queries):
    def costs() -> None:
        # session, user, person, their ids, count, classes, classes to give, second factors, sessions, tokens
        with django_assert_num_queries(10):
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
