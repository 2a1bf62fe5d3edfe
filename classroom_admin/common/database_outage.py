"""Recognise errors that mean that the database is away, and report them rarely.

An outage is no fault of the code that notices it, so it has no traceback in the log. Each process logs its
begin and its end, and in between at growing intervals.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from classroom_admin.common import clock

log = logging.getLogger(__name__)

ERRORS: Final = (DatabaseError, InterfaceError, sqlite3.Error)
"""The errors that `is_outage` tells apart: Django's, and those of the drivers for code without Django."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 10.0
FIRST_REPORT_S: Final = 30.0
LONGEST_REPORT_S: Final = 3600.0
QUIET_S: Final = 3.0
"""An outage is over if the database works this long after the last error. A locked database fails only now
and then.
"""
_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: "another program has locked the file",
    sqlite3.SQLITE_LOCKED: "another program has locked the file",
    sqlite3.SQLITE_PERM: "this account may not use the file",
    sqlite3.SQLITE_READONLY: "the file can't be written",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_NOTADB: "the file is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "the file or its folder is missing, or this account may not use it",
}
# Classes and codes of PostgreSQL's SQLSTATE: connection lost, no resources, server stops, read-only standby,
# session ended because its process had stopped in a transaction.
_POSTGRES_CLASSES: Final = ("08", "53", "58")
_POSTGRES_FULL: Final = "53100"
_POSTGRES_CODES: Final = ("57P01", "57P02", "57P03", "57P05", "25006", "25P03")
_WRONG: Final = {
    "password authentication failed": "The password or the user name in DATABASE_URL is wrong.",
    "no password supplied": "DATABASE_URL has no password, but the database server asks for one.",
    'database "': "The database server has no database of the name in DATABASE_URL. Create it.",
    'role "': "The database server does not know the user in DATABASE_URL. Create it.",
    "no pg_hba.conf entry": "The database server does not accept this machine (pg_hba.conf).",
}


def is_outage(error: BaseException) -> bool:
    """Return whether an error means that the database is away, full, locked or read-only."""
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) in _SQLITE
    if _is_of_postgres(cause):
        state = cause.sqlstate
        if state is None:
            return _is_one_of(cause, "OperationalError", "InterfaceError")
        return state[:2] in _POSTGRES_CLASSES or state in _POSTGRES_CODES
    return isinstance(error, InterfaceError)  # the connection was closed earlier


def is_full(error: BaseException) -> bool:
    """Return whether the database has no space left."""
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) == sqlite3.SQLITE_FULL
    return _is_of_postgres(cause) and cause.sqlstate == _POSTGRES_FULL


def in_words(error: BaseException) -> str:
    """Return the cause of an outage in English, for the log and the console. It contains no password."""
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return _SQLITE.get(_sqlite_code(cause), str(cause))
    if wrong := what_is_wrong(error):
        return wrong.rstrip(".")
    return (str(cause).strip() or type(cause).__name__).splitlines()[0]


def what_is_wrong(error: BaseException) -> str:
    """Return what is wrong with DATABASE_URL, or "" if waiting may help.

    libpq gives no code for a refused connection. So this depends on English messages of the server.
    """
    cause = _cause(error)
    if not _is_of_postgres(cause) or not _is_one_of(cause, "OperationalError") or cause.sqlstate is not None:
        return ""
    said = str(cause)
    names = "does not exist" in said
    for words, meaning in _WRONG.items():
        if words in said and (names or not words.endswith('"')):
            return meaning
    return ""


def _cause(error: BaseException) -> Any:
    """Return the driver's error behind an error of Django."""
    wrapped = isinstance(error, DatabaseError | InterfaceError)
    return error.__cause__ if wrapped and error.__cause__ is not None else error


def _is_of_postgres(cause: Any) -> bool:
    """Return whether psycopg raised an error. With SQLite, nothing imports psycopg, which needs memory."""
    return hasattr(cause, "sqlstate")


def _is_one_of(cause: Any, *names: str) -> bool:
    """Return whether an error of a driver belongs to one of these classes of PEP 249."""
    return any(one.__name__ in names for one in type(cause).__mro__)


def _sqlite_code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


class Outage:
    """What a process knows about the database. It is safe to use in several threads.

    While `is_on`, background work should try again only when `is_due`, and `probe` first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None
        self._last = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._next_try = 0.0
        self._next_report = 0.0
        self._report_s = FIRST_REPORT_S

    @property
    def is_on(self) -> bool:
        return self._since is not None

    @property
    def lasts_s(self) -> float:
        """Return for how many seconds the outage has lasted, or 0 without one."""
        since = self._since
        return 0.0 if since is None else clock.monotonic() - since

    @property
    def pause_s(self) -> float:
        """Return after how many seconds to try again. It grows with each error."""
        return self._pause_s

    def is_due(self) -> bool:
        """Return whether it is time to try again."""
        return clock.monotonic() >= self._next_try

    def failed(self, error: BaseException) -> str:
        """Note that the database is away. Return what to say now, or "" if it has been said recently."""
        now = clock.monotonic()
        with self._lock:
            begins = self._since is None
            self._last = now
            if begins:
                self._since, self._pause_s, self._report_s = now, FIRST_PAUSE_S, FIRST_REPORT_S
                self._next_try = now + self._pause_s
            elif now >= self._next_try:
                self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
                self._next_try = now + self._pause_s
            if begins:
                self._next_report = now + self._report_s
                return f"The database can't be used: {in_words(error)}. Waiting until it can."
            if now < self._next_report:
                return ""
            self._report_s = min(LONGEST_REPORT_S, self._report_s * 2)
            self._next_report = now + self._report_s
        return f"The database can't be used for {self.lasts_s:.0f} s now: {in_words(error)}."

    def worked(self) -> str:
        """Note that the database answers. Return what to say if that ends an outage, otherwise ""."""
        if self._since is None:
            return ""
        with self._lock:
            if self._since is None or clock.monotonic() - self._last < QUIET_S:
                return ""
            lasted_s, self._since = clock.monotonic() - self._since, None
        return f"The database can be used again, after {lasted_s:.0f} s."

    def note(self, error: BaseException) -> None:
        """Note that the database is away, and log it unless it has been logged recently."""
        if words := self.failed(error):
            log.warning("%s", words)

    def note_end(self) -> None:
        """Note that the database answers, and log the end of an outage."""
        if words := self.worked():
            log.warning("%s", words)

    def probe(self) -> bool:
        """Return whether the database answers now. Note the result."""
        connection = connections[DEFAULT_DB_ALIAS]
        try:
            connection.close_if_unusable_or_obsolete()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except ERRORS as error:
            if not is_outage(error):
                raise
            self.note(error)
            return False
        self.note_end()
        return True


of_process: Final = Outage()
"""The outage as this process sees it."""


@receiver(connection_created)
def _note_end(**_: Any) -> None:
    of_process.note_end()
