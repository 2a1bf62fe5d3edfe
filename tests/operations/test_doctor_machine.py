"""`manage.py doctor` on this machine: versions, packages, free space and mail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from classroom_admin.operations import doctor_machine
from classroom_admin.operations.doctor_result import Result
from tests.operations.small_servers import mail_server, redis_server


def check(found: Result, status: str, *words: str) -> None:
    assert found.status == status, found
    assert [word for word in words if word not in f"{found.message} {found.fix}"] == []
    assert bool(found.fix) == (status in ("warning", "failed"))


@pytest.mark.django_db
def test_versions_are_named_and_an_old_one_fails(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    database = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    check(doctor_machine.versions(), "ok", "Python 3.", "Django 5.2", database)
    with redis_server("5.0.14") as port:
        settings.BROKER_SOCKET, settings.CELERY_BROKER_URL = None, f"redis://127.0.0.1:{port}/0"
        check(doctor_machine.versions(), "failed", "Too old: Redis 5.0.14 (needs 6).", "Upgrade")
    with redis_server("7.2.4") as port:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
        check(doctor_machine.versions(), "ok", "Redis 7.2.4")
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"  # the check of the broker names this
    check(doctor_machine.versions(), "ok")
    monkeypatch.setattr(doctor_machine, "LEAST_PYTHON", (99,))
    check(doctor_machine.versions(), "failed", "Python 3.", "(needs 99)")


def test_packages_are_compared_with_the_pins(settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    check(doctor_machine.packages(), "skipped", "can't be read")
    pins = tmp_path / "requirements.txt"
    pins.write_text("# comment\ndjango==5.2\n    # via -r requirements.in\nredis[x]==0.0.1\n")
    check(doctor_machine.packages(), "warning", "redis", "(needs 0.0.1)", "make venv")
    pins.write_text("no-such-package-here==1.0\nredis==0.0.1\n")
    check(doctor_machine.packages(), "failed", "Not installed: no-such-package-here.")


def test_packages_of_this_environment_are_all_found() -> None:
    assert doctor_machine.packages().status in ("ok", "warning")


def test_full_file_system_fails_and_little_space_warns(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path / "not" / "made" / "yet"
    settings.DISK_RESERVE_BYTES = 1
    monkeypatch.setattr(doctor_machine, "FEW_FREE_BYTES", 1)
    check(doctor_machine.disk(), "ok", "DATA_DIR", "FILES_DIR")
    monkeypatch.setattr(doctor_machine, "FEW_FREE_BYTES", 10**20)
    check(doctor_machine.disk(), "warning", "Little free space")
    settings.DATA_DIR = Path("/proc")  # a file system without free blocks
    check(doctor_machine.disk(), "failed", "The disk is almost full: DATA_DIR 0.0 GB", "retention")


@pytest.fixture
def smtp(settings: Any) -> Any:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = (
        "127.0.0.1",
        "school",
        "secret",
    )
    return settings


def test_mail_server_is_asked_to_accept_the_sign_in_and_gets_no_mail(smtp: Any) -> None:
    with mail_server() as (smtp.EMAIL_PORT, said):
        check(doctor_machine.mail(), "ok", "accepts the sign-in")
    assert said[-1] == "QUIT"
    assert {"MAIL", "RCPT", "DATA"}.isdisjoint(said)


def test_mail_server_that_refuses_the_password_fails(smtp: Any) -> None:
    with mail_server(accepts=False) as (smtp.EMAIL_PORT, _):
        found = doctor_machine.mail()
    check(found, "failed", "refuses the user name or the password (535)", "EMAIL_URL")
    assert "secret" not in found.message


def test_mail_server_without_sign_in_or_answer_fails(smtp: Any) -> None:
    with mail_server(offers="SIZE 1000") as (smtp.EMAIL_PORT, _):
        check(doctor_machine.mail(), "failed", "offers no TLS or no sign-in")
    smtp.EMAIL_PORT = 1
    check(doctor_machine.mail(), "failed", "does not answer (ConnectionRefusedError)")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # smtplib leaves a socket open
def test_mail_server_that_does_not_speak_tls_at_once_fails(smtp: Any) -> None:
    with mail_server() as (smtp.EMAIL_PORT, _):
        smtp.EMAIL_USE_SSL = True
        check(doctor_machine.mail(), "failed", "No TLS connection")


def test_installation_without_mail_is_skipped(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    check(doctor_machine.mail(), "skipped", "EMAIL_URL")
