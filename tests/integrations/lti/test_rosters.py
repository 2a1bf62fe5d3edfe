"""Class lists follow the members of a course."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.actions import class_lists
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.integrations.lti import links, rosters, tasks
from classroom_admin.integrations.lti.ids import cloud_user_id
from classroom_admin.integrations.lti.models import AccountLink, Course, Member, Platform, ResourceLink
from classroom_admin.rooms.models import ClassList, Room, RoomTeacher
from tests.lti import lms
from tests.school import make_room


def listed() -> list[str]:
    return [person.name for person in ClassList.objects.get().people.order_by("name")]


def test_class_list_is_made_and_kept_in_step(server, course: Course, link, room: Room, teacher) -> None:
    changes = rosters.keep_in_step(course)
    assert changes is not None
    assert server.requests.count("GET /members") == 3  # five members in pages of two
    assert listed() == ["Leo Park", "Mia Chen", "Sam Weiss"]  # no teacher, and nobody who left
    class_list = ClassList.objects.get()
    assert (class_list.name, class_list.owner) == ("Biology 7b", teacher)
    room.refresh_from_db()
    assert room.class_list == class_list
    leo = class_list.people.get(name="Leo Park")
    assert (leo.email, leo.user_uuid) == ("leo@school.test", cloud_user_id(course.platform.key, "sub-leo"))
    assert Member.objects.get(sub="sub-leo").user_uuid == leo.user_uuid

    server.people = [one for one in server.people if one.sub != "sub-sam"]
    server.people.append(lms.Person("sub-zoe", "Zoe Young"))
    next(one for one in server.people if one.sub == "sub-leo").name = "Leo Park-Kim"
    course.refresh_from_db()
    changes = rosters.keep_in_step(course)
    assert changes is not None
    assert [len(changes.added), len(changes.changed), len(changes.removed)] == [1, 1, 1]
    assert listed() == ["Leo Park-Kim", "Mia Chen", "Zoe Young"]
    before = Entry.objects.count()
    course.refresh_from_db()
    changes = rosters.keep_in_step(course)
    assert changes is not None
    assert not changes.any
    assert Entry.objects.count() == before  # nothing changed, so nothing is recorded
    class_lists.delete_list(actor=teacher, class_list=ClassList.objects.get())
    rosters.keep_in_step(Course.objects.get())
    assert listed() == ["Leo Park-Kim", "Mia Chen", "Zoe Young"]


def account(course: Course, name: str, **columns) -> User:
    """Return a teacher whose account is connected with the platform."""
    user = User.objects.create_user(f"{name}@school.test", "x", name=name.title(), **columns)
    AccountLink.objects.create(platform=course.platform, sub=f"sub-{name}", user=user)
    return user


def teachers_of(room: Room) -> set[str]:
    return set(RoomTeacher.objects.filter(room=room).values_list("user__name", flat=True))


def test_co_teachers_with_an_account_get_the_classes(
    server, course: Course, link, room: Room, teacher
) -> None:
    eva, tom = account(course, "eva"), account(course, "tom")
    account(course, "ruth", role=User.Role.ADMINISTRATOR)
    other = make_room("Assigned by hand")
    ResourceLink.objects.create(
        platform=course.platform, course=course, room=other, room_uuid=other.room_uuid, made_by=teacher
    )
    for user in (teacher, tom):
        RoomTeacher.objects.create(room=other, user=user)
    names = {"eva": f"{lms.ROLE}Instructor", "tom": "Instructor", "ruth": "Instructor", "new": "Instructor"}
    server.people += [lms.Person(f"sub-{name}", name.title(), role=role) for name, role in names.items()]
    rosters.keep_in_step(course)
    assert teachers_of(room) == teachers_of(other) == {"Ana Torres", "Eva", "Tom"}  # an administrator sees it
    assert Entry.objects.filter(action="room.assign").count() == 3
    rosters.keep_in_step(Course.objects.get())
    assert Entry.objects.filter(action="room.assign").count() == 3  # nothing changed

    server.people = [one for one in server.people if one.sub not in ("sub-eva", "sub-tom")]
    rosters.keep_in_step(Course.objects.get())
    assert teachers_of(room) == {"Ana Torres"}
    assert teachers_of(other) == {"Ana Torres", "Tom"}  # Tom's did not come from the course
    server.people = [one for one in server.people if one.role == "Learner"]
    rosters.keep_in_step(Course.objects.get())
    assert set(course.teachers.values_list("user__name", flat=True)) == {"Ruth"}  # it hides teachers
    assert {eva.pk, tom.pk}.isdisjoint(course.teachers.values_list("user", flat=True))


def test_class_is_not_given_if_who_chose_it_lost_it(
    server, course: Course, link, room: Room, teacher
) -> None:
    account(course, "eva")
    server.people.append(lms.Person("sub-eva", "Eva", role="Instructor"))
    RoomTeacher.objects.all().delete()
    rosters.keep_in_step(course)
    assert teachers_of(room) == set()


def test_deleted_course_is_asked_for_some_days_and_its_list_stays(
    server, course: Course, link, monkeypatch
) -> None:
    monkeypatch.setattr(rosters, "GIVE_UP_AFTER", 3)
    rosters.keep_in_step(course)
    server.fail_next = [404] * rosters.GIVE_UP_AFTER
    for _number in range(rosters.GIVE_UP_AFTER):
        rosters.keep_in_step(Course.objects.select_related("platform", "owner").get())
    gone = Course.objects.get()
    assert gone.members_due_at is None
    assert "lti_service_status" in gone.members_problem
    assert listed() == ["Leo Park", "Mia Chen", "Sam Weiss"]
    message = SimpleNamespace(
        deployment_id="deployment-1", context_id="course-1", context_title="", members_url=""
    )
    links.course_of(course.platform, message)  # someone opens an activity, so the course exists
    assert rosters.due() == [course.pk]


def test_list_that_a_person_chose_stays(course: Course, link, room: Room, teacher) -> None:
    chosen = class_lists.make_list(actor=teacher, name="Chosen")
    Room.objects.update(class_list=chosen)
    rosters.keep_in_step(course)
    room.refresh_from_db()
    assert room.class_list == chosen


def test_failure_is_stored_and_tried_again_later(server, course: Course, link) -> None:
    rosters.ask(course)
    server.fail_next = [500]
    assert rosters.keep_in_step(course) is None
    course.refresh_from_db()
    assert "lti_service_status" in course.members_problem
    assert course.members_attempts == 1
    assert rosters.due() == []  # not yet
    Course.objects.update(members_due_at=clock.now() - timedelta(seconds=1))
    assert rosters.due() == [course.pk]
    tasks.work()
    course.refresh_from_db()
    assert (course.members_problem, course.members_attempts) == ("", 0)
    assert course.members_due_at > clock.now() + timedelta(hours=5)
    assert listed() == ["Leo Park", "Mia Chen", "Sam Weiss"]


@pytest.mark.parametrize(
    ("member", "wanted"),
    [
        ({"user_id": "1", "name": "A", "roles": ["Learner"]}, "A"),
        ({"user_id": "1", "given_name": "A", "family_name": "B", "roles": [f"{lms.ROLE}Learner"]}, "A B"),
        ({"user_id": "1", "name": "A", "roles": ["Learner", "Instructor"]}, None),
        ({"user_id": "1", "name": "A", "roles": ["Learner"], "status": "Deleted"}, None),
        ({"user_id": 1, "name": "A", "roles": ["Learner"]}, None),
        ({"user_id": "", "name": "A", "roles": ["Learner"]}, None),
        ({"user_id": "1", "roles": ["Learner"]}, None),
        ({"user_id": "1", "name": "A", "roles": "Learner"}, None),
        ("no object", None),
    ],
)
def test_students_among_members(member, wanted) -> None:
    found = rosters.student_in(member)
    assert (found.name if found else None) == wanted


def test_next_page_must_be_on_the_same_host(server, course: Course, link, monkeypatch) -> None:
    """A platform can't make the dashboard send its access token to another host."""
    elsewhere = lms.Answer({"members": []}, headers={"Link": '<http://127.0.0.2:1/x>; rel="next"'})
    monkeypatch.setattr(server, "_members", lambda page: elsewhere)
    assert rosters.keep_in_step(course) is None
    course.refresh_from_db()
    assert "lti_other_host" in course.members_problem
    endless = lms.Answer({"members": []}, headers={"Link": f'<{server.url}/members>; rel="next"'})
    monkeypatch.setattr(server, "_members", lambda page: endless)
    monkeypatch.setattr(rosters, "MOST_PAGES", 5)
    assert rosters.keep_in_step(course) is None
    monkeypatch.setattr(rosters, "LONGEST_READ_S", -1.0)
    assert rosters.keep_in_step(course) is None
    course.refresh_from_db()
    assert "lti_too_slow" in course.members_problem
    monkeypatch.undo()
    monkeypatch.setattr(server, "_members", lambda page: lms.Answer([1, 2]))
    assert rosters.keep_in_step(course) is None
    assert not ClassList.objects.exists()


def test_platform_that_gives_no_token(server, course: Course, link) -> None:
    Platform.objects.update(client_id="another")
    course.platform.refresh_from_db()
    assert rosters.keep_in_step(course) is None
    course.refresh_from_db()
    assert "lti_token_refused" in course.members_problem
