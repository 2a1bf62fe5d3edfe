"""Classes and commands of the API, with a simulated cloud."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args
from urllib.parse import urlencode

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.actions import scheduled, tasks  # noqa: F401 - the tasks register the handlers
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.audit.actions import COMMANDS
from classroom_admin.common import clock
from classroom_admin.rooms.models import ClassList, Room, RoomTeacher
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.web.api.v1 import command_bodies
from classroom_admin.web.api.v1.command_bodies import AnyCommand
from tests.school import School, make_person, make_room
from tests.web.api.v1.client import Api, api_of


def test_list_of_classes_shows_only_what_the_person_may_see(school: School) -> None:
    mine = api_of(school.teacher).get("/classes").found
    assert [one["key"] for one in mine["items"]] == [school.room.key]
    assert mine["next_cursor"] is None
    assert api_of(school.other_teacher).get("/classes").found["items"] == []
    assert api_of(school.other_teacher).get(f"/classes/{school.room.key}").status_code == 404
    assert Api(None).get("/classes").status_code == 401


@pytest.fixture
def teacher(transactional_db: None) -> User:
    return User.objects.create_user("ana@school.test", "x", name="Ana")


def test_class_is_created_now_by_default(sim: RunningSimulator, teacher: User) -> None:
    before = clock.cloud_now()
    made = api_of(teacher).post("/classes", {"name": "Algebra"})
    assert made.status_code == 201
    room = Room.objects.get(key=made.found["key"])
    assert room.planned_start_at is not None
    assert room.planned_end_at is not None
    assert before <= room.planned_start_at <= clock.cloud_now()
    assert (room.planned_end_at - room.planned_start_at).total_seconds() == 60 * 60
    assert room.room_type == 4
    assert made.found["teachers"] == [{"name": "Ana", "email": "ana@school.test"}]
    assert sim.oracle(room=room.room_uuid)["rooms"][0]["roomName"] == "Algebra"


def test_class_takes_its_values_from_the_body(sim: RunningSimulator, teacher: User) -> None:
    administrator = User.objects.create_user("ruth@school.test", "x", role=User.Role.ADMINISTRATOR)
    listed = ClassList.objects.create(name="7b", owner=teacher)
    starts_at = (clock.cloud_now() + timedelta(hours=2)).replace(microsecond=0)
    wanted = {
        "name": "Algebra", "starts_at": starts_at.isoformat(), "minutes": 30, "room_type": 10,
        "class_list": listed.key, "teacher": teacher.email,
    }  # fmt: skip
    made = api_of(administrator).post("/classes", wanted).found
    assert made["starts_at"] == starts_at.isoformat().replace("+00:00", "Z")
    assert made["ends_at"] == (starts_at + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    assert (made["room_type"], made["class_list"]) == (10, listed.key)
    assert [one["email"] for one in made["teachers"]] == [teacher.email]
    assert api_of(teacher).post("/classes", {**wanted, "name": "Own"}).status_code == 403


def test_class_in_some_days_is_scheduled_changed_and_cancelled(sim: RunningSimulator, teacher: User) -> None:
    api = api_of(teacher)
    starts_at = (clock.cloud_now() + timedelta(days=60)).replace(microsecond=0)
    key = api.post("/classes", {"name": "Latin", "starts_at": starts_at.isoformat()}).found["key"]
    assert api.get(f"/classes/{key}").found["state"] == "scheduled"
    later = (starts_at + timedelta(days=1)).isoformat()
    changed = api.ask("PATCH", f"/classes/{key}", {"name": "Greek", "minutes": 30, "starts_at": later}).found
    assert (changed["key"], changed["name"]) == (key, "Greek")
    assert changed["starts_at"] == later.replace("+00:00", "Z")
    series = api.get("/series").found["items"][0]
    assert series["key"] == key
    assert api.post(f"/classes/{key}/cancel").found["state"] == "cancelled"
    assert api.post(f"/classes/{key}/cancel").found["code"] == "state"


def test_key_of_a_scheduled_class_leads_to_the_created_class(sim: RunningSimulator, teacher: User) -> None:
    api = api_of(teacher)
    starts_at = (clock.cloud_now() + timedelta(days=60)).isoformat()
    key = api.post("/classes", {"name": "Latin", "starts_at": starts_at}).found["key"]
    ScheduledCommand.objects.update(due_at=clock.now(), claimable_at=clock.now())
    scheduled.work((ScheduledCommand.Kind.CLASS,), within_s=60)
    found = api.get(f"/classes/{key}").found
    assert found["state"] == "not_started"
    assert Room.objects.get(key=found["key"]).name == "Latin"
    assert api.get(f"/classes/{key}/participants").status_code == 200
    changed = api.ask("PATCH", f"/classes/{found['key']}", {"name": "Greek"}).found
    assert (changed["name"], changed["state"]) == ("Greek", "scheduled")


def test_class_that_exists_is_not_changed_but_cancelled(sim: RunningSimulator, teacher: User) -> None:
    api = api_of(teacher)
    starts_at = (clock.cloud_now() + timedelta(hours=2)).isoformat()
    key = api.post("/classes", {"name": "Latin", "starts_at": starts_at}).found["key"]
    assert api.ask("PATCH", f"/classes/{key}", {"name": "Greek"}).found["code"] == "cannot_change"
    assert api.post(f"/classes/{key}/cancel").status_code == 200
    room = Room.objects.get(key=key)
    assert sim.oracle(room=room.room_uuid)["rooms"][0]["state"] == 3
    Room.objects.filter(key=key).update(state=1)
    assert api.post(f"/classes/{key}/cancel").found["code"] == "state"


def test_repeated_creation_makes_one_class(sim: RunningSimulator, teacher: User) -> None:
    api = api_of(teacher)
    first, again = (api.post("/classes", {"name": "Latin"}, Idempotency_Key="one") for _ in range(2))
    assert first.found == again.found
    assert api.post("/classes", {"name": "Greek"}, Idempotency_Key="one").status_code == 409
    assert Room.objects.count() == 1


def test_command_reaches_the_cloud_and_is_listed(sim: RunningSimulator, teacher: User) -> None:
    api = api_of(teacher)
    key = api.post("/classes", {"name": "Latin"}).found["key"]
    room = Room.objects.get(key=key)
    sim.room(room.room_uuid, "enter", userUuid="zoe", userName="Zoë")
    make_person(room, 1, user_uuid="zoe", name="Zoë")
    body = {"command": "participant.remove", "user_id": "zoe", "ban_s": 600, "reason": "Third warning"}
    sent = api.post(f"/classes/{key}/commands", body)
    assert (sent.status_code, sent.found["user_id"]) == (202, "zoe")
    people = sim.oracle(room=room.room_uuid)["rooms"][0]["users"]
    assert [one["userUuid"] for one in people if one["online"]] == []
    one = api.get(f"/classes/{key}/commands/{sent.found['id']}").found
    assert one["command"] == "participant.remove"
    assert one["by"] == "Ana"
    listed = [each["command"] for each in api.get(f"/classes/{key}/commands").found["items"]]
    assert listed == ["participant.remove", "class.create"]
    assert api.post(f"/classes/{key}/commands/{one['id']}/verify").found["done"] is True
    planned = {"command": "participant.plan_removal", "user_id": "zoe", "after_s": 600}
    assert api.post(f"/classes/{key}/commands", planned).status_code == 202
    cancelled = {"command": "participant.call_off_removal", "user_id": "zoe"}
    assert api.post(f"/classes/{key}/commands", cancelled).status_code == 202
    assert api.post(f"/classes/{key}/commands", cancelled).status_code == 422
    unknown = {"command": "participant.camera_off", "user_id": "amir"}
    assert api.post(f"/classes/{key}/commands", unknown).found["errors"][0]["field"] == "user_id"
    ended = api.post(f"/classes/{key}/end")
    assert (ended.status_code, ended.found["command"]) == (202, "class.end")


def test_classes_are_filtered_by_start_teacher_and_list(teacher: User) -> None:
    listed = ClassList.objects.create(name="7b", owner=teacher)
    now = clock.cloud_now()
    early = make_room("Early", planned_start_at=now, class_list=listed)
    late = make_room("Late", planned_start_at=now + timedelta(hours=3))
    api, other = api_of(teacher), User.objects.create_user("bob@school.test", "x")
    for room in (early, late):
        RoomTeacher.objects.create(room=room, user=teacher)
    RoomTeacher.objects.create(room=late, user=other)

    def names(**query: str) -> list[str]:
        return [one["name"] for one in api.get(f"/classes?{urlencode(query)}").found["items"]]

    hour_later = (now + timedelta(hours=1)).isoformat()
    assert names(starts_from=hour_later) == ["Late"]
    assert names(starts_before=hour_later) == ["Early"]
    assert names(teacher=other.email) == ["Late"]
    assert names(teacher="nobody@school.test") == []
    assert names(class_list=listed.key) == ["Early"]
    assert names() == ["Late", "Early"]


def test_administrators_assign_teachers_to_a_class(teacher: User) -> None:
    room = make_room("Latin")
    RoomTeacher.objects.create(room=room, user=teacher)
    administrator = User.objects.create_user("ruth@school.test", "x", role=User.Role.ADMINISTRATOR)
    other = User.objects.create_user("bob@school.test", "x", name="Bob")
    api, where = api_of(administrator), f"/classes/{room.key}/teachers"
    wrong = api.ask("PUT", where, {"emails": [other.email, "nobody@school.test"]})
    assert wrong.found["errors"][0]["field"] == "emails"
    assert api_of(teacher).ask("PUT", where, {"emails": [other.email]}).status_code == 403
    changed = api.ask("PUT", where, {"emails": [other.email]}).found
    assert changed["teachers"] == [{"name": "Bob", "email": other.email}]
    assert api_of(teacher).get(f"/classes/{room.key}").status_code == 404
    assert api_of(other).get(f"/classes/{room.key}").status_code == 200


def test_classes_of_a_series_are_changed_together(sim: RunningSimulator, teacher: User) -> None:
    api = api_of(teacher)
    listed = ClassList.objects.create(name="7b", owner=teacher)
    starts_at = (clock.cloud_now() + timedelta(days=60)).replace(microsecond=0, second=0)
    key = api.post("/series", {"name": "Latin", "starts_at": starts_at.isoformat(), "times": 3}).found["key"]
    classes = api.get(f"/series/{key}/classes").found["items"]
    where = f"/series/{key}/classes/{classes[1]['id']}"
    earlier = (starts_at + timedelta(days=7, minutes=-30)).isoformat()
    body = {"scope": "following", "name": "Greek", "starts_at": earlier, "class_list": listed.key}
    assert api.ask("PATCH", where, body).found == {"changed": 2}
    after = api.get(f"/series/{key}/classes").found["items"]
    assert [one["name"] for one in after] == ["Latin", "Greek", "Greek"]
    moved = [before["starts_at"] != now["starts_at"] for before, now in zip(classes, after, strict=True)]
    assert moved == [False, True, True]
    assert api.ask("PATCH", where, {"scope": "following", "class_list": None}).found == {"changed": 2}
    assert api.ask("PATCH", where, {"teacher": teacher.email}).status_code == 403
    assert api.ask("PATCH", where, {"scope": "every"}).status_code == 422
    assert api.ask("PATCH", where, {"minutes": 30}).found == {"changed": 1}


def test_refused_command_says_why(sim: RunningSimulator, teacher: User) -> None:
    room = make_room("Unknown in the cloud")
    RoomTeacher.objects.create(room=room, user=teacher)
    answer = api_of(teacher).post(f"/classes/{room.key}/end")
    assert (answer.status_code, answer.found["code"]) == (424, "cloud_failed")
    assert answer.found["command"]["state"] == "failed"
    assert answer.found["detail"] == answer.found["command"]["reason"]


def test_commands_have_the_names_of_the_audit_log() -> None:
    names = [
        name for one in get_args(AnyCommand) for name in get_args(one.model_fields["command"].annotation)
    ]
    assert len(names) == len(set(names))
    assert set(names) <= set(COMMANDS)
    assert set(command_bodies._OF_CLASS) | set(command_bodies._OF_PERSON) <= set(names)
