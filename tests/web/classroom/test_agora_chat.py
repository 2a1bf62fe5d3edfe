"""Messages of Agora Chat on the pages: panel, search, filter by name, timeline of a person, and replay."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.agora.client import Client
from classroom_admin.rooms.models import ChatMessage, Gap, Participant
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.simulator.world.agora_chat import signed
from tests.school import HTMX
from tests.sync.conftest import cloud, config_for, room, sim, sync_once

__all__ = ["cloud", "sim"]
pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "s"


@pytest.fixture
def lesson(sim: RunningSimulator, settings: Any) -> RunningSimulator:
    settings.AGORA = config_for(sim, chat_url=f"{sim.base_url}/chat")
    settings.AGORA_CHAT_SECRET = SECRET
    sim.make_room("maths", roomName="Mathematics", state=1, agoraChat=True)
    sim.room("maths", "enter", userUuid="zoe", userName="Zoë Brandt")
    sim.room("maths", "enter", userUuid="kim", userName="Ms Kim", role=1)
    assert sync_once() == ""
    for person, text in (("zoe", "What is a hypotenuse?"), ("kim", "The long side")):
        sim.room("maths", "chat", userUuid=person, message=text)
    return sim


@pytest.fixture
def admin(lesson: RunningSimulator) -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser(email="admin@school.example", password="x"))
    return browser


def bring(lesson: RunningSimulator, **changes: Any) -> None:
    for callback in lesson.do(lambda world: list(world.agora_chat.callbacks)):
        callback = {**callback, **changes}
        body = json.dumps(signed(callback, secret=SECRET))
        assert Browser().post("/api/agora/chat/", body, content_type="application/json").status_code == 200


def plain(html: str) -> str:
    return html.replace("\u2068", "").replace("\u2069", "")


def get(browser: Browser, name: str, *args: Any, **query: Any) -> str:
    answer = browser.get(reverse(f"live:{name}", args=args), query)
    assert answer.status_code == 200
    return plain(answer.content.decode())


def texts(html: str) -> list[str]:
    return re.findall(r'class="message-text"[^>]*>([^<]*)<', html)


def test_panel_and_page_show_the_messages_in_order(lesson: RunningSimulator, admin: Browser) -> None:
    bring(lesson)
    for name in ("class", "chat"):
        html = get(admin, name, room("maths").key)
        assert texts(html) == ["What is a hypotenuse?", "The long side"]
        assert "Zoë Brandt" in html


def test_messages_of_both_kinds_of_chat_are_in_the_order_of_time(
    lesson: RunningSimulator, admin: Browser
) -> None:
    bring(lesson)
    first, last = ChatMessage.objects.order_by("sent_at", "sequence")
    ChatMessage.objects.filter(pk=last.pk).update(sent_at=first.sent_at + timedelta(seconds=2))
    middle = first.sent_at + timedelta(seconds=1)
    ChatMessage.objects.create(room=room("maths"), sequence=3, version=1, text="event 3", sent_at=middle)
    html = get(admin, "chat", room("maths").key)
    assert texts(html) == ["What is a hypotenuse?", "event 3", "The long side"]
    earlier = get(admin, "chat", room("maths").key, before=last.pk)
    assert texts(earlier) == ["What is a hypotenuse?", "event 3"]


def test_search_finds_text_and_name(lesson: RunningSimulator, admin: Browser) -> None:
    bring(lesson)
    url = reverse("live:chat", args=[room("maths").key])
    for words, found in (("hypotenuse", 1), ("kim", 1), ("brandt what", 1), ("nothing", 0)):
        answer = admin.get(url, {"q": words}, **HTMX)
        assert len(texts(answer.content.decode())) == found


def test_name_is_looked_up_if_the_message_does_not_have_it(lesson: RunningSimulator, admin: Browser) -> None:
    bring(lesson, payload={"bodies": [{"type": "txt", "msg": "nameless"}]})
    assert ChatMessage.objects.filter(name="").count() == 2
    html = get(admin, "chat", room("maths").key)
    assert "Zoë Brandt" in html
    assert "Ms Kim" in html
    events = get(admin, "events", room("maths").key, kind="chat")
    assert "Zoë Brandt wrote: nameless" in events


def test_events_are_found_by_kind_and_name(lesson: RunningSimulator, admin: Browser) -> None:
    bring(lesson)
    html = get(admin, "events", room("maths").key, kind="chat", who="brandt")
    assert "Zoë Brandt wrote: What is a hypotenuse?" in html
    assert "The long side" not in html


def test_timeline_of_a_person_has_their_messages(lesson: RunningSimulator, admin: Browser) -> None:
    bring(lesson)
    zoe = Participant.objects.get(user_uuid="zoe")
    html = get(admin, "student", zoe.pk)
    assert "Zoë Brandt wrote: What is a hypotenuse?" in html
    assert "The long side" not in html


def test_replay_shows_the_messages_at_their_time(
    lesson: RunningSimulator, admin: Browser, cloud: Client
) -> None:
    for callback in reversed(lesson.do(lambda world: list(world.agora_chat.callbacks))):
        body = json.dumps(signed(callback, secret=SECRET))
        Browser().post("/api/agora/chat/", body, content_type="application/json")
    last = ChatMessage.objects.order_by("sent_at").last()
    assert last is not None
    html = get(admin, "replay", room("maths").key, at=round(last.sent_at.timestamp() * 1000))
    assert texts(html) == ["What is a hypotenuse?", "The long side"]


def test_people_who_were_present_at_a_message(lesson: RunningSimulator, admin: Browser) -> None:
    bring(lesson)
    message = ChatMessage.objects.order_by("sent_at").first()
    assert message is not None
    html = get(admin, "there", room("maths").key, "room", message.sequence)
    assert "Zoë Brandt" in html


def test_gap_in_the_chat_is_shown_with_its_times(lesson: RunningSimulator, admin: Browser) -> None:
    first = 1_767_225_600_000
    Gap.objects.create(room=room("maths"), stream="chat", first=first, last=first + 3_599_999)
    for name in ("details", "events"):
        html = get(admin, name, room("maths").key)
        assert 'datetime="2026-01-01T00:00:00' in html
        assert str(first) not in html
    assert "Chat messages may be missing between" in get(admin, "events", room("maths").key)
