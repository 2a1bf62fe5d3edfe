"""Checks of `manage.py doctor` on this machine: versions, installed packages, free space, and mail."""

from __future__ import annotations

import platform
import re
import smtplib
import sqlite3
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import django
import redis
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.db import connection
from kombu import Connection
from redis.exceptions import RedisError

from classroom_admin.common import disk_space, mail_problems
from classroom_admin.common.broker_errors import BROKER_ERRORS
from classroom_admin.common.problem_texts import in_english
from classroom_admin.environment import addresses
from classroom_admin.operations.doctor_result import Result, failed, ok, skipped, warning

Version = tuple[int, ...]
LEAST_PYTHON: Final[Version] = (3, 11)
LEAST_DJANGO: Final[Version] = (5, 2)
LEAST_SQLITE: Final[Version] = (3, 31)
LEAST_POSTGRESQL: Final[Version] = (14,)
LEAST_REDIS: Final[Version] = (6,)
LEAST_RABBITMQ: Final[Version] = (3, 10)
FEW_FREE_BYTES: Final = 2_000_000_000
TIMEOUT_S: Final = 8
_PIN: Final = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[.*\])?==([^\s;]+)", re.M)


def versions() -> Result:
    """Compare the versions of Python, Django, the database and the broker with the oldest supported ones."""
    found = [
        ("Python", _parsed(platform.python_version()), LEAST_PYTHON),
        ("Django", _parsed(django.get_version()), LEAST_DJANGO),
        _of_database(),
        *_of_broker(),
    ]
    old = [one for one in found if one[1] < one[2]]
    if not old:
        return ok(", ".join(f"{name} {_dotted(has)}" for name, has, _ in found) + ".")
    words = ", ".join(f"{name} {_dotted(has)} (needs {_dotted(least)})" for name, has, least in old)
    return failed(f"Too old: {words}.", "Upgrade it, and restart the dashboard.")


def _of_database() -> tuple[str, Version, Version]:
    if connection.vendor == "sqlite":
        return "SQLite", sqlite3.sqlite_version_info, LEAST_SQLITE
    connection.ensure_connection()
    number: int = connection.pg_version  # type: ignore[attr-defined]  # of PostgreSQL
    return "PostgreSQL", divmod(number, 10_000), LEAST_POSTGRESQL


def _of_broker() -> list[tuple[str, Version, Version]]:
    """Return the version of a Redis or RabbitMQ server. The embedded broker is a package."""
    address = str(settings.CELERY_BROKER_URL)
    if address.startswith(addresses.RABBITMQ):
        return _of_rabbitmq(address)
    if settings.BROKER_SOCKET is not None or not address.startswith(("redis://", "rediss://")):
        return []
    # Servers before Redis 6 do not know the newer protocol.
    client = redis.Redis.from_url(
        address, protocol=2, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
    )
    try:
        return [("Redis", _parsed(str(client.info("server")["redis_version"])), LEAST_REDIS)]
    except RedisError:
        return []  # the check of the broker says why it does not answer
    finally:
        client.close()


def _of_rabbitmq(address: str) -> list[tuple[str, Version, Version]]:
    tls = settings.CELERY_BROKER_USE_SSL or False
    with suppress(*BROKER_ERRORS, OSError), Connection(address, ssl=tls, connect_timeout=TIMEOUT_S) as one:
        one.ensure_connection(max_retries=1, timeout=TIMEOUT_S)
        about = one.connection.server_properties
        return [(str(about["product"]), _parsed(str(about["version"])), LEAST_RABBITMQ)]
    return []  # the check of the broker says why it does not answer


def packages() -> Result:
    """Compare the installed packages with requirements.txt."""
    path = Path(settings.BASE_DIR) / "requirements.txt"
    try:
        pins = _PIN.findall(path.read_text("utf-8"))
    except OSError as error:
        return skipped(f"{path} can't be read: {error.strerror}.")
    missing, different = [], []
    for name, pinned in pins:
        try:
            installed = version(name)
        except PackageNotFoundError:
            missing.append(name)
            continue
        if installed != pinned:
            different.append(f"{name} {installed} (needs {pinned})")
    fix = "Run `make venv`, and restart the dashboard."
    if missing:
        return failed(f"Not installed: {', '.join(missing)}.", fix)
    if different:
        return warning(f"Other versions than in requirements.txt: {', '.join(different)}.", fix)
    return ok(f"All {len(pins)} packages have the versions in requirements.txt.")


def disk() -> Result:
    """Look at the free space for the data folder and for uploaded files."""
    folders = {"DATA_DIR": Path(settings.DATA_DIR)}
    if not settings.FILES_S3_BUCKET:
        storages: Any = settings.STORAGES
        folders["FILES_DIR"] = Path(storages["default"]["OPTIONS"]["location"])
    free = {name: disk_space.free_bytes([path]) or 0 for name, path in folders.items()}
    words = ", ".join(f"{name} {size / 1e9:.1f} GB" for name, size in free.items())
    fix = "Delete what is not needed, shorten the retention (docs/retention.md), or add space."
    least = min(free.values())
    if disk_space.is_low() or least < settings.DISK_RESERVE_BYTES:
        return failed(
            f"The disk is almost full: {words}. Uploads and exports have stopped, and polling stops soon.",
            f"{fix} They need {settings.DISK_RESERVE_BYTES // 1_000_000} MB (DISK_RESERVE_MB).",
        )
    return warning(f"Little free space: {words}.", fix) if least < FEW_FREE_BYTES else ok(f"Free: {words}.")


def mail() -> Result:
    """Connect to the mail server and sign in, without sending a mail."""
    if not mail_problems.is_server():
        return skipped("No mail server is set (EMAIL_URL). Pages show links instead of mailing them.")
    mailer = get_connection(timeout=TIMEOUT_S)
    assert isinstance(mailer, EmailBackend)
    try:
        mailer.open()
    except (smtplib.SMTPException, OSError) as error:
        problem = mail_problems.problem_of(error)
        return failed(in_english(problem), mail_problems.FIXES[problem.code])
    finally:
        mailer.close()
    return ok(
        f"The mail server {mail_problems.place()} accepts "
        + ("the sign-in." if mailer.username else "connections.")
    )


def _parsed(text: str) -> Version:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _dotted(parts: Version) -> str:
    return ".".join(str(part) for part in parts)


CHECKS: Final = (versions, packages, disk, mail)
