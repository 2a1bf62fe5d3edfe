"""Paths and cookies under a path prefix (`PUBLIC_URL` with a path), without a server."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from classroom_admin.web.path_prefix import Messages, WithoutPrefix, WithPrefix, first_cookies
from tests import quick_python
from tests.operations.test_commands import UNWANTED

SECURITY = """
import django
django.setup()
from django.test import Client
answer = Client().get("{path}", secure=True)
print(answer.headers.get("Strict-Transport-Security"))
"""


def path_inside(prefix: str, path: str, root_path: str = "") -> str:
    """Return the path between `WithoutPrefix` and `WithPrefix`."""
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        assert scope["root_path"] == ""

    async def unused(*_: Any) -> Any:
        raise AssertionError

    # A test has no prefix in its URL patterns.
    outer = WithoutPrefix(inner, prefix)
    outer.__dict__["_is_ambiguous"] = prefix == "/classes"
    scope = {"type": "http", "path": path, "root_path": root_path, "headers": []}
    asyncio.run(outer(scope, unused, unused))
    return seen[0]


@pytest.mark.parametrize(
    ("path", "root_path", "inside"),
    [
        ("/", "", "/"),
        ("", "", "/"),
        ("/people/", "", "/people/"),
        ("/board", "", "/"),
        ("/board/", "", "/"),
        ("/board/people/", "", "/people/"),
        ("/boards/people/", "", "/boards/people/"),
        ("/people/board/", "", "/people/board/"),
        ("/board/people/", "/board", "/people/"),
        ("/board/board/people/", "/board", "/people/"),
    ],
)
def test_prefix_is_removed_from_paths_that_have_it(path: str, root_path: str, inside: str) -> None:
    assert path_inside("/board", path, root_path) == inside


@pytest.mark.parametrize(
    ("path", "root_path"), [("/classes/abc/", ""), ("/classes/classes/abc/", "/classes")]
)
def test_address_of_ours_that_begins_like_the_prefix_is_kept(path: str, root_path: str) -> None:
    assert path_inside("/classes", path, root_path) == "/classes/abc/"


def test_prefix_is_added_for_django() -> None:
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])

    asyncio.run(WithPrefix(inner, "/board")({"path": "/people/"}, None, None))  # type: ignore[arg-type]
    assert seen == ["/board/people/"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([b"sessionid=ours; csrftoken=a; sessionid=theirs"], b"sessionid=ours; csrftoken=a"),
        ([b"zone=Asia/Tokyo", b"zone=UTC; wall=a=b"], b"zone=Asia/Tokyo; wall=a=b"),
        ([b"wall="], b"wall="),
        ([b""], None),
        ([], None),
    ],
)
def test_cookie_with_the_longest_path_is_ours(given: list[bytes], kept: bytes | None) -> None:
    found = first_cookies([(b"host", b"a.example"), *((b"cookie", value) for value in given)])
    assert found == [(b"host", b"a.example"), *([(b"cookie", kept)] if kept is not None else [])]


def test_messages_cookie_is_set_and_deleted_under_the_prefix(rf: RequestFactory, settings: Any) -> None:
    settings.SESSION_COOKIE_PATH = "/board"
    request: HttpRequest = rf.get("/board/")
    request.session = {}  # type: ignore[assignment]
    response = HttpResponse()
    storage = Messages(request)
    storage.add(constants.INFO, "Saved.")
    storage.update(response)
    assert response.cookies["messages"]["path"] == "/board"

    request.COOKIES["messages"] = response.cookies["messages"].value
    read = Messages(request)
    assert list(read) == [Message(constants.INFO, "Saved.")]
    deleted = HttpResponse()
    read.update(deleted)
    assert (deleted.cookies["messages"]["path"], deleted.cookies["messages"]["max-age"]) == ("/board", 0)


@pytest.mark.parametrize(
    ("public_url", "path", "header"),
    [
        ("https://classes.school.example", "/healthz", "max-age=31536000; includeSubDomains\n"),
        ("https://school.example/board", "/board/healthz", "None\n"),
    ],
)
def test_transport_security_is_demanded_for_our_own_host_only(
    tmp_path: Any, public_url: str, path: str, header: str
) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    env = clean | {
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        "DATA_DIR": str(tmp_path),
        "PUBLIC_URL": public_url,
        "ALLOWED_HOSTS": "testserver",
    }
    done = quick_python.run("-c", SECURITY.format(path=path), env=env)
    assert done.stdout == header, done.stderr
