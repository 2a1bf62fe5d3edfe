"""Receivers get each notice once, in order, and do not disturb each other."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from classroom_admin.common import clock
from classroom_admin.integrations.notices import receivers, tasks
from classroom_admin.integrations.notices.models import Handover, Notice
from classroom_admin.integrations.notices.occurrences import Occurrence
from classroom_admin.integrations.notices.recorder import record
from classroom_admin.rooms.models import Room
from tests.school import make_room

pytestmark = pytest.mark.django_db(transaction=True)
got: dict[str, list[int]] = {}


@pytest.fixture(autouse=True)
def two_receivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers, "_receivers", {})
    got.clear()
    for name in ("first", "second"):

        @receivers.receiver(name)
        def keep(ids: list[int], name: str = name) -> None:
            assert connection.in_atomic_block
            got.setdefault(name, []).extend(ids)


def a_notice(room: Room, name: str) -> Notice:
    one = Occurrence(kind=Notice.Kind.CLASS_STARTED, name=name, at=clock.cloud_now())
    with transaction.atomic():
        (stored,) = record(room, [one])
        assert record(room, [one]) == [], "the same occurrence is stored once"
    return stored


def test_every_receiver_gets_every_notice_once_and_in_order() -> None:
    room = make_room("Choir")
    ids = [a_notice(room, f"{number}").pk for number in range(5)]
    tasks.hand_over()
    tasks.hand_over()
    assert got == {"first": ids, "second": ids}
    assert not Handover.objects.exists()


def test_a_receiver_that_fails_gets_the_notices_again_and_the_other_is_not_affected(
    monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(receivers, "AT_ONCE", 2)
    room = make_room("Choir")
    ids = [a_notice(room, f"{number}").pk for number in range(3)]

    def fails(ids: list[int]) -> None:
        got.setdefault("failed", []).extend(ids)
        Notice.objects.filter(pk__in=ids).update(kind="lost")
        raise ValueError("a bug")

    with monkeypatch.context() as patch:
        patch.setitem(receivers._receivers, "first", fails)
        tasks.hand_over()
    assert got == {"failed": ids[:2], "second": ids}
    assert "the receiver first failed" in caplog.text
    assert not Notice.objects.filter(kind="lost").exists(), "what it stored is undone"
    tasks.hand_over()
    assert got["first"] == ids


def test_a_notice_waits_if_the_broker_is_away_or_the_worker_is_killed() -> None:
    """No message reaches a worker in this test. The beat starts the task anyway."""
    stored = a_notice(make_room("Choir"), "one")
    assert set(Handover.objects.values_list("receiver", "notice_id")) == {
        ("first", stored.pk),
        ("second", stored.pk),
    }
    tasks.hand_over()
    assert got == {"first": [stored.pk], "second": [stored.pk]}
