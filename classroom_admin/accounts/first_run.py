"""The one-time code with which the first administrator is created, on the first-run page.

The database has one random number (`FirstRun`). The code is its hash with the secret key. So all processes
and servers print and accept the same code, and a copy of the database does not contain it. The number is
deleted as soon as there is an administrator.
"""

from __future__ import annotations

import base64
import logging
import secrets
from threading import Thread
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connections
from django.shortcuts import resolve_url
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts.models import FirstRun, User
from classroom_admin.common import public_address

log = logging.getLogger(__name__)
ONLY: Final = 1
"""The primary key of the only row."""
GROUP: Final = 4
LENGTH: Final = 12
"""The code has this many letters and digits of Base32: 60 random bits."""
_MISREAD: Final = str.maketrans("018", "OIB")
"""Base32 has no digits 0, 1 and 8. People who type them have seen these letters."""
_is_over = False
"""Whether this process has seen an administrator. From then on, it does not ask the database again."""


def is_open() -> bool:
    """Return whether the dashboard has no administrator yet. A deactivated one counts as one."""
    global _is_over
    if _is_over or not settings.FIRST_RUN:
        return False
    if not _has_administrator():
        return True
    _is_over = True
    if FirstRun.objects.exists():
        FirstRun.objects.all().delete()
    return False


@sensitive_variables()
def code() -> str:
    """Return the code in groups, such as "ABCD-EFGH-2345". Call this only while the first run is open."""
    values = {"number": secrets.token_hex(16)}
    row, _ = FirstRun.objects.get_or_create(pk=ONLY, defaults=values)
    text = _code_of(row)
    return "-".join(text[start : start + GROUP] for start in range(0, LENGTH, GROUP))


@sensitive_variables()
def is_right(entered: str) -> bool:
    """Return whether this is the code. Spaces, hyphens and the case of letters do not count."""
    row = FirstRun.objects.filter(pk=ONLY).first()
    given = "".join(letter for letter in entered.upper() if letter.isalnum()).translate(_MISREAD)
    return row is not None and constant_time_compare(given, _code_of(row))


def use_up() -> bool:
    """Delete the number, so that the code no longer works. Return False if another request was faster.

    Call this in the transaction that creates the administrator.
    """
    row = FirstRun.objects.select_for_update().filter(pk=ONLY).first()
    if row is None or _has_administrator():
        return False
    row.delete()
    return True


def announcement() -> str:
    """Return a line for the log: where to create the first administrator, with the code. "" if not open.

    Raise DatabaseError if the database does not answer or is not migrated.
    """
    if not is_open():
        return ""
    address = public_address.absolute(resolve_url("first_run:begin"))
    return f"There is no administrator yet. Open {address} and enter the code {code()}"


def announce() -> None:
    """Log the announcement from a thread, because uvicorn loads the application in its event loop."""
    if settings.FIRST_RUN:
        Thread(target=_announce, name="first run", daemon=True).start()


def _announce() -> None:
    try:
        if words := announcement():
            log.warning("%s", words)
    except DatabaseError as error:
        log.warning("whether there is an administrator is not known (%s)", type(error).__name__)
    finally:
        connections.close_all()


def _has_administrator() -> bool:
    return User.objects.filter(role=User.Role.ADMINISTRATOR).exists()


def _code_of(row: FirstRun) -> str:
    digest = salted_hmac("classroom_admin.accounts.first_run", row.number, algorithm="sha256").digest()
    return base64.b32encode(digest).decode()[:LENGTH]
