"""Servers that start at the same moment migrate a PostgreSQL database one after another."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.operations.test_commands import ROOT, UNWANTED
from tests.sync.test_lease import database_url

SERVERS = 3
MIGRATE = """
import django
django.setup()
from classroom_admin.runtime import installation
installation.migrate()
"""

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="an SQLite database has one server"),
    pytest.mark.timeout(300),
]


@pytest.fixture
def empty_database() -> Iterator[str]:
    """Create an empty database, and yield its address."""
    name = f"empty_{os.getpid()}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield database_url().rpartition("/")[0] + f"/{name}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_servers_that_start_together_all_start(empty_database: str, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    env = kept | {
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        "DATABASE_URL": empty_database,
        "CELERY_BROKER_URL": "memory://",
        "SECRET_KEY": settings.SECRET_KEY,
    }
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE],
            cwd=ROOT, env=env | {"DATA_DIR": str(tmp_path / str(number))},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for number in range(SERVERS)
    ]  # fmt: skip
    said = [server.communicate(timeout=240)[0] for server in servers]
    assert [server.returncode for server in servers] == [0] * SERVERS, "\n".join(said)
