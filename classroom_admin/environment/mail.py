"""Read the sender of mails, and choose one where none is set."""

from __future__ import annotations

import re
from email.utils import formataddr, parseaddr
from typing import Annotated, Any, Final, Protocol
from urllib.parse import urlsplit

from pydantic import BeforeValidator

_ADDRESS: Final = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")


def sender(text: str) -> str:
    """Return a sender such as `Example School <classes@school.example>`. Raise ValueError for other texts."""
    if not text:
        return ""
    name, address = parseaddr(text)
    if not text.isprintable() or not _ADDRESS.fullmatch(address):
        raise ValueError("it must be like classes@school.example or Example School <classes@school.example>")
    return formataddr((name, address))


Sender = Annotated[str, BeforeValidator(sender)]


class _Environment(Protocol):
    MAIL_FROM: str
    PUBLIC_URL: str
    EMAIL_URL: dict[str, Any]


def mail_from(env: _Environment) -> str:
    """Return the sender of all mails.

    Many servers accept only the address of the account that signed in, so prefer the user name of EMAIL_URL.
    """
    account = str(env.EMAIL_URL.get("EMAIL_HOST_USER", ""))
    if env.MAIL_FROM:
        return env.MAIL_FROM
    if _ADDRESS.fullmatch(account):
        return account
    return f"classroom-admin@{urlsplit(env.PUBLIC_URL).hostname or 'localhost'}"
