"""What holds for all requests to the API: errors, pages, ETags, limits, and repeated requests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from classroom_admin.accounts.models import ApiToken, IdempotentRequest, User
from classroom_admin.actions import class_lists
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import ClassList, RoomTeacher
from classroom_admin.web.api.v1 import rate_limits
from tests.school import School, make_room
from tests.web.api.v1.client import Api, api_of


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status", "code"),
    [
        ("GET", "/unknown", None, "", 404, "not_found"),
        ("GET", "", None, "", 404, "not_found"),
        ("GET", "/classes/unknown", None, "", 404, "not_found"),
        ("GET", "/classes/", None, "", 404, "not_found"),
        ("DELETE", "/classes", None, "", 405, "method_not_allowed"),
        ("POST", "/openapi.json", {}, "", 405, "method_not_allowed"),
        ("POST", "/classes", "{", "", 400, "malformed"),
        ("POST", "/classes", "[]", "", 400, "malformed"),
        ("POST", "/classes", '{"name": "a", "name": "b"}', "", 400, "malformed"),
        ("POST", "/classes", '{"name": "\\ud800"}', "", 400, "malformed"),
        ("POST", "/classes", '{"name": NaN}', "", 400, "malformed"),
        ("POST", "/classes", "name=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("POST", "/classes", '"' + "x" * 2_000_001 + '"', "", 413, "too_large"),
        ("POST", "/classes", '"' + "x" * 2_700_000 + '"', "", 413, "too_large"),
        ("POST", "/classes", {}, "", 422, "invalid"),
        ("POST", "/classes", {"name": "a", "starts_at": "2020-01-01T09:00:00Z"}, "", 422, "invalid"),
        ("POST", "/classes", {"name": "a", "starts_at": "2099-01-01T09:00:00"}, "", 422, "invalid"),
        ("POST", "/classes", {"name": "a", "minutes": 0}, "", 422, "invalid"),
        ("POST", "/classes", {"name": "a", "room_type": 3}, "", 422, "invalid"),
        ("POST", "/classes", {"name": "a", "minute": 60}, "", 422, "invalid"),
        ("GET", "/classes?limit=0", None, "", 422, "invalid"),
        ("GET", "/classes?cursor=abc", None, "", 422, "invalid"),
        ("GET", "/classes?when=never", None, "", 422, "invalid"),
        ("GET", "/classes/%00", None, "", 400, "malformed"),
    ],
)
def test_errors_are_problems(
    school: School, method: str, path: str, body: Any, kind: str, status: int, code: str
) -> None:
    headers = {"Content_Type": kind} if kind else {}
    answer = api_of(school.administrator).ask(method, path, body, **headers)
    assert (answer.status_code, answer.found["code"]) == (status, code)
    if status == 405:
        assert answer["Allow"]
    if status == 422:
        assert answer.found["errors"][0]["field"]


def test_requests_without_a_valid_token_get_401(school: School) -> None:
    api = api_of(school.teacher)
    for token in (None, "", "wrong", "x" * 300, f"{api.token}x"):
        answer = Api(token).get("/classes")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
    assert Api(None).get("/classes", Authorization=f"Basic {api.token}").status_code == 401
    assert Api(None).get(f"/classes?access_token={api.token}").status_code == 401
    assert api.get("/classes").status_code == 200
    assert api.get("/classes", Authorization=f"bearer {api.token}").status_code == 200
    ApiToken.objects.update(expires_at=timezone.now())
    assert api.get("/classes").status_code == 401


def test_role_counts_at_each_request(school: School) -> None:
    """A token has no rights of its own: it sees what its person sees now."""
    api = api_of(school.other_teacher)
    assert api.get(f"/classes/{school.room.key}").status_code == 404
    User.objects.filter(pk=school.other_teacher.pk).update(role=User.Role.AUDITOR)
    assert api.get(f"/classes/{school.room.key}").status_code == 200
    assert api.post("/class_lists", {"name": "7b"}).status_code == 403
    User.objects.filter(pk=school.other_teacher.pk).update(is_active=False)
    assert api.get("/classes").status_code == 401


def test_refused_access_is_in_the_audit_log(school: School) -> None:
    api_of(school.other_teacher).get(f"/classes/{school.room.key}")
    entry = Entry.objects.get(action="access.refused")
    assert entry.actor == school.other_teacher
    assert entry.params == {"page": "api_v1:class", "method": "GET"}


def test_cursor_leads_through_all_pages_once(school: School) -> None:
    for number in range(7):
        RoomTeacher.objects.create(room=make_room(f"Class {number}"), user=school.teacher)
    api, seen, cursor = api_of(school.teacher), [], ""
    for _page in range(4):
        found = api.get(f"/classes?limit=2&cursor={cursor}").found
        seen += [one["key"] for one in found["items"]]
        # A class that is added meanwhile changes no page.
        RoomTeacher.objects.create(room=make_room(f"Added after {len(seen)}"), user=school.teacher)
        cursor = found["next_cursor"]
    assert cursor is None
    assert len(seen) == len(set(seen)) == 8
    assert seen[-1] == school.room.key


def test_filters_select_classes(school: School) -> None:
    RoomTeacher.objects.create(
        room=make_room("Latin", state=0, started_at=None, teachers_online=0), user=school.teacher
    )
    api = api_of(school.teacher)
    names = {
        query: [one["name"] for one in api.get(f"/classes?{query}").found["items"]]
        for query in ("when=live", "when=upcoming", "when=past", "q=lat", "state=started", "no_teacher=true")
    }
    assert names["when=upcoming"] == names["q=lat"] == names["no_teacher=true"] == ["Latin"]
    assert names["when=live"] == names["state=started"] == [school.room.name]
    assert names["when=past"] == []


def test_unchanged_response_is_not_sent_again(school: School) -> None:
    api = api_of(school.teacher)
    first = api.get(f"/classes/{school.room.key}")
    assert first["Cache-Control"] == "private, no-cache"
    assert "Authorization" in first["Vary"]
    again = api.get(f"/classes/{school.room.key}", If_None_Match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    school.change(school.room, name="Geometry")
    changed = api.get(f"/classes/{school.room.key}", If_None_Match=first["ETag"])
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_each_person_has_a_limit_of_requests(
    school: School, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    monkeypatch.setattr(rate_limits.time, "time", lambda: 1_000_000_020.0)
    first, second = api_of(school.teacher), api_of(school.teacher)
    answers = [one.get("/me") for one in (first, second, first, second)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one["RateLimit-Remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert answers[0]["RateLimit-Limit"] == "3"
    assert answers[-1]["RateLimit-Reset"] == answers[-1]["Retry-After"] == "60"
    assert api_of(school.administrator).get("/me").status_code == 200
    monkeypatch.setattr(rate_limits.time, "time", lambda: 1_000_000_080.0)
    assert first.get("/me").status_code == 200


def test_each_address_has_a_limit_of_wrong_tokens(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "FAILURES", 2)
    monkeypatch.setattr(rate_limits.time, "time", lambda: 1_000_000_020.0)
    statuses = [Api("wrong").get("/classes").status_code for _ in range(4)]
    assert statuses == [401, 401, 429, 429]
    assert api_of(school.teacher).get("/classes").status_code == 200


def test_repeated_request_does_its_work_once(school: School) -> None:
    api = api_of(school.teacher)
    first = api.post("/class_lists", {"name": "7b"}, Idempotency_Key="one")
    again = api.post("/class_lists", {"name": "7b"}, Idempotency_Key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.found == again.found
    assert again["Idempotent-Replayed"] == "true"
    assert ClassList.objects.count() == 1
    other = api.post("/class_lists", {"name": "8a"}, Idempotency_Key="one")
    assert (other.status_code, other.found["code"]) == (409, "idempotency_key_reused")
    elsewhere = api.post(f"/classes/{school.room.key}/end", Idempotency_Key="one")
    assert elsewhere.status_code == 409
    assert api_of(school.other_teacher).post(
        "/class_lists", {"name": "8a"}, Idempotency_Key="one"
    ).status_code == 201  # fmt: skip
    assert ClassList.objects.count() == 2


def test_repeated_request_gets_no_stored_response_after_the_role_changed(school: School) -> None:
    api = api_of(school.teacher)
    assert api.post("/class_lists", {"name": "7b"}, Idempotency_Key="one").status_code == 201
    User.objects.filter(pk=school.teacher.pk).update(role=User.Role.OBSERVER)
    again = api.post("/class_lists", {"name": "7b"}, Idempotency_Key="one")
    assert (again.status_code, again.found["code"]) == (409, "idempotency_key_reused")


def test_slow_request_is_answered_although_its_key_was_used_again(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is gone when it has done its work, because it took longer than a minute."""
    ask = class_lists.make_list

    def slow(**values: Any) -> Any:
        made = ask(**values)
        IdempotentRequest.objects.all().delete()
        return made

    monkeypatch.setattr(class_lists, "make_list", slow)
    answer = api_of(school.teacher).post("/class_lists", {"name": "7b"}, Idempotency_Key="one")
    assert answer.status_code == 201
    assert not IdempotentRequest.objects.exists()


