"""`manage.py send_test_mail` sends a mail, or says in words why not and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.integrations.mail.small_mail_server import MailServer, mail_server, parts_of
from tests.operations.small_servers import make_certificate, running


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = (
        "127.0.0.1",
        "school",
        "secret",
    )
    settings.DEFAULT_FROM_EMAIL = "classes@school.test"
    with mail_server() as running_server:
        settings.EMAIL_PORT = running_server.port
        yield running_server


def refusal(address: str = "head@school.test") -> str:
    with pytest.raises(CommandError) as raised:
        call_command("send_test_mail", address)
    assert "secret" not in str(raised.value)
    return str(raised.value)


def test_mail_arrives_as_text_and_html(server: MailServer, capsys: Any) -> None:
    call_command("send_test_mail", "head@school.test")
    [mail] = server.mails
    assert (mail["To"], mail["From"]) == ("head@school.test", "classes@school.test")
    text, html = parts_of(mail)
    assert "can send mail" in text
    assert "can send mail" in html
    assert "took the mail from classes@school.test to head@school.test" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"AUTH": "535 wrong password"}, ("refuses the user name or the password (535)", "Correct them")),
        (
            {"RCPT": "550 no such person"},
            ("refuses the recipient (550): no such person", "Check the address"),
        ),
        ({"MAIL": "553 not yours"}, ("refuses the sender classes@school.test (553)", "MAIL_FROM")),
        ({"END": "554 spam"}, ("refuses the mail (554): spam", "answer of the server")),
        ({"EHLO": "250 SIZE 1000"}, ("offers no TLS or no sign-in", "smtp+tls://")),
    ],
)
def test_refusal_is_said_in_words(
    server: MailServer, answers: dict[str, str], words: tuple[str, str]
) -> None:
    server.answers = answers
    assert all(one in refusal() for one in words)


def test_server_that_is_away_wrong_addresses_and_missing_settings_are_said(
    server: MailServer, settings: Any
) -> None:
    settings.EMAIL_PORT = 1
    assert "does not answer (ConnectionRefusedError). Check EMAIL_URL" in refusal()
    assert refusal("nobody") == "nobody is not an email address."
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "Set EMAIL_URL" in refusal()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # smtplib leaves a socket open
def test_certificate_that_nobody_signed_is_said(server: MailServer, settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_USE_SSL = True
    with running(server.handle, context=make_certificate(tmp_path, days=30)) as settings.EMAIL_PORT:
        said = refusal()
    assert "No TLS connection" in said
    assert "Check its certificate" in said


def test_mail_is_written_to_a_folder_if_the_address_says_so(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    call_command("send_test_mail", "head@school.test")
    [written] = tmp_path.iterdir()
    assert "head@school.test" in written.read_text()
