"""A school, a server in front of it, and pages that read its streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.realtime.versions import PageVersion
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Room
from classroom_admin.web.class_list.views import ListOfClasses
from tests.realtime.serving import Reader, Server, running_server, until
from tests.school import School, furnish

Open = Callable[..., Reader]


@pytest.fixture
def school(transactional_db: None) -> School:
    """The same school, in a database that the server's threads see too."""
    return furnish()


@pytest.fixture
def server(school: School) -> Iterator[Server]:
    with running_server() as running:
        yield running


def session_of(school: School, user: User) -> str:
    """A session of this person, as the cookie names it."""
    client = school.signed_in(user)
    return client.cookies["sessionid"].value


def version_of(room: Room) -> str:
    """The version that a page of this room made now would have."""
    return str(PageVersion.of(class_selectors.as_shown().get(pk=room.pk)))


@pytest.fixture
def watch(school: School, server: Server) -> Iterator[Open]:
    """Return a function that opens the stream of a class at its current version; `v=`: another version."""
    readers: list[Reader] = []

    def opened(user: User | None = None, *, room: Room | None = None, **query: Any) -> Reader:
        session = query.pop("session", None) or session_of(school, user or school.administrator)
        room = room or school.room
        version = query.pop("v", None) or version_of(room)
        reader = Reader(server, f"/live/classes/{room.key}/stream?v={version}", session)
        readers.append(reader)
        return reader

    yield opened
    for reader in readers:
        reader.close()


@pytest.fixture
def watch_list(school: School, server: Server) -> Iterator[Open]:
    """Return a function that opens the stream of a person's class list (default: the administrator's)."""
    readers: list[Reader] = []

    def opened(user: User | None = None, query: str = "", v: str | None = None) -> Reader:
        user = user or school.administrator
        asked = dict(part.split("=") for part in query.split("&") if part)
        version = ListOfClasses(user, asked).version if v is None else v
        before = server.hub.lists.subscribers
        reader = Reader(server, f"/live/classes/stream?v={version}&{query}", session_of(school, user))
        readers.append(reader)
        reader.hello()
        until(lambda: server.hub.lists.subscribers > before)
        return reader

    yield opened
    for reader in readers:
        reader.close()
