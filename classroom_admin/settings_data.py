"""Keep the data folder, an SQLite database and uploaded files from other accounts of the machine.

They are mended, or the start is refused. A PostgreSQL server and a bucket have rules of their own.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured

from classroom_admin.environment import addresses
from classroom_admin.environment.variables import Environment
from classroom_admin.runtime import data_folder

SQLITE: Final = "classroom_admin.common.sqlite3"
NOTICE_LOST_CONNECTIONS: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""libpq's options (in s; the last one in ms), so that nothing waits for minutes for a PostgreSQL server that
has disappeared without closing its connections.
"""
_REDIS: Final = {
    "socket_connect_timeout": 3.0,
    "socket_timeout": 5.0,
    "socket_keepalive": True,
    "health_check_interval": 5,
}
"""The options (s) for a Redis server that has disappeared. A worker that waits for messages notices it after
at most twice the last one.
"""
_TCP: Final = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 15_000}
_RABBITMQ_WRITE_S: Final = 5.0
"""RabbitMQ reads no messages while its memory or disk is low. A write then fails after this time (s)."""


def broker_options(url: str) -> dict[str, Any]:
    """Return the options of Celery for the broker at ``url``.

    Without a broker, wake-ups are dropped immediately. Nothing waits for them, and beat sends them again.
    """
    options: dict[str, Any] = {"max_retries": 0}
    tcp = {getattr(socket, name): value for name, value in _TCP.items() if hasattr(socket, name)}
    if url.startswith(("redis://", "rediss://", "sentinel://")):
        options |= _REDIS | {"socket_keepalive_options": tcp}
    elif url.startswith(addresses.RABBITMQ):
        options |= {"socket_settings": tcp, "write_timeout": _RABBITMQ_WRITE_S}
    return options


def broker_tls(url: str) -> tuple[str, dict[str, Any] | bool]:
    """Return the address of a broker without TLS options, and Celery's TLS options for it, or False.

    Only ``amqps://`` needs this: kombu would check the authority of the certificate, but not the name in it.
    """
    address, _, query = url.partition("?")
    if not url.startswith("amqps://"):
        return url, False
    asked = dict(parse_qsl(query))
    if asked["ssl_cert_reqs"] == "none":
        return address, {"cert_reqs": ssl.CERT_NONE}
    return address, {
        "cert_reqs": ssl.CERT_REQUIRED,
        "ca_certs": asked.get("ssl_ca_certs"),
        "server_hostname": urlsplit(address).hostname,
    }


def make_private(env: Environment, *, sqlite: str) -> None:
    """Remove other accounts' permissions. Raise ImproperlyConfigured if that is not possible.

    ``sqlite`` is the path of the SQLite database, or "" if there is none.
    """
    with problems_in_words(env.DATA_DIR):
        if sqlite or env.DATA_DIR.is_dir():
            data_folder.make_private(env.DATA_DIR)
        if sqlite:
            data_folder.make_database_private(Path(sqlite))
        if env.FILES_DIR is not None and env.FILES_DIR.is_dir() and not env.FILES_S3_BUCKET:
            data_folder.require_private(env.FILES_DIR, name="FILES_DIR", may_be_shared=True)


@contextmanager
def problems_in_words(data_dir: Path) -> Iterator[None]:
    """Turn errors about the data folder into ImproperlyConfigured."""
    try:
        yield
    except data_folder.OpenToOthers as error:
        raise ImproperlyConfigured(str(error)) from error
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR {data_dir} can't be made: {error.strerror}.") from error
