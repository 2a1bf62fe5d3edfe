"""Links into the classroom."""

from __future__ import annotations

import pytest

from classroom_admin.web.join_links import STUDENT, TEACHER, join_link, recording_address


def test_join_link_encodes_every_value() -> None:
    link = join_link(
        "https://c.test/{room}?u={user}&n={name}&r={role}",
        room="a/b c?&#",
        user="ü+1",
        name="<O'Brien> & {room}",
        role=TEACHER,
    )
    assert link == ("https://c.test/a%2Fb%20c%3F%26%23?u=%C3%BC%2B1&n=%3CO%27Brien%3E%20%26%20%7Broom%7D&r=1")


@pytest.mark.parametrize(
    ("template", "link"),
    [
        ("", ""),
        ("https://c.test/", "https://c.test/"),
        ("https://c.test/{unknown}/{room}", "https://c.test/{unknown}/R"),
        ("https://c.test/{room}{room}", "https://c.test/RR"),
        ("https://c.test/{{room}}", "https://c.test/{R}"),
        ("https://c.test/{room", "https://c.test/{room"),
        ("https://c.test/{0.__class__}{room!r}", "https://c.test/{0.__class__}{room!r}"),
    ],
)
def test_join_link_fills_known_placeholders(template: str, link: str) -> None:
    assert join_link(template, room="R", role=STUDENT) == link


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("", ""),
        ("https://c.test/join?room={room}&user={user}&role={role}", "https://c.test/join"),
        ("https://c.test/#/join?room={room}", "https://c.test/#/join"),
        ("https://c.test/{room}/watch", "https://c.test/a%20b/watch"),
    ],
)
def test_recording_address_is_the_join_link_without_its_query(template: str, address: str) -> None:
    assert recording_address(template, room="a b") == address