def test_failed_request_can_be_repeated_with_its_key(school: School) -> None:
    api = api_of(school.teacher)
    assert api.post("/class_lists", {"name": ""}, Idempotency_Key="one").status_code == 422
    assert api.post("/class_lists", {"name": "7b"}, Idempotency_Key="one").status_code == 201


def test_key_of_a_request_that_still_runs_is_refused_for_a_minute(school: School) -> None:
    api = api_of(school.teacher)
    assert api.post("/class_lists", {"name": "7b"}, Idempotency_Key="one").status_code == 201
    IdempotentRequest.objects.update(status=None, body="")  # as if the process was killed
    running = api.post("/class_lists", {"name": "7b"}, Idempotency_Key="one")
    assert (running.status_code, running.found["code"]) == (409, "request_in_progress")
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert api.post("/class_lists", {"name": "7b"}, Idempotency_Key="one").status_code == 201


def test_keys_are_forgotten_after_a_day(school: School) -> None:
    api = api_of(school.teacher)
    api.post("/class_lists", {"name": "7b"}, Idempotency_Key="one")
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert api.post("/class_lists", {"name": "8a"}, Idempotency_Key="two").status_code == 201
    assert IdempotentRequest.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "ä"])
def test_unusable_key_is_refused(school: School, key: str) -> None:
    answer = api_of(school.teacher).post("/class_lists", {"name": "7b"}, Idempotency_Key=key)
    assert answer.status_code == 422
    assert not ClassList.objects.exists()


def test_document_and_documentation_need_no_token(school: School) -> None:
    document = Api(None).get("/openapi.json")
    assert document.status_code == 200
    assert document.found["openapi"].startswith("3.1")
    page = Api(None).client.get("/api/v1/docs")
    assert page.status_code == 200
    for methods in document.found["paths"].values():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page.content.decode()
