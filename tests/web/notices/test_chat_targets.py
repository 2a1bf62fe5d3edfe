"""Administrators add, test, change, switch and delete chat services on pages that never show a secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.integrations.chat_targets import tasks
from classroom_admin.integrations.chat_targets.models import ChatTarget
from classroom_admin.rooms.models import ClassList
from tests.integrations.chat_targets.chat_server import ChatServer, chat_server
from tests.integrations.happenings import alert
from tests.school import School

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(settings: Any) -> Iterator[ChatServer]:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    with chat_server() as server:
        yield server


@pytest.fixture
def admin(school: School) -> Client:
    return school.signed_in(school.administrator)


def details(address: str, **changes: Any) -> dict[str, Any]:
    values = {"name": "Staff", "service": "ntfy", "kinds": ["alert_raised"], "language": "en"}
    return {**values, "address": address, "token": "tk_secret", "class_list": "", **changes}


def at(name: str, target: ChatTarget | None = None) -> str:
    return reverse(f"notices:{name}", args=[target.key] if target else [])


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_service_is_added_tested_changed_switched_and_deleted(
    admin: Client, chat: ChatServer, school: School
) -> None:
    listed = ClassList.objects.create(name="7b", owner=school.teacher)
    address = f"{chat.address}/secret-topic"
    answer = admin.post(at("add_target"), details(address, class_list=listed.key), follow=True)
    target = ChatTarget.objects.get()
    assert "Staff was saved" in text(answer)
    assert "Classes with the list “7b”" in text(answer)
    assert "took the test message" in text(admin.post(at("test_target", target), follow=True))
    chat.status = 401
    said = text(admin.post(at("test_target", target), follow=True))
    assert "did not take the test message: The chat service refuses the message (status 401)." in said
    page = admin.get(at("change_target", target))
    assert "7b" in text(page)
    changed = details("", token="", name="Teachers", kinds=["class_started", "alert_raised"])
    admin.post(at("change_target", target), changed)
    target.refresh_from_db()
    assert (target.name, target.kinds, target.class_list) == (
        "Teachers",
        ["alert_raised", "class_started"],
        None,
    )
    off = text(admin.post(at("switch_target", target), {"on": "0"}, follow=True))
    assert "Teachers is now off" in off
    for shown in (text(answer), said, text(page), off):
        assert "secret-topic" not in shown
        assert "tk_secret" not in shown
    assert "Delete “Teachers”?" in text(admin.get(at("delete_target", target)))
    admin.post(at("delete_target", target))
    assert not ChatTarget.objects.exists()


def test_wrong_input_is_explained_and_nothing_is_saved(admin: Client, chat: ChatServer) -> None:
    answer = admin.post(at("add_target"), details("json://127.0.0.1/x", kinds=[], name=""))
    assert answer.status_code == 422
    assert "Choose at least one kind of message." in text(answer)
    answer = admin.post(at("add_target"), details("http://10.0.0.9/topic"))
    assert answer.status_code == 422
    assert "is in a private network" in text(answer)
    assert "tk_secret" not in text(answer)
    assert not ChatTarget.objects.exists()
    admin.post(at("add_target"), details(f"{chat.address}/topic"))
    target = ChatTarget.objects.get()
    for changes in ({"token": "tk_other"}, {"token": "", "service": "slack"}):
        answer = admin.post(at("change_target", target), details("", **changes))
        assert answer.status_code == 422
        assert "Enter the address again" in text(answer)


def test_failed_messages_are_shown_to_administrators(admin: Client, chat: ChatServer, school: School) -> None:
    admin.post(at("add_target"), details(f"{chat.address}/topic"))
    chat.status = 500
    alert(school.room)
    tasks.send()
    page = text(admin.get(at("targets")))
    assert "Messages with problems" in page
    assert "The chat service refuses the message (status 500)." in page
    assert "1 message waits" in page
    assert "No teacher present" in page
    assert "<script>alert" not in page
