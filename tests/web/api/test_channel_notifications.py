"""The webhook for the cloud's Notifications service: accepted requests, refused ones and unreadable ones."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from classroom_admin.rooms.models import Room
from classroom_admin.sync import inbox
from classroom_admin.sync.models import ChannelNotice, InboxAnswer, Quarantine
from classroom_admin.sync.notification_reading import (
    LARGEST_BODY,
    SHA1_HEADER,
    SHA256_HEADER,
    signature,
)

ADDRESS = "/api/agora/notifications/"
SECRET = "the secret from the vendor's console"
AT_S = 1_763_757_600
SHA1, SHA256 = SHA1_HEADER, SHA256_HEADER


def notice(event_type: int = 103, notice_id: str = "2000001428:4330:107", **payload: Any) -> dict[str, Any]:
    """Return a notification as the vendor's documents describe it."""
    who = {"channelName": "maths", "uid": 71, "platform": 7, "clientSeq": 1, "ts": AT_S}
    return {
        "sid": "C866467GVJJ54687",
        "noticeId": notice_id,
        "productId": 1,
        "eventType": event_type,
        "notifyMs": AT_S * 1000 + 400,
        "payload": {name: value for name, value in (who | payload).items() if value is not None},
    }


Send = Callable[..., Any]


@pytest.fixture
def send(settings: Any, transactional_db: None) -> Send:
    """`send(notice)` sends a signed request; `body`, `secret`, `headers` and others replace parts."""
    settings.AGORA_NOTIFICATIONS_SECRET = SECRET
    client = Client(enforce_csrf_checks=True)

    def sent(content: Any = None, **how: Any) -> Any:
        body = how["body"] if "body" in how else json.dumps(content).encode()
        secret = how.get("secret", SECRET)
        headers = {name: signature(secret=secret, body=body, header=name) for name in (SHA1, SHA256)}
        headers = {name: value for name, value in (headers | how.get("headers", {})).items() if value}
        address = how.get("address", ADDRESS)
        return client.post(address, body, content_type="application/json", headers=headers)

    return sent


def nothing_is_here() -> bool:
    return not any(table.objects.exists() for table in (InboxAnswer, ChannelNotice, Quarantine, Room))


def test_notification_is_stored_as_it_came(send: Send) -> None:
    answer = send(notice(104, reason=2, duration=600))
    assert (answer.status_code, answer.json()) == (200, {"stored": 1, "duplicates": 0, "quarantined": 0})
    kept = ChannelNotice.objects.get()
    assert (kept.event_type, kept.room_uuid, kept.stream_uuid) == (104, "maths", "71")
    assert (kept.client_seq, kept.reason, kept.duration_s) == (1, 2, 600)
    assert kept.at == datetime.fromtimestamp(AT_S, UTC), "the service counts seconds"
    assert json.loads(kept.raw) == notice(104, reason=2, duration=600)
    assert bytes(InboxAnswer.objects.get().body) == json.dumps(notice(104, reason=2, duration=600)).encode()


def test_repeated_notification_is_stored_once(send: Send) -> None:
    assert send(notice()).json()["stored"] == 1
    again = notice() | {"notifyMs": AT_S * 1000 + 9000}
    assert send(again).json() == {"stored": 0, "duplicates": 1, "quarantined": 0}
    assert ChannelNotice.objects.count() == 1


@pytest.mark.parametrize("event_type", range(101, 113))
def test_every_event_of_a_channel_is_stored(send: Send, event_type: int) -> None:
    assert send(notice(event_type)).json()["stored"] == 1
    kept = ChannelNotice.objects.get()
    assert (kept.event_type, kept.match_due_at is not None) == (event_type, event_type in range(103, 109))


@pytest.mark.parametrize(
    ("who", "stream"),
    [({"uid": "71"}, "71"), ({"uid": 0, "account": "ada"}, "ada"), ({"uid": None, "account": "ada"}, "ada")],
)
def test_person_is_named_by_number_or_by_account(send: Send, who: dict[str, Any], stream: str) -> None:
    assert send(notice(**who)).json()["stored"] == 1
    assert ChannelNotice.objects.get().stream_uuid == stream


def test_notifications_of_other_products_are_stored_and_move_nobody(send: Send) -> None:
    test = {"noticeId": "t", "productId": 3, "eventType": 10, "notifyMs": 1, "payload": {"a": "1"}}
    assert send(test).json()["stored"] == 1
    assert ChannelNotice.objects.get().match_due_at is None


def test_signatures_are_those_of_the_vendors_example() -> None:
    body = (
        b'{"eventMs":1560408533119,"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f",'
        b'"notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}'
    )
    sha1 = signature(secret="secret", body=body, header=SHA1)
    assert sha1 == "033c62f40f687675f17f0f41f91a40c71c0f134c"
    sha256 = signature(secret="secret", body=body, header=SHA256)
    assert sha256 == "6d3320c60b11101395b7fc8f9068748808a0aa1bfa064438e39d1bc2c7d74d99"


