"""Access to every operation of the API: each role and a visitor, own and foreign things."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.rooms.models import Poll, Room
from classroom_admin.web.api.v1.api import document
from tests.web.access_world import World, make_world
from tests.web.api.v1.access_table import CLASS, EXPORT, OPERATIONS, SCHOOL, Operation
from tests.web.api.v1.client import Api, api_of
from tests.web.test_access import Undone

VISITOR = "visitor"
SEES_ALL = {User.Role.ADMINISTRATOR.value, User.Role.AUDITOR.value}


@pytest.fixture
def world(db: None, settings: Any) -> World:
    """A school, and no cloud: the connection is not set up."""
    settings.AGORA = replace(settings.AGORA, app_id="", app_certificate="")
    settings.API_REQUESTS_PER_MINUTE = 100_000
    made = make_world()
    for things in (made.own, made.foreign):
        room = Room.objects.get(key=things["key"])
        things["of the poll"] = Poll.objects.get(room=room).pk
        things["missing"], things["first"] = 10**9, 0
    return made


def documented() -> dict[str, tuple[str, str]]:
    """Return the method and the path of each operation in the OpenAPI document, by its name."""
    return {
        one["operationId"]: (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in document()["paths"].items()
        for method, one in methods.items()
    }


def test_every_operation_is_in_the_access_table() -> None:
    assert documented().keys() == OPERATIONS.keys()


def expected(operation: Operation, role: str, *, own: bool) -> tuple[int, ...]:
    """Return the right answers."""
    if role == VISITOR:
        return (401,)
    is_allowed = operation.needs is None or operation.needs in permissions.rights_of(role)
    is_owner = own and role == User.Role.TEACHER
    sees = role in SEES_ALL or (is_owner if operation.of == EXPORT else own) or operation.of == SCHOOL
    if operation.of == CLASS and not sees:
        return (404,)  # whatever the role allows
    return (operation.ok if sees else (404,)) if is_allowed else (403,)


@pytest.mark.parametrize("own", [True, False], ids=["own", "foreign"])
def test_each_role_gets_what_the_table_says(world: World, own: bool) -> None:
    paths, things = documented(), world.own if own else world.foreign
    apis = {role: api_of(person) for role, person in world.people.items()} | {VISITOR: Api(None)}
    roles = apis if own else ("teacher",)
    wrong = []
    for (name, operation), role in itertools.product(OPERATIONS.items(), roles):
        method, template = paths[name]
        values = {part: things[named] for part, named in operation.args.items()}
        with Undone():
            answer = apis[role].ask(method, template.format(**values), operation.body)
        if answer.status_code not in expected(operation, role, own=own):
            wrong.append(f"{name} by {role}: {answer.status_code} {answer.content[:300]}")
    assert not wrong, "\n".join(wrong)


def test_a_token_without_the_scope_changes_nothing(world: World) -> None:
    """A token with the scope `read` can't change, and one with `write` alone can't read."""
    person = world.people["administrator"]
    reader, writer = api_of(person, scopes=("read",)), api_of(person, scopes=("write",))
    for name, operation in OPERATIONS.items():
        method, template = documented()[name]
        values = {part: world.own[named] for part, named in operation.args.items()}
        refused = writer if method == "GET" else reader
        answer = refused.ask(method, template.format(**values), operation.body)
        assert (answer.status_code, answer.found["code"]) == (403, "scope"), name


def test_a_session_of_a_browser_does_not_count(world: World) -> None:
    api = Api(None)
    api.client.force_login(world.people["administrator"])
    assert api.get("/classes").status_code == 401
