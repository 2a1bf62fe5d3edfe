"""The chat of breakout rooms is part of the chat of their class, with the name of the breakout room."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.realtime.versions import PageVersion
from classroom_admin.rooms.class_selectors import as_shown
from classroom_admin.rooms.models import ChatMessage, Room
from classroom_admin.sync import projector
from tests.school import HTMX, make_person
from tests.sync.test_breakout_rooms import BEN, INSIDE, START, event, groups
from tests.sync.test_order import arrive, project_all

pytestmark = pytest.mark.django_db(transaction=True)
CAT = {"userUuid": "cat", "userName": "Cat", "role": 2}


@pytest.fixture
def admin(school: Any) -> Client:
    found: Client = school.signed_in(school.administrator)
    return found


@pytest.fixture
def maths() -> Room:
    """A class with a message of its own, and with a message and Ben in the breakout room Red."""
    arrive([START, groups(), event("maths", 3, 3, {"fromUser": CAT, "message": "to all"}), *INSIDE])
    project_all()
    return Room.objects.get(room_uuid="maths")


def shown(html: str) -> list[tuple[str, str]]:
    """Return (breakout room, text) of the messages in this HTML."""
    found = re.findall(r'<li id="[mg]\d+".*?</li>', html, re.DOTALL)
    rows = []
    for one in found:
        group = re.search(r"in <bdi>(.*?)</bdi>", one)
        text = re.search(r'class="message-text"[^>]*>(.*?)<', one)
        assert text is not None
        rows.append((group[1] if group else "", text[1]))
    return rows


def get(client: Client, name: str, room: Room, *more: Any, **query: Any) -> str:
    answer = client.get(reverse(f"live:{name}", args=[room.key, *more]), query, **HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def version() -> str:
    return str(PageVersion.of(as_shown().get(room_uuid="maths")))


def test_page_of_a_class_shows_the_chat_of_its_breakout_rooms(admin: Client, maths: Room) -> None:
    html = admin.get(reverse("live:class", args=[maths.key])).content.decode()
    assert shown(html) == [("Red", "hello"), ("", "to all")], "in the order of time"
    assert re.search(r'id="chat-sum">\s*2 messages', html)


def test_page_of_all_messages_and_its_search_have_them_too(admin: Client, maths: Room) -> None:
    assert shown(admin.get(reverse("live:chat", args=[maths.key])).content.decode()) == [
        ("Red", "hello"),
        ("", "to all"),
    ]
    for words in ("hello", "red ben"):
        html = get(admin, "chat", maths, q=words)
        assert "hello" in html
        assert "in <bdi>Red</bdi>" in html
        assert "to all" not in html


def test_new_message_in_a_breakout_room_is_sent_alone(admin: Client, maths: Room) -> None:
    seen = version()
    arrive([event("g1", 3, 3, {"fromUser": BEN, "message": "done"})])
    project_all()
    html = get(admin, "class_changes", maths, v=seen)
    assert shown(html) == [("Red", "done")]
    assert "3 messages" in html
    seen = version()
    arrive([event("maths", 4, 3, {"fromUser": CAT, "message": "well done"})])
    project_all()
    assert shown(get(admin, "class_changes", maths, v=seen)) == [("", "well done")]


def test_page_that_missed_many_events_gets_the_newest_chat(admin: Client, maths: Room) -> None:
    seen = version()
    arrive([event("g1", n, 3, {"fromUser": BEN, "message": f"no. {n}"}) for n in range(3, 83)])
    project_all()
    html = get(admin, "class_changes", maths, v=seen)
    assert 'id="talk-newest"' in html
    assert len(shown(html)) == 60
    assert shown(html)[-1] == ("Red", "no. 82")
    assert "82 messages" in html


def test_messages_of_a_class_and_its_breakout_rooms_are_paged_together(admin: Client, maths: Room) -> None:
    own = [event("maths", n, 3, {"fromUser": CAT, "message": f"own {n}"}) for n in range(4, 84)]
    inside = [event("g1", n, 3, {"fromUser": BEN, "message": f"inside {n}"}) for n in range(4, 84)]
    arrive([event("g1", 3, 99, {"fromUser": BEN, "message": "app"}), *own, *inside])
    project_all()
    seen: list[str] = []
    html = get(admin, "chat", maths)
    while True:
        seen += [text for _group, text in shown(html)]
        found = re.search(r"before=(\d+)", html)
        if not found:
            break
        html = get(admin, "chat", maths, before=found[1])
    stored = ChatMessage.objects.filter(kind="chat", user_uuid__in=("ben", "cat")).count()
    assert len(seen) == len(set(seen)) == stored == 162


def test_people_who_read_a_message_are_those_of_the_breakout_room(admin: Client, maths: Room) -> None:
    make_person(maths, 60, user_uuid="dora", name="Dora")
    message = ChatMessage.objects.get(text="hello")
    html = get(admin, "there", maths, "group", message.pk)
    assert "Ben" in html
    assert "Dora" not in html
    other = Room.objects.create(room_uuid="other")
    address = reverse("live:there", args=[other.key, "group", message.pk])
    assert admin.get(address, **HTMX).status_code == 404


def test_projecting_again_changes_nothing(maths: Room) -> None:
    for one in Room.objects.all():
        assert projector.project_again(one.pk).rows == 0
