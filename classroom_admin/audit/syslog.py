"""Copy the records of the audit log to a syslog server (AUDIT_SYSLOG), in the format of RFC 5424.

A background task copies the records after they were linked. So a server that does not answer never delays a
request, and gets the records later. After a failure, a record may be sent twice.
"""

import json
import logging
import os
import socket
import sys
from datetime import datetime
from logging.handlers import SysLogHandler
from threading import Lock
from typing import Any, Final, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import translation

from classroom_admin.audit import as_json, chain
from classroom_admin.audit.models import Copied, Entry, Link, Step

log = logging.getLogger(__name__)

MOST: Final = 500
"""How many records are sent over one connection."""
TIMEOUT_S: Final = 5.0
FACILITY: Final = 13  # "log audit" in RFC 5424
LONGEST: Final = 8000
"""Longer messages are sent without their details, because servers cut them off."""
_busy = Lock()


def copy_new() -> int:
    """Send the records that were linked since the last call. Return how many.

    The first call for a server starts with the next record. Raise OSError if the server can't be reached.
    """
    server = settings.AUDIT_SYSLOG
    if not server or not _busy.acquire(blocking=False):
        return 0
    try:
        copied, is_new = Copied.objects.get_or_create(server=server, defaults={"number": chain.head()[0]})
        return 0 if is_new else _copy(copied)
    finally:
        _busy.release()


def _copy(copied: Copied) -> int:
    links = Link.objects.filter(number__gt=copied.number).order_by("number")
    sent = 0
    new = list(links.select_related("entry", "step__entry")[:MOST])
    if not new:
        return 0
    handler = _Server(copied.server)
    try:
        for link in new:
            handler.emit(_record(link))
            sent = link.number
    finally:
        handler.close()
        if sent:
            Copied.objects.filter(pk=copied.pk).update(number=sent)
    return len(new)


class _Server(SysLogHandler):
    """A connection to a syslog server. Unlike its base class, it has a time limit and raises errors."""

    append_nul = False

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._is_tcp = parts.scheme == "tcp"
        address: Any = server if server.startswith("/") else (parts.hostname, parts.port)
        kind = socket.SOCK_STREAM if self._is_tcp else socket.SOCK_DGRAM
        super().__init__(address, facility=FACILITY, socktype=kind)
        self.setFormatter(logging.Formatter("%(message)s\n" if self._is_tcp else "%(message)s"))

    def createSocket(self) -> None:
        if not self._is_tcp:
            super().createSocket()
            return
        host, port = cast("tuple[str, int]", self.address)
        self.unixsocket = False
        self.socktype = socket.SOCK_STREAM
        self.socket = socket.create_connection((host, port), timeout=TIMEOUT_S)

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exception()
        if error is not None:
            raise error


def _record(link: Link) -> logging.LogRecord:
    contents: dict[str, Any] = {"link": link.number, "hash": link.hash}
    level = logging.INFO
    with translation.override("en"):
        if link.step is not None:
            entry, at = link.step.entry, link.step.at
            contents |= {"record": "step", "entry": entry.pk, "action": entry.action}
            contents |= as_json.of_step(link.step)
            level = logging.WARNING if link.step.kind == Step.Kind.FAILED else level
        else:
            entry = cast(Entry, link.entry)  # each link has an entry or a step
            at = entry.at
            contents |= {"record": "entry", **as_json.of_entry(entry)}
    text = json.dumps(contents, ensure_ascii=False)
    if len(text.encode()) > LONGEST:
        shorter = {key: value for key, value in contents.items() if key not in ("params", "detail")}
        text = json.dumps({**shorter, "shortened": True}, ensure_ascii=False)
    message = f"1 {_time(at)} {_host()} classroom-admin {os.getpid()} {entry.action} - {text}"
    return logging.LogRecord("audit", level, __file__, 0, message, None, None)


def _time(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _host() -> str:
    return socket.gethostname().replace(" ", "") or "-"
