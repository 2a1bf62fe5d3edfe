"""Body limits over HTTP: too large bodies are refused by their length before they are read."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import get_resolver

from classroom_admin.actions.class_lists import make_list
from classroom_admin.web.size_by_address import limited
from tests.realtime.serving import Server, running_server
from tests.school import School
from tests.web.api.v1.client import api_of
from tests.web.test_odd_values import Prober, patterns

pytestmark = pytest.mark.django_db(transaction=True)
MB = 1_000_000


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    with running_server() as running:
        limited(running.front, get_asgi_application())
        yield running


def announce(
    server: Server, path: str, *, length: int, user: Any = None, school: School, token: str | None = None
) -> int:
    """Return the status for the headers of a POST: 100 if the body is accepted."""
    cookies = "; ".join(f"{name}={one.value}" for name, one in school.signed_in(user).cookies.items())
    head = (
        f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", "Expect: 100-continue",
        "Content-Type: application/x-www-form-urlencoded", f"Cookie: {cookies}",
        f"Authorization: Bearer {token}",
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall("\r\n".join((*head, "", "")).encode())
        return int(connection.makefile("rb").readline().split()[1])


def test_signed_out_people_can_send_at_most_a_form(server: Server, school: School) -> None:
    prober = Prober(school)
    for name, path, _converters in patterns(get_resolver().url_patterns):
        if name not in ("lists:upload", "lists:upload_oneroster", "people:import"):
            where = prober.path(name, path)
            assert announce(server, where, length=3 * MB + 1, school=school) == 413, where


BODIES = {
    "a length": (f"Content-Length: {50 * MB}", b""),
    "a short body": ("Content-Length: 1", b"x"),
    "chunks": ("Transfer-Encoding: chunked", b"10000\r\n" + b"x" * 0x10000 + b"\r\n"),
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("kind", BODIES)
def test_get_and_head_requests_with_a_body_are_refused_before_it_ends(
    server: Server, school: School, method: str, kind: str
) -> None:
    """The answer arrives although the body never ends."""
    header, body = BODIES[kind]
    for path in ("/", "/sign-in/", "/live/classes/stream", f"/live/classes/{school.room.key}/?t=1"):
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(head.encode() + body)
            answer = connection.makefile("rb").read().decode()
        assert answer.startswith("HTTP/1.1 400 "), path
        assert ("can't have a body" in answer) == (method == "GET"), path


def test_people_of_the_class_can_upload_files(server: Server, school: School) -> None:
    for name in ("add", "upload"):
        where = f"/classes/{school.room.key}/files/{name}/"
        most = settings.FILES_MAX_BYTES
        for user, length, status in (
            (school.teacher, most, 100),
            (school.administrator, most, 100),
            (school.teacher, most + 4 * MB, 413),
            (school.other_teacher, 4 * MB, 413),
            (None, 4 * MB, 413),
        ):
            assert announce(server, where, length=length, user=user, school=school) == status


def test_tokens_of_people_of_the_class_can_upload_files(
    server: Server, school: School, settings: Any
) -> None:
    where = f"/api/v1/classes/{school.room.key}/uploads"
    most = settings.FILES_MAX_BYTES
    teacher, other = (api_of(one).token for one in (school.teacher, school.other_teacher))
    reader = api_of(school.teacher, scopes=("read",)).token
    for token, length, status in (
        (teacher, most, 100),
        (teacher, most + 4 * MB, 413),
        (other, 4 * MB, 413),
        (reader, 4 * MB, 413),
        ("unknown", 4 * MB, 413),
    ):
        answer = announce(server, where, length=length, school=school, token=token)
        assert answer == status, (token == teacher, length)
    settings.DISK_RESERVE_BYTES = 2**62  # no disk has so much space
    assert announce(server, where, length=MB, school=school, token=teacher) == 507


@pytest.mark.parametrize(
    ("address", "most"), [("/api/notifications/", 1024 * 1024), ("/api/agora/notifications/", 64 * 1024)]
)
def test_webhook_has_its_own_limit(server: Server, school: School, address: str, most: int) -> None:
    assert announce(server, address, length=most + 1, school=school) == 413
    assert announce(server, address, length=most, school=school) == 100


def test_too_large_class_list_shows_an_error(school: School) -> None:
    made = make_list(actor=school.teacher, name="7b")
    file = SimpleUploadedFile("people.csv", b"name\n" + b"A\n" * 4_100_000)
    answer = school.signed_in(school.teacher).post(f"/lists/{made.key}/upload/", {"file": file})
    assert answer.status_code == 422
    assert "This file is too large" in answer.content.decode()


def test_upload_is_refused_before_its_body_while_the_disk_is_almost_full(
    server: Server, school: School, settings: Any
) -> None:
    where = f"/classes/{school.room.key}/files/upload/"
    settings.DISK_RESERVE_BYTES = 2**62  # no disk has so much space
    assert announce(server, where, length=MB, user=school.teacher, school=school) == 507
    assert (
        announce(server, where, length=MB, user=school.other_teacher, school=school) == 100
    )  # a 404 follows
    assert announce(server, "/sign-in/", length=MB, school=school) == 100
    settings.DISK_RESERVE_BYTES = 1
    assert announce(server, where, length=MB, user=school.teacher, school=school) == 100
