"""Access to every address: each role and a visitor, own and foreign things, GET and POST.

The table is in `access_table.py`. Add new addresses there.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from classroom_admin.accounts import first_steps, permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.audit.models import Step
from classroom_admin.common import encryption
from classroom_admin.realtime import middleware, rights
from classroom_admin.rooms.models import PeerMessage, Quiz
from classroom_admin.web.classroom import commands, recording
from classroom_admin.web.classroom.control_views import CLASS_FORMS, GROUP_FORMS, PERSON_FORMS
from classroom_admin.web.classroom.press_commands import CLASS_COMMANDS, PERSON_COMMANDS
from tests.school import HTMX, School, make_event, make_person, make_room
from tests.web.access_table import (
    API_SPACE,
    BULK,
    CLASS,
    EVERYONE,
    EXPORT,
    NO_SESSION,
    PARTS,
    SCHOOL,
    SIGNED_IN,
    STREAMS,
    TABLE,
    TOKEN,
    UPLOAD,
    Route,
    Word,
)
from tests.web.access_world import World, make_world

NOBODY = "nobody"
VIEWERS = (*User.Role.values, NOBODY)
SEES_ALL = {User.Role.ADMINISTRATOR.value, User.Role.AUDITOR.value}


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture(autouse=True)
def _without_a_cloud(request: pytest.FixtureRequest, settings: Any) -> None:
    """No command reaches a cloud: the connection is not set up."""
    settings.AGORA = replace(settings.AGORA, app_id="", app_certificate="")


class Undone:
    """A block whose changes to the database are undone."""

    def __enter__(self) -> None:
        self._point = transaction.atomic()
        self._point._from_testcase = True  # type: ignore[attr-defined]
        self._point.__enter__()

    def __exit__(self, *error: object) -> None:
        transaction.set_rollback(True)
        self._point.__exit__(None, None, None)


def names(patterns: list[URLPattern | URLResolver], space: str = "") -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            found |= names(pattern.url_patterns, inner)
        else:
            assert pattern.name, f"{pattern} has no name, so no test can tell who may open it"
            found.add(space + pattern.name)
    return found


def test_every_address_is_in_the_access_table() -> None:
    found = names(get_resolver().url_patterns)
    missing, gone = found - TABLE.keys(), TABLE.keys() - found
    assert not missing, f"add a line to tests/web/access_table.py for {sorted(missing)}"
    assert not gone, f"remove the lines of {sorted(gone)} from tests/web/access_table.py"


def sees(route: Route, viewer: str, *, own: bool) -> bool:
    """Return whether this person may see the thing of the address."""
    owner = own and viewer == User.Role.TEACHER
    if route.of == SCHOOL:
        return True
    if route.of == UPLOAD:
        return owner
    if route.of in (BULK, EXPORT):
        return owner or viewer in SEES_ALL
    return own or viewer in SEES_ALL


def has(word: Word, viewer: str) -> bool:
    return word in (EVERYONE, SIGNED_IN) or word in permissions.rights_of(viewer)


def check(answer: Any, route: Route, word: Word, viewer: str, *, own: bool) -> None:
    """Assert that the answer is the one in the table."""
    to_sign_in = answer.status_code == 302 and answer["Location"].startswith(reverse("account_login"))
    assert answer.status_code < 500
    if word is None:
        assert answer.status_code in (302, 401, 403, 404, 405)
        assert to_sign_in or answer.status_code != 302
    elif word == TOKEN:
        assert answer.status_code in (400, 401, 403, 404)
    elif viewer == NOBODY and word != EVERYONE:
        assert to_sign_in or answer.status_code == 401
    elif not sees(route, viewer, own=own):
        assert answer.status_code == 404
    elif not has(word, viewer):
        assert answer.status_code == (403 if route.of == CLASS else 404)
    else:
        assert answer.status_code in route.ok
        assert not to_sign_in or word == EVERYONE


@dataclass(frozen=True)
class Visitors:
    """The sessions of people by role. One client makes all requests, because each loads the middleware."""

    world: World
    sessions: dict[str, str]
    _client: Client = field(default_factory=Client)

    def client(self, viewer: str) -> Client:
        self._client.cookies.clear()
        if viewer in self.sessions:
            self._client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[viewer]
        return self._client


@pytest.fixture
def visitors(world: World) -> Visitors:
    sessions = {}
    client = Client()
    for role, person in world.people.items():
        client.cookies.clear()
        client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[-1])
        sessions[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return Visitors(world, sessions)


def read(answer: Any) -> None:
    """Read a streamed answer to its end, and close its files. (`close` would also close the database.)"""
    if answer.streaming and not answer.is_async:
        for _ in answer:
            pass
    for close in answer._resource_closers:
        close()


def requested() -> int:
    """Return how many commands were sent to the cloud."""
    return Step.objects.filter(kind=Step.Kind.REQUESTED).count()


@pytest.mark.parametrize("part", PARTS)
def test_access(visitors: Visitors, part: str, subtests: pytest.Subtests) -> None:
    for name, route in PARTS[part].items():
        for viewer in VIEWERS:
            with subtests.test(f"{name}, {viewer}, own"):
                ask(visitors, name, viewer, own=True)
            if route.of != SCHOOL and viewer not in (*SEES_ALL, NOBODY):
                with subtests.test(f"{name}, {viewer}, foreign"):
                    ask(visitors, name, viewer, own=False)


def ask(visitors: Visitors, name: str, viewer: str, *, own: bool) -> None:
    """GET and POST the address as this person, and compare the answers with the table."""
    route, things = TABLE[name], visitors.world.own if own else visitors.world.foreign
    address = reverse(name, kwargs={key: things.get(value, value) for key, value in route.args.items()})
    query = {key: things.get(value, value) for key, value in route.query.items()}
    data = {key: things.get(value, value) for key, value in route.data.items()}
    before = requested()
    with Undone():
        answer = visitors.client(viewer).get(address, query)
        read(answer)
        check(answer, route, route.get, viewer, own=own)
        assert requested() == before, "a GET has sent a command"
        if viewer == NOBODY:
            fragment = visitors.client(viewer).get(address, query, **HTMX)
            read(fragment)
            check(fragment, route, route.get, viewer, own=own)
    with Undone():
        answer = visitors.client(viewer).post(address, data, query_params=query)
        read(answer)
        check(answer, route, route.post, viewer, own=own)
        if not (has(route.post, viewer) and sees(route, viewer, own=own)):
            assert requested() == before, "a refused POST has sent a command"


def test_session_that_lacks_the_second_factor_opens_no_more_than_a_visitor(
    visitors: Visitors, subtests: pytest.Subtests
) -> None:
    """The password of an administrator was right, and the code of the app was not entered yet."""
    administrator = visitors.world.people["administrator"]
    administrator.set_password("quiet-otter-lamp")
    administrator.save()
    Authenticator.objects.create(
        user=administrator, type="totp", data={"secret": encryption.encrypt("JBSWY3DPEHPK3PXP")}
    )
    client = Client()
    answer = client.post("/sign-in/", {"login": administrator.email, "password": "quiet-otter-lamp"})
    assert answer["Location"].startswith("/sign-in/code/")
    visitors.sessions[NOBODY] = client.cookies[settings.SESSION_COOKIE_NAME].value
    for name in TABLE:
        with subtests.test(name):
            ask(visitors, name, NOBODY, own=True)
    for path in STREAMS:
        found = middleware._STREAM.fullmatch(path.format(key=visitors.world.own["key"]))
        assert found
        with pytest.raises(rights.Refused):
            rights.authorise(visitors.sessions[NOBODY], found["key"])


def test_person_without_the_required_second_factor_opens_only_what_sets_it_up(
    visitors: Visitors, settings: Any, subtests: pytest.Subtests
) -> None:
    settings.SECOND_FACTOR = "administrators"
    for name, route in TABLE.items():
        if name in first_steps.SECOND_FACTOR or name.startswith(API_SPACE) or name in NO_SESSION:
            continue
        given = {key: visitors.world.own.get(value, value) for key, value in route.args.items()}
        address = reverse(name, kwargs=given)
        with subtests.test(name), Undone():
            client = visitors.client("administrator")
            for answer in (client.get(address), client.post(address, route.data)):
                assert answer.status_code == 302
                assert answer["Location"].startswith(reverse("account_second_factor"))
            for part in (client.get(address, **HTMX), client.post(address, route.data, **HTMX)):
                assert part.status_code == 401
                assert part.content == b""


NAMED: dict[str, tuple[str, list[str]]] = {
    "live:command": ("name", [*commands.COMMANDS, *CLASS_FORMS, *CLASS_COMMANDS]),
    "live:person_form": ("name", [*PERSON_FORMS]),
    "live:group": ("name", [*GROUP_FORMS]),
    "live:recording": ("name", ["start", *recording.SIMPLE]),
    "live:people_do": ("", [*PERSON_COMMANDS]),
}
"""The addresses with several commands: the argument that names the command, and its names."""


def test_every_named_command_needs_the_permission(visitors: Visitors) -> None:
    things, before = visitors.world.own, requested()
    refused = 0
    for viewer, (address, (argument, known)) in itertools.product(("assistant", "auditor"), NAMED.items()):
        for name in known:
            needed = TABLE[address].post
            if address == "live:command" and name not in commands.COMMANDS:
                needed = Permission.RUN
            if has(needed, viewer):
                continue
            given = {key: things.get(value, value) for key, value in TABLE[address].args.items()}
            data = {} if argument else {name: things["person"]}
            path = reverse(address, kwargs={**given, **({argument: name} if argument else {})})
            with Undone():
                answer = visitors.client(viewer).post(path, data, query_params=data)
                assert answer.status_code == 403, f"{path} {data}"
            refused += 1
    assert requested() == before
    assert refused > 40


@pytest.mark.parametrize("path", STREAMS)
def test_access_to_streams(visitors: Visitors, path: str, subtests: pytest.Subtests) -> None:
    for viewer, own in itertools.product(VIEWERS, (True, False)):
        key = (
            (visitors.world.own if own else visitors.world.foreign)["key"] if STREAMS[path] == CLASS else None
        )
        found = middleware._STREAM.fullmatch(path.format(key=key))
        assert found
        assert found["key"] == key
        session = visitors.sessions.get(viewer, "")
        with subtests.test(f"{viewer}, {'own' if own else 'foreign'}"):
            if viewer != NOBODY and (key is None or own or viewer in SEES_ALL):
                user, right = rights.authorise(session, key)
                assert (user.role, right.role) == (viewer, viewer)
                assert rights.read([right]).refusal(right) == ""
            else:
                with pytest.raises(rights.Refused):
                    rights.authorise(session, key)


def test_list_shows_the_classes_of_each_role(visitors: Visitors) -> None:
    for role in User.Role.values:
        page = visitors.client(role).get("/").content.decode()
        assert visitors.world.own["key"] in page
        assert (visitors.world.foreign["key"] in page) == (role in SEES_ALL)


WITHOUT_SESSION = {"joining:page", "lti:login", "lti:launch", "lti:enter", "lti:choose", "lti:register"}
"""Forms for which no session counts, so that another site gains nothing by sending them."""


def test_posts_without_csrf_token_are_refused(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    with Undone():
        client.force_login(world.people["administrator"], backend=settings.AUTHENTICATION_BACKENDS[-1])
        for name, route in TABLE.items():
            if route.post is not None and route.post != TOKEN:
                given = {key: world.own.get(value, value) for key, value in route.args.items()}
                address = reverse(name, kwargs=given)
                if name in WITHOUT_SESSION:
                    assert resolve(address).func.csrf_exempt, name
                else:
                    assert client.post(address).status_code == 403, name


def test_no_address_answers_trace(visitors: Visitors) -> None:
    for name, route in TABLE.items():
        given = {key: visitors.world.own.get(value, value) for key, value in route.args.items()}
        for viewer in ("administrator", NOBODY):
            with Undone():
                answer = visitors.client(viewer).generic("TRACE", reverse(name, kwargs=given))
            assert answer.status_code in (302, 403, 404, 405), f"{name}, {viewer}"


def test_table_knows_every_permission() -> None:
    """A permission that no address needs is a mistake, except those that `actions` check."""
    used = {word for route in TABLE.values() for word in (route.get, route.post)}
    assert set(Permission) - used == {Permission.ALL_EXPORTS}


def test_row_of_another_room_is_not_found(school: School) -> None:
    foreign = make_room("Foreign")
    person, event = make_person(foreign, 9), make_event(foreign, 1)
    client = school.signed_in(school.teacher)
    message = PeerMessage.objects.create(room=foreign, digest="d", arrived=1, sent_at=event.received_at)
    quiz = Quiz.objects.create(room=foreign, quiz_id="theirs")
    for of, number in (("peer", message.pk), ("room", 99), ("nothing", 1)):
        assert client.get(reverse("live:there", args=[school.room.key, of, number])).status_code == 404
    for of in ("quiz", "poll", "nothing"):
        assert client.get(reverse("live:question", args=[school.room.key, of, quiz.pk])).status_code == 404
    for name, *more in (
        ("remove", person.pk),
        ("let_back", person.pk),
        ("person_form", person.pk, "reward"),
        ("person", person.pk),
        ("event", event.pk),
    ):
        assert client.get(reverse(f"live:{name}", args=[school.room.key, *more])).status_code == 404
    do = reverse("live:people_do", args=[school.room.key])
    assert client.get(do, {"mute": person.pk}).status_code == 404
    end = reverse("live:end_question", args=[school.room.key, "quiz", quiz.pk])
    assert client.get(end).status_code == 404