@pytest.mark.parametrize("left_out", [SHA1, SHA256])
def test_one_right_signature_is_enough(send: Send, left_out: str) -> None:
    assert send(notice(), headers={left_out: ""}).status_code == 200


@pytest.mark.parametrize("wrong", [SHA1, SHA256])
@pytest.mark.parametrize("given", ["0" * 40, "0" * 64, "ä", "sha256="])
def test_each_wrong_signature_is_refused(send: Send, wrong: str, given: str, caplog: Any) -> None:
    answer = send(notice(), headers={wrong: given})
    assert answer.status_code == 403
    assert f"{wrong} does not fit" in answer.json()["error"]
    assert "does not fit" in caplog.text
    assert nothing_is_here()


def test_unsigned_request_is_refused(send: Send) -> None:
    answer = send(notice(), headers={SHA1: "", SHA256: ""})
    assert answer.status_code == 401
    assert "is not signed" in answer.json()["error"]
    assert nothing_is_here()


def test_changed_body_is_refused(send: Send) -> None:
    signed = {name: signature(secret=SECRET, body=b"another", header=name) for name in (SHA1, SHA256)}
    assert send(notice(), headers=signed).status_code == 403
    assert send(notice(), secret="another").status_code == 403
    assert nothing_is_here()


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_secret_the_address_does_not_exist(settings: Any, db: None, method: str) -> None:
    settings.AGORA_NOTIFICATIONS_SECRET = ""
    assert getattr(Client(), method)(ADDRESS).status_code == 404
    assert nothing_is_here()


def test_only_post_is_accepted(settings: Any, db: None) -> None:
    settings.AGORA_NOTIFICATIONS_SECRET = SECRET
    assert Client().get(ADDRESS).status_code == 405


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.removesuffix("/")])
def test_slash_at_the_end_does_not_matter(send: Send, address: str) -> None:
    assert send(notice(), address=address).status_code == 200


def test_too_large_body_is_refused(send: Send) -> None:
    answer = send(body=b" " * (LARGEST_BODY + 1))
    assert answer.status_code == 413
    assert str(LARGEST_BODY) in answer.json()["error"]
    assert nothing_is_here()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\x00 no", "not JSON"),
        (b"[]", "not an object"),
        (b'{"eventType": 103}', "without noticeId"),
        (b'{"noticeId": "1"}', "without eventType"),
        (json.dumps(notice(channelName=None)).encode(), "a channel that it does not name"),
        (json.dumps(notice(channelName="x" * 65)).encode(), "an id longer than 64 characters"),
        (json.dumps(notice(uid=None)).encode(), "a person whom it does not name"),
        (json.dumps(notice(ts="soon")).encode(), "without a usable time"),
        (json.dumps(notice(ts=10**30)).encode(), "too large"),
    ],
)
def test_unreadable_notification_is_quarantined_once_and_blocks_nothing(
    send: Send, content: bytes, why: str
) -> None:
    for _repeated in range(2):
        answer = send(body=content)
        assert (answer.status_code, answer.json()["quarantined"]) == (200, 1), "it would be repeated for ever"
    aside = Quarantine.objects.get()
    assert why in aside.reason
    assert aside.answer is not None
    assert bytes(aside.answer.body) == content
    assert send(notice(notice_id="next")).json()["stored"] == 1


def test_quarantined_notification_is_read_again_by_a_later_release(send: Send, monkeypatch: Any) -> None:
    send(body=json.dumps(notice(ts="soon")).encode())
    InboxAnswer.objects.update(body=json.dumps(notice()).encode())  # what a later release makes of it
    inbox.read_quarantine_again()
    assert ChannelNotice.objects.count() == 1
    assert not Quarantine.objects.filter(resolved_at=None).exists()


def test_bytes_are_committed_before_parsing(send: Send, monkeypatch: Any) -> None:
    def killed(_answer: Any) -> Any:
        assert InboxAnswer.objects.filter(read_at=None).count() == 1
        raise MemoryError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "_read", killed)
        with pytest.raises(MemoryError):
            send(notice())
    assert inbox.unread() == [], "the request itself may still be at it"
    InboxAnswer.objects.update(received_at=timezone.now() - timezone.timedelta(seconds=6))
    (left,) = inbox.unread()
    assert inbox.read(left).stored == 1
    assert send(notice()).json()["duplicates"] == 1


def test_secret_is_never_logged(send: Send, caplog: Any) -> None:
    with caplog.at_level(logging.DEBUG):
        for answer in (send(notice()), send(notice(), secret="x"), send(body=b"{}")):
            assert SECRET.encode() not in answer.content
    assert SECRET not in caplog.text
