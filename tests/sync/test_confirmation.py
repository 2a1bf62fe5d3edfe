"""Events confirm the commands that wait for them, in the transaction that projects them."""

from __future__ import annotations

from typing import Any

import pytest

from classroom_admin.agora.calls import (
    PutExtAppProperties,
    PutRoomProperties,
    PutUserProperties,
    SetClassState,
)
from classroom_admin.agora.client import Client
from classroom_admin.audit.models import Entry, PendingConfirmation, Step
from classroom_admin.simulator.testing import RunningSimulator
from tests.sync.conftest import sync_once


def expect(cmd: int, match: dict[str, Any], *, since: int = 0) -> Entry:
    entry = Entry.objects.create(action="test", room_uuid="r1")
    PendingConfirmation.objects.create(
        entry=entry, room_uuid="r1", cmd=cmd, match=match, since_sequence=since
    )
    return entry


@pytest.mark.django_db(transaction=True)
def test_real_events_confirm_real_commands(sim: RunningSimulator, cloud: Client) -> None:
    sim.make_room("r1", state=0)
    sim.room("r1", "enter", userUuid="p1")
    assert sync_once() == ""
    entries = {
        "class": expect(1, {"state": 1}, since=1),
        "kick": expect(20, {"offline": "p1"}, since=1),
        "record": expect(1001, {"state": 1}, since=1),
        "resource": expect(1003, {"action": 1, "resource_uuids": ["f1"]}, since=1),
        "property": expect(4, {"property_names": ["topic"]}, since=1),
        "ext app": expect(4, {"ext_app": "app1", "property_names": ["colour"]}, since=1),
        "user": expect(22, {"user_uuid": "p1", "property_names": ["mood"]}, since=1),
        "groups": expect(4, {"groups": True}, since=1),
    }
    never = expect(1, {"state": 3}, since=1)

    cloud.send(SetClassState(room_uuid="r1", state=1))
    cloud.send(PutRoomProperties(room_uuid="r1", properties={"topic": "primes"}))
    cloud.send(PutUserProperties(room_uuid="r1", user_uuid="p1", properties={"mood": "good"}))
    cloud.send(PutExtAppProperties(room_uuid="r1", ext_app_uuid="app1", properties={"colour": "red"}))
    sim.room("r1", "record", state=1)
    sim.room(
        "r1", "resource", resourceUuid="f1", resourceName="f.pdf", size=5, url="https://files.test/f.pdf"
    )
    sim.room("r1", "kick", userUuid="p1")
    sim.control(
        "POST",
        "/emit",
        {"roomUuid": "r1", "cmd": 4, "data": {"action": 0, "changeProperties": {"groups": {"state": 1}}}},
    )
    assert sync_once() == ""

    for name, entry in entries.items():
        step = Step.objects.filter(entry=entry, kind=Step.Kind.CONFIRMED).first()
        assert step is not None, name
        assert step.detail["sequence"] > 1
        assert step.detail["took_ms"] >= 0
        assert step.room_uuid == "r1"
    assert [each.entry for each in PendingConfirmation.objects.all()] == [never]
    assert sync_once() == ""
    assert Step.objects.filter(kind=Step.Kind.CONFIRMED).count() == len(entries), "only once"
