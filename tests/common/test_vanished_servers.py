"""Servers and clients that disappear without closing their connections, or stop in a transaction."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from kombu import Connection
from kombu.exceptions import OperationalError

from classroom_admin import settings_data
from classroom_admin.common import clock, database_outage, postgres_sessions
from classroom_admin.sync import lease
from classroom_admin.sync.models import Lease
from tests.runtime.processes import wait_for

APP = "0123456789abcdef0123456789abcdef"
MOST_S = 60.0
ON_POSTGRESQL = pytest.mark.skipif(connection.vendor == "sqlite", reason="needs a PostgreSQL server")


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Run a server that accepts connections and never answers. Yield its port."""
    open_ones = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    open_ones.append(listener.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    for one in open_ones:
        one.close()


def _send(broker: Connection) -> None:
    broker.ensure_connection(max_retries=0)
    broker.SimpleQueue("sync").put("a wake-up", retry=False)


@pytest.mark.parametrize("address", ["redis://127.0.0.1:{}/0", "amqp://me:word@127.0.0.1:{}//"])
def test_wake_up_to_a_broker_that_does_not_answer_fails_soon(silent_server: int, address: str) -> None:
    url = address.format(silent_server)
    options = settings_data.broker_options(url)
    began = time.monotonic()
    broker = Connection(url, transport_options=options, connect_timeout=4)  # Celery's default (s)
    with pytest.raises(OperationalError), broker:
        _send(broker)
    assert time.monotonic() - began < MOST_S


def test_connections_to_a_server_notice_that_it_has_disappeared() -> None:
    for url in ("redis+socket:///run/broker", "redis+socket:///run/broker?virtual_host=1"):
        assert settings_data.broker_options(url) == {"max_retries": 0}
    for url in ("amqp://broker//", "amqps://broker//", "amqp://a//;amqp://b//"):
        options = settings_data.broker_options(url)
        assert options["write_timeout"] > 0, url
        assert options["socket_settings"][socket.TCP_KEEPIDLE] == 10, url
    for url in ("redis://broker/0", "rediss://broker/0", "sentinel://a:26379;sentinel://b:26379"):
        options = settings_data.broker_options(url)
        assert options["socket_timeout"] > 0, url
        assert options["health_check_interval"] > 0, url


@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_sessions_of_postgresql_notice_vanished_clients() -> None:
    expected = postgres_sessions.VANISHED | {"idle_in_transaction_session_timeout": "1min"}
    with connection.cursor() as cursor:
        for name, value in expected.items():
            cursor.execute(f"SHOW {name}")
            [(shown,)] = cursor.fetchall()
            assert shown in (value, "10s"), name


@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_lock_of_a_process_that_stopped_in_a_transaction_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgres_sessions.STOPPED, "idle_in_transaction_session_timeout", "500")
    held = lease.take(app_id=APP, owner=lease.Owner(host="a", pid=1, started="1"), watch=lease.Watch())
    assert held is not None
    errors: list[BaseException] = []
    stopped, goes_on = threading.Event(), threading.Event()

    def stop_in_a_transaction() -> None:
        try:
            with transaction.atomic():
                lease.renew(held)
                stopped.set()
                assert goes_on.wait(MOST_S)
                Lease.objects.update(last_poll_at=clock.now())
        except DatabaseError as error:
            errors.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=stop_in_a_transaction)
    thread.start()
    assert stopped.wait(MOST_S)
    wait_for(_is_free, within_s=MOST_S)
    goes_on.set()
    thread.join(MOST_S)
    assert [database_outage.is_outage(error) for error in errors] == [True]


def _is_free() -> bool:
    """Return whether this session can lock the row of the lease now."""
    with suppress(DatabaseError), transaction.atomic():
        rows: list[Any] = list(Lease.objects.select_for_update(nowait=True).filter(app_id=APP))
        return bool(rows)
    return False
