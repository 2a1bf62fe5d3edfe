"""The decisions in docs/sync.md."""

from __future__ import annotations

from datetime import timedelta

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.audit.models import Entry, PendingConfirmation
from classroom_admin.common import clock
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import confirmation, health
from tests.sync.conftest import room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_different_event_under_a_used_number_is_quarantined(sim: RunningSimulator, cloud: Client) -> None:
    sim.make_room("weekly", roomName="Week 1", state=1)
    sim.room("weekly", "enter", userUuid="p1")
    assert sync_once() == ""
    before = room("weekly").event_count
    sim.room("weekly", "destroy")
    assert sync_once() == ""
    sim.make_room("weekly", roomName="Week 2", state=1)
    sim.room("weekly", "enter", userUuid="p1")
    assert sync_once() == ""
    reasons = set(health.quarantine().values_list("reason", flat=True))
    assert reasons
    assert all("came before with another event" in reason for reason in reasons)
    assert room("weekly").event_count == before, "the first class stays as it was"


def test_pending_confirmation_expires_after_a_day() -> None:
    for hours in (1, 23, 25, 100):
        entry = Entry.objects.create(action="class.start", room_uuid="r")
        PendingConfirmation.objects.create(
            entry=entry, room_uuid="r", cmd=1, created_at=clock.now() - timedelta(hours=hours)
        )
    assert confirmation.forget_old() == 2
    assert PendingConfirmation.objects.count() == 2
    assert Entry.objects.count() == 4, "the audit log stays"
