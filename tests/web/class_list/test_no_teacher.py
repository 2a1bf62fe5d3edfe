"""A class without a teacher: enter it, or appoint a substitute, whom every page and stream then knows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.timezone import localtime

from classroom_admin.accounts.models import CloudIdentity
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.realtime.rights import Refused, authorise
from classroom_admin.rooms.models import Substitution
from tests.school import HTMX, School, make_room
from tests.stepped_clock import SteppedClock, use

TEMPLATE = "https://join.test/?room={room}&user={user}&name={name}&role={role}"


def entering(school: School, name: str) -> str:
    return reverse("live:enter", args=[school.room.key, name])


def asking(school: School) -> str:
    return reverse("live:substitute", args=[school.room.key])


@pytest.mark.parametrize(("name", "role"), [("teacher", "1"), ("observer", "4")])
def test_one_click_enters_the_class(school: School, settings: Any, name: str, role: str) -> None:
    settings.JOIN_URL_TEMPLATE = TEMPLATE
    answer = school.signed_in(school.administrator).get(entering(school, name))
    assert answer.status_code == 302
    assert answer["Location"].startswith(
        "https://join.test/?room=cloud-room-id-42&user=ruth%27s%20cloud%20id"
    )
    assert answer["Location"].endswith(f"&name=Ruth&role={role}")


def test_an_administrator_without_a_cloud_id_gets_one_by_one_press(school: School, settings: Any) -> None:
    settings.JOIN_URL_TEMPLATE = TEMPLATE
    CloudIdentity.objects.all().delete()
    client = school.signed_in(school.administrator)
    assert "Create a cloud user id and join" in client.get(entering(school, "teacher")).content.decode()
    assert not CloudIdentity.objects.exists()
    answer = client.post(entering(school, "teacher"))
    made = CloudIdentity.objects.get(user=school.administrator)
    assert f"user={made.user_uuid}" in answer.content.decode()
    assert 'http-equiv="refresh"' in answer.content.decode()
    entry = Entry.objects.get(action="account.cloud_id")
    assert (entry.actor, entry.params) == (school.administrator, {"cloud_user_id": made.user_uuid})
    client.post(entering(school, "teacher"))
    assert CloudIdentity.objects.count() == Entry.objects.filter(action="account.cloud_id").count() == 1


def test_a_teacher_does_not_make_a_cloud_id(school: School, settings: Any) -> None:
    settings.JOIN_URL_TEMPLATE = TEMPLATE
    client = school.signed_in(school.teacher)
    for ask in (client.get, client.post):
        assert "Ask an administrator" in ask(entering(school, "teacher")).content.decode()
    assert not CloudIdentity.objects.filter(user=school.teacher).exists()
    assert client.get(entering(school, "queen")).status_code == 404


def test_the_form_appoints_a_substitute_and_ends_it(school: School) -> None:
    client = school.signed_in(school.administrator)
    form = client.get(asking(school), **HTMX).content.decode()
    assert "Appoint a substitute" in form
    assert "series" not in form  # the class belongs to none
    now = localtime(clock.now())
    given = {
        "substitute": school.other_teacher.pk,
        "starts_at": (now - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
    }
    for wrong in ({"substitute": ""}, {"ends_at": "then"}, {"ends_at": given["starts_at"]}):
        assert client.post(asking(school), given | wrong, **HTMX).status_code == 422
    assert client.post(asking(school), given, **HTMX).status_code == 200
    made = Substitution.objects.get()
    assert (made.teacher, made.room, made.made_by) == (
        school.other_teacher, school.room, school.administrator,
    )  # fmt: skip
    assert "Ben" in client.get(asking(school), **HTMX).content.decode()
    assert client.post(asking(school), {"end": made.pk}).status_code == 302
    made.refresh_from_db()
    assert made.ends_at <= clock.now()


def may_subscribe(session_key: str, room_key: str) -> bool:
    try:
        authorise(session_key, room_key)
    except Refused:
        return False
    return True


def test_a_substitute_opens_every_page_of_the_class_until_the_end(school: School) -> None:
    client = school.signed_in(school.other_teacher)
    key = client.session.session_key
    now = clock.now()
    names = (
        "class",
        "details",
        "chat",
        "events",
        "attendance",
        "replay",
        "groups",
        "kept_out",
        "class_changes",
    )
    addresses = [reverse(f"live:{name}", args=[school.room.key]) for name in names]
    addresses += [reverse("live:command", args=[school.room.key, "end"]), "/"]

    def opened() -> set[bool]:
        found = {client.get(address).status_code == 200 for address in addresses[:-1]}
        found.add(school.room.key in client.get("/").content.decode())
        found.add(may_subscribe(key, school.room.key))
        return found

    assert opened() == {False}
    with use(SteppedClock(now)) as time:
        Substitution.objects.create(
            teacher=school.other_teacher, room=school.room, made_by=school.administrator,
            starts_at=now, ends_at=now + timedelta(hours=1),
        )  # fmt: skip
        assert opened() == {True}
        time.step(3600)
        assert opened() == {False}


def test_the_substitute_is_the_expected_teacher_of_the_alert(school: School) -> None:
    room = make_room("Choir")
    room.teachers.create(user=school.teacher)
    now = clock.now()
    client = school.signed_in(school.administrator)
    assert "Expected: <bdi>Ana</bdi>" in client.get("/").content.decode()
    Substitution.objects.create(
        teacher=school.other_teacher, room=room, made_by=school.administrator,
        starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    html = client.get("/").content.decode()
    assert "Expected: <bdi>Ben</bdi>" in html
    assert "Expected: <bdi>Ana</bdi>" not in html


def test_year_that_no_time_zone_has_is_named(school: School) -> None:
    school.administrator.time_zone = "America/Los_Angeles"
    school.administrator.save()
    given = {
        "substitute": school.other_teacher.pk,
        "starts_at": "9999-12-31T20:00",
        "ends_at": "9999-12-31T23:59",
    }
    answer = school.signed_in(school.administrator).post(asking(school), given, **HTMX)
    assert answer.status_code == 422
    assert answer.content.decode().count("This year is out of range") == 2
    assert not Substitution.objects.exists()
