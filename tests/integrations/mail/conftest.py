"""A mail server on loopback that EMAIL_URL names, and a teacher with a class."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integrations.mail.small_mail_server import MailServer, mail_server
from tests.stepped_clock import SteppedClock, use

TUESDAY = datetime(2026, 9, 15, 10, tzinfo=UTC)


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "127.0.0.1", "", ""
    settings.PUBLIC_URL = "https://classes.school.test"
    settings.DEFAULT_FROM_EMAIL = "Example School <classes@school.test>"
    with mail_server() as running:
        settings.EMAIL_PORT = running.port
        yield running


@pytest.fixture
def time() -> Iterator[SteppedClock]:
    """A clock that stands still on a Tuesday at 10:00 UTC until the test steps it."""
    with use(SteppedClock(TUESDAY)) as stepped:
        yield stepped
