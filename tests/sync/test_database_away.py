"""An answer that arrives while the database can't be written is stored later, before the next request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from classroom_admin.common import clock, database_outage
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.models import InboxAnswer, RoomCursor
from classroom_admin.sync.polling import Poller
from tests.sync.comparison import assert_all_stored_once

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def read_only() -> Iterator[None]:
    """Let the database refuse each write of this connection, as a full disk or a standby server does."""
    sqlite = connection.vendor == "sqlite"
    on, off = (
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF")
        if sqlite
        else ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off")
    )
    connection.cursor().execute(on)
    try:
        yield
    finally:
        connection.cursor().execute(off)


def a_class(sim: RunningSimulator, uuid: str) -> None:
    sim.make_room(uuid, state=1)
    sim.room(uuid, "enter", userUuid="t", userName="Ms Noether", role=1)


def fail_to_poll(poller: Poller) -> None:
    with pytest.raises(database_outage.ERRORS) as raised:
        poller.poll()
    assert database_outage.is_outage(raised.value)


def test_answer_received_without_a_database_is_stored_before_the_next_request(
    sim: RunningSimulator, poller: Poller
) -> None:
    assert poller.poll() is not None
    a_class(sim, "during the outage")
    with read_only():
        fail_to_poll(poller)  # the cloud has delivered these events, and will not deliver them again
        a_class(sim, "later")
        for _ in range(3):
            fail_to_poll(poller)
    assert InboxAnswer.objects.count() == 0
    polled = poller.poll()
    assert polled is not None
    assert_all_stored_once(sim)


def test_doubt_that_arises_without_a_database_is_noted_later(sim: RunningSimulator, poller: Poller) -> None:
    a_class(sim, "one")
    assert poller.poll() is not None
    later = clock.cloud_now() + timedelta(days=1)
    RoomCursor.objects.update(reconcile_due_at=later)
    with read_only(), pytest.raises(database_outage.ERRORS):
        poller._suspect("an answer was lost")
    assert RoomCursor.objects.filter(reconcile_due_at=later).exists()
    assert poller.poll() is not None
    assert not RoomCursor.objects.filter(stream="room", reconcile_due_at=later).exists()
