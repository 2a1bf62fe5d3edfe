"""Messages of all kinds: pages, search, and who was present."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.common import clock
from classroom_admin.common.text_matching import contains_all, search_key
from classroom_admin.rooms.models import ChatMessage, PeerMessage, Presence
from tests.school import HOSTILE, HTMX, School, make_person
from tests.web.classroom.test_page import changes, now, page


def written(school: School, sequence: int, text: str, **columns: Any) -> ChatMessage:
    columns.setdefault("name", "Zoë Brandt")
    columns.setdefault("sent_at", clock.now())
    return ChatMessage.objects.create(
        room=school.room, sequence=sequence, version=1, text=text, user_uuid="zoe", **columns
    )


def whispered(school: School, number: int, text: str, **columns: Any) -> PeerMessage:
    columns.setdefault("sent_at", clock.now() + timedelta(seconds=number))
    return PeerMessage.objects.create(
        room=school.room,
        digest=f"d{number}",
        arrived=number,
        version=1,
        text=text,
        user_uuid="zoe",
        to_user_uuid="amir",
        **columns,
    )


def messages(client: Client, school: School, **query: Any) -> str:
    answer = client.get(reverse("live:chat", args=[school.room.key]), query, **HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def people(school: School) -> None:
    make_person(school.room, 50, user_uuid="zoe", name="Zoë Brandt")
    make_person(school.room, 51, user_uuid="amir", name="Amir")


def texts(html: str) -> list[str]:
    return re.findall(r'class="message-text"[^>]*>([^<]*)<', html)


# --- found ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("hypotenuse", ["The hypotenuse"]),
        ("HYPOTENUSE the", ["The hypotenuse"]),
        ("zoe", ["psst, Ärger", "The hypotenuse"]),
        ("zoe hypo", ["The hypotenuse"]),
        ("amir", ["psst, Ärger"]),
        ("arger", ["psst, Ärger"]),
        ("ÄRGER", ["psst, Ärger"]),
        ("nothing like it", []),
        ("%", []),
        ("_", []),
        ("   ", []),
    ],
)
def test_search_finds_words_and_names_in_all_messages(
    school: School, admin: Client, words: str, found: list[str]
) -> None:
    people(school)
    ChatMessage.objects.all().delete()
    written(school, 7, "The hypotenuse", sent_at=clock.now() - timedelta(hours=1))
    written(school, 8, "nobody asked", name="Ben", kind="custom", sent_at=clock.now() - timedelta(hours=2))
    whispered(school, 1, "psst, Ärger")
    assert texts(messages(admin, school, q=words)) == found


def test_search_covers_messages_that_the_page_does_not_show(school: School, admin: Client) -> None:
    for number in range(100, 400):
        written(school, number, f"message {number}")
    html = messages(admin, school, q="message 101")
    assert texts(html) == ["message 101"]
    html = messages(admin, school, q="message")
    assert len(texts(html)) == 100
    assert "The newest 100 matching messages" in html


def test_search_of_one_kind(school: School, admin: Client) -> None:
    people(school)
    written(school, 7, "here")
    written(school, 8, "here too", kind="custom")
    whispered(school, 1, "here as well")
    assert texts(messages(admin, school, q="here", kind="custom")) == ["here too"]
    assert texts(messages(admin, school, q="here", kind="peer")) == ["here as well"]


def test_search_is_a_page_without_javascript_too(school: School, admin: Client) -> None:
    written(school, 7, "The hypotenuse")
    html = admin.get(reverse("live:chat", args=[school.room.key]), {"q": "hypo"}).content.decode()
    assert "The hypotenuse" in html
    assert 'value="hypo"' in html


def test_hostile_search_words_are_escaped(school: School, admin: Client) -> None:
    whispered(school, 1, HOSTILE, name=HOSTILE)
    for query in ({"q": "script"}, {"kind": "peer"}):
        for headers in ({}, HTMX):
            answer = admin.get(reverse("live:chat", args=[school.room.key]), query, **headers)
            assert HOSTILE not in answer.content.decode()
            assert "&lt;script&gt;" in answer.content.decode()


def test_search_ignores_case_and_accents() -> None:
    assert search_key("  ZOË  Größe ") == "zoe grosse"
    assert contains_all(["zoe", "was"], "Was?", "Zoë")
    assert not contains_all(["zoe", "was"], "Zoë", "")


# --- person to person, apps ----------------------------------------------------------------------------


def test_direct_messages_show_both_names(school: School, admin: Client) -> None:
    people(school)
    whispered(school, 1, "psst")
    html = messages(admin, school, kind="peer")
    assert 'hx-swap-oob="upsert-quietly:#peer-log"' in html
    assert "Zoë Brandt" in html
    assert "<bdi>Amir</bdi>" in html
    for cloud_id in ("zoe", "amir"):
        assert f'"{cloud_id}"' not in html


@pytest.mark.parametrize("kind", ["peer", "custom"])
def test_other_kinds_are_paged_to_the_first_message(school: School, admin: Client, kind: str) -> None:
    for number in range(150):
        if kind == "peer":  # two at a time within the same millisecond
            whispered(school, number, f"no. {number}.", sent_at=clock.from_ms(10**12 + number // 2))
        else:
            written(school, 100 + number, f"no. {number}.", kind="custom")
    seen: list[str] = []
    html = messages(admin, school, kind=kind)
    while True:
        seen += texts(html)
        found = re.search(r"before=(\d+)", html)
        if not found:
            break
        html = messages(admin, school, kind=kind, before=found.group(1))
    assert sorted(seen) == sorted(f"no. {number}." for number in range(150))


def test_new_message_of_each_kind_is_sent_alone(school: School, admin: Client) -> None:
    people(school)
    for row, into in (
        (written(school, 20, "to apps", kind="custom"), "#custom-log"),
        (whispered(school, 1, "between two"), "#peer-log"),
        (written(school, 21, "to all"), "#chat-log"),
    ):
        before = now(school)
        school.change(row)
        html = changes(admin, school, before).content.decode()
        assert f'hx-swap-oob="upsert:{into}"' in html
        assert texts(html) == [row.text]


def test_direct_messages_cost_no_query_until_opened(school: School, admin: Client) -> None:
    whispered(school, 1, "psst")
    with CaptureQueriesContext(connection) as queries:
        assert "psst" not in page(admin, school).content.decode()
    assert not [query for query in queries if "peermessage" in query["sql"]]


def test_page_that_missed_much_gets_the_newest_chat(school: School, admin: Client) -> None:
    before = now(school)
    for number in range(100, 200):
        written(school, number, f"message {number}")
    ChatMessage.objects.update(version=2)
    school.change(ChatMessage.objects.order_by("sequence").last())
    html = changes(admin, school, before).content.decode()
    assert 'id="talk-newest"' in html
    assert len(texts(html)) == 60
    assert texts(html)[-1] == "message 199"


# --- presence -----------------------------------------------------------------------------------------


def test_presence_at_a_message_is_decided_by_sequence_numbers(school: School, admin: Client) -> None:
    at = clock.now() - timedelta(minutes=10)
    people(school)
    for number, (name, entered, left) in enumerate(
        (("Before", 1, 5), ("There", 2, 20), ("Still there", 3, None), ("Later", 11, None), ("Back", 1, 4))
    ):
        make_person(school.room, 60 + number, name=name)
        Presence.objects.create(
            room=school.room,
            user_uuid=f"cloud-user-{60 + number}",
            entered_sequence=entered,
            entered_at=at,
            left_sequence=left,
            left_at=at if left else None,  # all within the same second: only numbers tell
        )
    Presence.objects.create(room=school.room, user_uuid="cloud-user-64", entered_sequence=9, entered_at=at)
    written(school, 10, "Who hears me?", sent_at=at)
    answer = admin.get(reverse("live:there", args=[school.room.key, "room", 10]), **HTMX)
    html = answer.content.decode()
    present, others = html.split("Not present at this time")
    assert "Who hears me?" in present
    assert "3 people were in the class" in present
    assert re.findall(r"<li>\s*<bdi>([^<]*)", present) == ["Back", "Still there", "There"]
    assert re.findall(r"<li>\s*<bdi>([^<]*)", others) == ["Before", "Later"]
    assert "left" in others
    assert "joined" in others


def test_presence_at_a_direct_message_is_decided_by_time(school: School, admin: Client) -> None:
    people(school)
    at = clock.now()
    for name, entered, left in (("zoe", -60, 60), ("amir", 10, None)):
        Presence.objects.create(
            room=school.room,
            user_uuid=name,
            entered_sequence=1,
            entered_at=at + timedelta(seconds=entered),
            left_at=left and at + timedelta(seconds=left),
        )
    row = whispered(school, 1, "psst", sent_at=at)
    html = admin.get(reverse("live:there", args=[school.room.key, "peer", row.pk])).content.decode()
    assert "1 person was in the class" in html
    assert html.index("Zoë Brandt") < html.index("Not present at this time") < html.rindex("Amir")
