"""Read the sender of mails, and choose one where none is set."""

from __future__ import annotations

import re
from email.utils import formataddr, parseaddr
from typing import Annotated, Final
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


def mail_from(chosen: str, *, account: str, public_url: str) -> str:
    """Return the sender of all mails: `chosen`, else the account of the mail server if it is an address.

    Many servers accept only the address of the account that signed in.
    """
    if chosen:
        return chosen
    if _ADDRESS.fullmatch(account):
        return account
    return f"classroom-admin@{urlsplit(public_url).hostname or 'localhost'}"
