"""Requests to the webhook: accepted ones, and refused ones that store nothing."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from classroom_admin.rooms.models import ChatMessage, Participant, PeerMessage, Room
from classroom_admin.sync import inbox
from classroom_admin.sync.models import InboxAnswer, Quarantine, StoredEvent
from classroom_admin.sync.webhook import LARGEST_BODY, why_not_signed
from tests.sync.test_order import arrive
from tests.web.api.conftest import ADDRESS, Send, chat, peer


def nothing_is_here() -> bool:
    tables = (InboxAnswer, StoredEvent, Quarantine, Room, PeerMessage, ChatMessage)
    return not any(table.objects.exists() for table in tables)


def test_single_item_is_stored(send: Send) -> None:
    answer = send(peer())
    assert (answer.status_code, answer.json()) == (202, {"stored": 1, "duplicates": 0})
    told = PeerMessage.objects.get()
    assert (told.room.room_uuid, told.user_uuid, told.name, told.role) == ("maths", "zoe", "Zoë", "student")
    assert (told.to_user_uuid, told.text, told.kind, told.approximate) == ("amir", "psst", "chat", False)
    assert told.sent_at.timestamp() == 1_763_757_600


def test_duplicates_in_a_list_are_counted(send: Send) -> None:
    items = [peer("one"), peer("two", cmd=99), peer("one"), chat(1), chat(1), chat(2)]
    assert send(items).json() == {"stored": 4, "duplicates": 2}
    assert set(PeerMessage.objects.values_list("text", "kind")) == {("one", "chat"), ("two", "custom")}
    assert ChatMessage.objects.count() == 2
    assert Room.objects.get().event_count == 2


def test_repeated_request_changes_nothing(send: Send) -> None:
    items = [peer(), chat(1)]
    assert send(items).json() == {"stored": 2, "duplicates": 0}
    version = Room.objects.get().version
    assert send(items).json() == {"stored": 0, "duplicates": 2}
    reordered = [{name: item[name] for name in reversed(item)} for item in items]
    assert send(reordered).json() == {"stored": 0, "duplicates": 2}
    assert Room.objects.get().version == version


def test_empty_list_is_accepted(send: Send) -> None:
    assert send([]).json() == {"stored": 0, "duplicates": 0}


@pytest.mark.parametrize("first", ["relay", "poll"])
def test_event_from_webhook_and_polling_is_stored_once(send: Send, first: str) -> None:
    polled = {"roomUuid": "maths", **chat(1)["notification"]}
    del polled["ts"]  # a polled event need not have it
    ways = [lambda: send(chat(1)).json(), lambda: arrive([polled]).stored]
    by_relay, by_poll = [way() for way in ways] if first == "relay" else [way() for way in ways[::-1]][::-1]
    assert by_relay == {"stored": int(first == "relay"), "duplicates": int(first == "poll")}
    assert by_poll == int(first == "poll")
    assert StoredEvent.objects.count() == 1
    assert not Quarantine.objects.exists()


def test_first_event_keeps_its_sequence(send: Send) -> None:
    send(chat(1, "the first"))
    other = chat(1, "another")
    other["notification"]["ts"] += 5000
    assert send(other).json() == {"stored": 0, "duplicates": 1}
    assert ChatMessage.objects.get().text == "the first"
    assert "came before with another event" in Quarantine.objects.get().reason


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"given": "sha256=" + "0" * 64}, "does not fit"),
        ({"given": ""}, "does not fit"),
        ({"given": "sha256=ä"}, "does not fit"),
        ({"secret": "another"}, "does not fit"),
        ({"seconds": -1000}, "behind our clock"),
        ({"seconds": 1000}, "ahead of our clock"),
        ({"timestamp": "yesterday"}, "whole seconds"),
        ({"timestamp": ""}, "whole seconds"),
        ({"timestamp": "-1"}, "whole seconds"),
    ],
)
def test_invalid_signatures_are_refused(send: Send, how: dict[str, Any], words: str, caplog: Any) -> None:
    if "seconds" in how:  # from now, not from when the tests were collected
        how = {"timestamp": int(time.time()) + how["seconds"]}
    answer = send(peer(), **how)
    assert answer.status_code == 401
    assert words in answer.json()["error"]
    assert words in caplog.text
    assert nothing_is_here()


def test_changed_body_is_refused(send: Send) -> None:
    from classroom_admin.sync.webhook import signature
    from tests.web.api.conftest import SECRET

    now = str(int(time.time()))
    given = signature(secret=SECRET, timestamp=now, body=json.dumps(peer("mine")).encode())
    assert send(peer("yours"), given=given, timestamp=now).status_code == 401


@pytest.mark.parametrize(
    ("apart_s", "good"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_timestamp_may_differ_by_300_seconds(apart_s: int, good: bool) -> None:
    from classroom_admin.sync.webhook import signature

    now = 1_763_757_600
    stamp = str(now + apart_s)
    given = signature(secret="s", timestamp=stamp, body=b"{}")
    assert (not why_not_signed(secret="s", timestamp=stamp, given=given, body=b"{}", now_s=now)) is good


def test_signature_is_as_documented() -> None:
    import hashlib
    import hmac

    body, stamp = '{"ä": 1}'.encode(), "1763757600"
    hexed = hmac.new(b"s", b"1763757600." + body, hashlib.sha256).hexdigest()
    assert not why_not_signed(
        secret="s", timestamp=stamp, given=f"sha256={hexed}", body=body, now_s=1763757600
    )
    assert why_not_signed(secret="s", timestamp=stamp, given=hexed, body=body, now_s=1763757600)


def test_without_secret_every_request_is_refused(send: Send, settings: Any, caplog: Any) -> None:
    settings.RELAY_SECRET = ""
    for secret in ("", "a guess"):
        answer = send(peer(), secret=secret)
        assert answer.status_code == 401
    assert "RELAY_SECRET is not set" in answer.json()["error"]
    assert "RELAY_SECRET is not set" in caplog.text
    assert nothing_is_here()


def without(item: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != name}


def changed(item: dict[str, Any], **notification: Any) -> dict[str, Any]:
    return item | {"notification": item["notification"] | notification}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (7, "an item must be an object"),
        (None, "an item must be an object"),
        ({}, "channel must be"),
        (peer(channel="all"), "channel must be"),
        (peer(channel=["peer"]), "channel must be"),
        (peer(notification=None), "notification must be an object"),
        (changed(peer(), cmd="x"), "cmd must be a number"),
        (changed(peer(), cmd=None), "cmd must be a number"),
        (changed(peer(), data=None), "data must be an object"),
        (changed(peer(), data=[1]), "data must be an object"),
        (without(chat(1), "roomUuid"), "needs roomUuid"),
        (chat(0), "out of range"),
        (changed(chat(1), sequence=None), "usable sequence number"),
        (changed(chat(1), sequence="x"), "usable sequence number"),
        (changed(chat(1), sequence=2**70), "too large"),
        (chat(1, roomUuid="r" * 65), "longer than 64"),
        (peer(toUserUuid="u" * 300), "longer than 255"),
    ],
)
@pytest.mark.parametrize("several", [False, True])
def test_invalid_item_refuses_the_whole_request(send: Send, item: Any, words: str, several: bool) -> None:
    answer = send([peer("good"), chat(2), item] if several else item)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert answer.json()["error"].startswith("Item 3: ") is several
    assert nothing_is_here()


@pytest.mark.parametrize("body", [b"", b"{", b"not json", b"[" * 5000, b"\xff\xfe"])
def test_invalid_json_body_is_refused(send: Send, body: bytes) -> None:
    answer = send(body=body)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "The body is not JSON, or is nested deeper than 201 levels."},
    )
    assert nothing_is_here()


def test_too_large_request_is_refused(send: Send) -> None:
    assert send(body=b" " * (LARGEST_BODY + 1)).status_code == 413
    assert nothing_is_here()


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head"])
def test_other_methods_are_refused(send: Send, method: str) -> None:
    assert getattr(Client(), method)(ADDRESS).status_code == 405


def test_event_with_invalid_data_is_stored_as_from_polling(send: Send) -> None:
    odd = changed(chat(1), cmd=1, data={"state": 9})
    unknown = changed(chat(2), cmd=4711, data={"x": 1})
    assert send([odd, unknown]).json() == {"stored": 2, "duplicates": 0}
    assert StoredEvent.objects.get(sequence=1).unreadable
    assert Room.objects.get().event_count == 2


def test_message_without_class_belongs_to_its_senders_class(send: Send) -> None:
    for number, name in enumerate(("yesterday", "now")):
        room = Room.objects.create(room_uuid=name)
        Participant.objects.create(
            room=room, user_uuid="zoe", online=name == "now", online_since=timezone.now() if number else None
        )
    homeless = peer(data={"fromUser": {"userUuid": "zoe"}, "message": "psst"})
    assert send(homeless).json() == {"stored": 1, "duplicates": 0}
    assert PeerMessage.objects.get().room.room_uuid == "now"


def test_message_without_known_class_is_quarantined_once(send: Send) -> None:
    homeless = peer(data={"fromUser": {"userUuid": "nobody"}, "message": "psst"})
    assert send([homeless, peer()]).json() == {"stored": 2, "duplicates": 0}
    assert send(homeless).json() == {"stored": 0, "duplicates": 1}
    aside = Quarantine.objects.get()
    assert "names no class" in aside.reason
    assert '"nobody"' in aside.raw
    assert PeerMessage.objects.count() == 1


def test_hostile_text_is_stored_as_text(send: Send) -> None:
    assert send(peer("<script>\u0000\ud800")).status_code == 202
    assert PeerMessage.objects.get().text.startswith("<script>")


def test_bytes_are_committed_before_parsing(send: Send, monkeypatch: Any) -> None:
    def killed(_answer: Any) -> Any:
        assert InboxAnswer.objects.filter(read_at=None).count() == 1
        raise MemoryError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "_read", killed)
        with pytest.raises(MemoryError):
            send(peer())
    assert inbox.unread() == [], "the request itself may still be at it"
    InboxAnswer.objects.update(received_at=timezone.now() - timezone.timedelta(seconds=6))
    (left,) = inbox.unread()
    assert inbox.read(left).stored == 1
    assert send(peer()).json() == {"stored": 0, "duplicates": 1}


def test_rebuild_gives_the_same_rows(send: Send, capsys: Any) -> None:
    send([peer("one"), chat(1), peer("two", ts=None), peer("three", cmd=99)])
    send([peer("four", ts=1_763_757_599_000), changed(chat(2), ts=None)])
    before = list(PeerMessage.objects.order_by("digest").values())
    assert len(before) == 4
    call_command("rebuild")
    assert "0 rows changed" in capsys.readouterr().out
    assert list(PeerMessage.objects.order_by("digest").values()) == before
    PeerMessage.objects.all().delete()
    call_command("rebuild")
    assert "4 rows changed" in capsys.readouterr().out
    for row, again in zip(before, PeerMessage.objects.order_by("digest").values(), strict=True):
        assert {**row, "id": 0, "version": 0} == {**again, "id": 0, "version": 0}


def test_secret_is_never_logged(send: Send, caplog: Any) -> None:
    from tests.web.api.conftest import SECRET

    with caplog.at_level(logging.DEBUG):
        for answer in (send(peer()), send(peer(), secret="x"), send({})):
            assert SECRET.encode() not in answer.content
    assert SECRET not in caplog.text


def test_odd_number_in_an_item_does_not_block_others(send: Send) -> None:
    items = [chat(1), chat(2), peer()]
    for item in items[1:]:
        item["notification"]["data"]["odd"] = "ODD"
    answer = send(body=json.dumps(items).replace('"ODD"', "9" * 5000).encode())
    assert (answer.status_code, answer.json()) == (202, {"stored": 3, "duplicates": 0})
    assert ChatMessage.objects.count() == 2
    assert PeerMessage.objects.get().text == "psst"


def test_item_that_is_nested_too_deep_is_refused_with_the_reason(send: Send) -> None:
    item = chat(1)
    item["notification"]["data"]["odd"] = "ODD"
    deep = '{"a":' * 2000 + "1" + "}" * 2000
    answer = send(body=json.dumps([item]).replace('"ODD"', deep).encode())
    assert answer.status_code == 400
    assert "nested deeper than 201 levels" in answer.json()["error"]
    assert ChatMessage.objects.count() == 0


def test_message_without_ts_that_says_the_same_later_is_a_second_message(send: Send) -> None:
    now = int(time.time())
    for when in (now - 60, now):
        assert send(peer("yes", ts=None), timestamp=when).json() == {"stored": 1, "duplicates": 0}
    assert list(PeerMessage.objects.values_list("text", "approximate")) == [("yes", True)] * 2


def test_repeated_request_stores_messages_without_ts_once(send: Send) -> None:
    now = int(time.time())
    items = [peer("yes", ts=None), peer("yes", ts=None), peer("no", ts="soon")]
    assert send(items, timestamp=now).json() == {"stored": 3, "duplicates": 0}
    assert send(items, timestamp=now).json() == {"stored": 0, "duplicates": 3}
    assert PeerMessage.objects.filter(text="yes").count() == 2


def test_message_without_ts_and_without_known_class_is_quarantined_each_time(send: Send) -> None:
    now = int(time.time())
    homeless = peer(data={"fromUser": {"userUuid": "nobody"}, "message": "psst"}, ts=None)
    for when, stored in ((now - 60, 1), (now, 1), (now, 0)):
        assert send(homeless, timestamp=when).json() == {"stored": stored, "duplicates": 1 - stored}
    assert Quarantine.objects.count() == 2


@pytest.mark.parametrize("address", ["/api/notifications", "/api/notifications/"])
def test_webhook_answers_with_and_without_a_slash_at_the_end(send: Send, address: str) -> None:
    assert send(peer(), address=address).status_code == 202
    assert PeerMessage.objects.count() == 1
