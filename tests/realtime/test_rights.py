"""Who may subscribe, and how soon a lost right ends the stream."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.realtime import rights
from classroom_admin.realtime.rights import NOT_YOURS, SIGNED_OUT, Refused, Right, authorise
from classroom_admin.rooms import access
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.models import RoomTeacher
from tests.realtime.conftest import Open, session_of
from tests.realtime.serving import Reader, Server
from tests.school import School, make_person, make_room

ENDS_WITHIN_S = 10


def test_people_without_a_right_are_refused_permanently(school: School, watch: Open) -> None:
    refused = watch(school.other_teacher)
    assert refused.status == 200  # a status of 4xx would have the browser try again
    assert refused.end() == NOT_YOURS
    assert watch(session="0" * 32).end() == SIGNED_OUT
    assert watch(session="'; --").end() == SIGNED_OUT


def test_unknown_class_is_refused_like_another_teachers(school: School, server: Server) -> None:
    session = session_of(school, school.teacher)
    with contextlib.closing(Reader(server, "/live/classes/aaaaaaaaaaaa/stream", session)) as reader:
        assert reader.end() == NOT_YOURS


def sign_out(school: School, reader: Reader) -> None:
    from django.contrib.sessions.models import Session

    Session.objects.all().delete()


def deactivate(school: School, reader: Reader) -> None:
    User.objects.filter(pk=school.teacher.pk).update(is_active=False)


def end_sessions(school: School, reader: Reader) -> None:
    User.objects.filter(pk=school.teacher.pk).update(sessions_ended=1)


def take_away(school: School, reader: Reader) -> None:
    RoomTeacher.objects.all().delete()


@pytest.mark.parametrize(
    ("lose", "reason"),
    [(sign_out, SIGNED_OUT), (deactivate, SIGNED_OUT), (end_sessions, SIGNED_OUT), (take_away, NOT_YOURS)],
)
def test_lost_right_ends_the_stream_within_ten_seconds(
    school: School, watch: Open, lose: Callable[[School, Reader], None], reason: str
) -> None:
    page = watch(school.teacher)
    page.hello()
    began = time.monotonic()
    lose(school, page)
    assert page.end() == reason
    assert time.monotonic() - began < ENDS_WITHIN_S


def test_check_of_rights_costs_the_same_for_many_pages(school: School) -> None:
    def right(user: User, session: str) -> Right:
        return Right(
            user.pk, user.role, user.all_classes, session, user.get_session_auth_hash(), school.room.pk
        )

    CloudIdentity.objects.create(user=school.teacher, user_uuid="ana")
    counts = []
    for pages in (1, 400):
        watching = {right(school.teacher, f"session-{number}") for number in range(pages)}
        watching |= {right(school.administrator, f"admin-{number}") for number in range(pages)}
        with CaptureQueriesContext(connection) as queries:
            rights.read(watching)
        counts.append(len(queries))
    assert counts[0] <= 6
    assert counts[1] <= counts[0] + 1  # eight hundred sessions are asked for in two parts


def test_rooms_of_teachers_equal_visible_rooms(school: School) -> None:
    taught = make_room("Taught")
    make_person(taught, 1, user_uuid="ben", role="teacher", was_teacher=True)
    make_person(make_room("Was a pupil there"), 1, user_uuid="ben")
    CloudIdentity.objects.create(user=school.other_teacher, user_uuid="ben")
    teachers = [school.teacher, school.other_teacher]
    found = access.own_room_ids([user.pk for user in teachers])
    for user in teachers:
        assert found[user.pk] == set(visible_rooms(user).values_list("pk", flat=True)) != set()


def test_authorisation_only_reads(school: School) -> None:
    session = session_of(school, school.teacher)
    with CaptureQueriesContext(connection) as queries:
        user, right = authorise(session, school.room.key)
    assert (user, right.room_id) == (school.teacher, school.room.pk)
    assert len(queries) <= 3
    assert all(query["sql"].startswith("SELECT") for query in queries)
    User.objects.filter(pk=user.pk).update(sessions_ended=1)
    with pytest.raises(Refused):
        authorise(session, school.room.key)
