"""The web process closes the database connections of its requests."""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection

from classroom_admin.simulator.testing import running_simulator
from tests.runtime.processes import wait_for
from tests.sync.test_lease import environment
from tests.web.dashboard import Web, dashboard, signed_in_cookie

AT_ONCE, EACH = 20, 6
WEB = "the-web-process"
"""The name of its PostgreSQL connections: earlier tests may have left others open."""


def connections_of(web: Web) -> int:
    """Return the open connections of the web process: open files of SQLite, or as PostgreSQL lists them."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        opened = 0
        for entry in Path(f"/proc/{web.pid}/fd").iterdir():
            try:
                opened += str(entry.readlink()) == name
            except FileNotFoundError:
                continue
        return opened
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity "
            "where datname = current_database() and application_name = %s",
            [WEB],
        )
        return int(cursor.fetchone()[0])


def named(process: dict[str, str]) -> dict[str, str]:
    if connection.vendor == "sqlite":
        return process
    return process | {"DATABASE_URL": f"{process['DATABASE_URL']}?application_name={WEB}"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")
def test_no_connection_stays_open_after_parallel_requests(tmp_path: Path) -> None:
    cookie = signed_in_cookie()

    def ask(_number: int) -> list[int]:
        kept = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
        statuses = []
        for _request in range(EACH):
            kept.request("GET", "/", headers={"Cookie": cookie})
            answer = kept.getresponse()
            answer.read()
            statuses.append(answer.status)
        kept.close()
        return statuses

    with (
        running_simulator(plain=True) as sim,
        dashboard(named(environment(sim)), tmp_path / "web.log") as web,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        for statuses in pool.map(ask, range(AT_ONCE)):
            assert statuses == [200] * EACH, (tmp_path / "web.log").read_text()
        wait_for(lambda: connections_of(web) == 0)
