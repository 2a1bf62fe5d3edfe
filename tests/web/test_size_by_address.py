"""Who may send how much, over HTTP: refused by its announced length before a byte of it is read."""

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
from tests.web.test_odd_values import Prober, patterns

pytestmark = pytest.mark.django_db(transaction=True)
MB = 1_000_000


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    with running_server() as running:
        limited(running.front, get_asgi_application())
        yield running


def announce(server: Server, path: str, *, length: int, user: Any = None, school: School) -> int:
    """The status that comes for the head of a POST alone: 100 where the body is wanted."""
    cookies = "; ".join(f"{name}={one.value}" for name, one in school.signed_in(user).cookies.items())
    head = (
        f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", "Expect: 100-continue",
        "Content-Type: application/x-www-form-urlencoded", f"Cookie: {cookies}",
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall("\r\n".join((*head, "", "")).encode())
        return int(connection.makefile("rb").readline().split()[1])


def test_no_address_takes_more_than_a_form_from_nobody(server: Server, school: School) -> None:
    prober = Prober(school)
    for name, path, _converters in patterns(get_resolver().url_patterns):
        if name != "lists:upload":
            where = prober.path(name, path)
            assert announce(server, where, length=3 * MB + 1, school=school) == 413, where


def test_files_are_taken_from_who_may_give_them(server: Server, school: School) -> None:
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


def test_the_relay_has_its_own_limit(server: Server, school: School) -> None:
    assert announce(server, "/api/notifications/", length=1024 * 1024 + 1, school=school) == 413
    assert announce(server, "/api/notifications/", length=1024 * 1024, school=school) == 100


def test_a_class_list_that_is_far_too_large_is_told_in_words(school: School) -> None:
    made = make_list(actor=school.teacher, name="7b")
    file = SimpleUploadedFile("people.csv", b"name\n" + b"A\n" * 2_000_000)
    answer = school.signed_in(school.teacher).post(f"/lists/{made.key}/upload/", {"file": file})
    assert answer.status_code == 422
    assert "This file is too large" in answer.content.decode()
