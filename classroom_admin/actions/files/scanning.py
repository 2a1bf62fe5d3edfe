"""Ask the virus scanner clamd about an uploaded file (https://docs.clamav.net/manual/Usage/Scanning.html#clamd).

The client is our own, because the maintained library for Python has another licence than this project, sends
1 KB at a time, and knows no IPv6. The command INSTREAM needs only a few lines.
"""

from __future__ import annotations

import logging
import socket
import struct
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)

CONNECT_S: Final = 5.0
ANSWER_S: Final = 120.0
"""How long the scanner may be silent. It answers when it has the whole file."""
PORT: Final = 3310
_CHUNK: Final = 64 * 1024
_LONGEST_ANSWER: Final = 4096


class ScannerDown(Exception):
    """Raised if the scanner can't be reached, or can't scan this file. The message is for the log."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of the scanner. `virus` is "" if the file is clean."""

    virus: str = ""


def problem(content: IO[bytes]) -> str:
    """Return a sentence that says why the file can't be stored, or "" if it is clean.

    Without CLAMD_URL, nothing is scanned. If the scanner does not answer, the file is refused, unless
    FILES_WITHOUT_SCAN is set.
    """
    if not settings.CLAMD_URL:
        return ""
    try:
        verdict = scan(content, url=settings.CLAMD_URL)
    except ScannerDown as error:
        log.error("the virus scanner could not check a file: %s", error)
        if settings.FILES_WITHOUT_SCAN:
            return ""
        return _(
            "The virus scanner does not answer, so the file was not stored. Try again later, or tell an "
            "administrator."
        )
    if not verdict.virus:
        return ""
    log.warning("refused an infected file: %s", verdict.virus)
    return _(
        "The virus scanner found “%(virus)s” in this file, so it was not stored. Check your computer for "
        "viruses."
    ) % {"virus": verdict.virus}


def scan(content: IO[bytes], *, url: str) -> Verdict:
    """Send the content to clamd at `url`, such as `tcp://127.0.0.1:3310` or `unix:///run/clamav/clamd.ctl`.

    Raise ``ScannerDown`` if it can't be reached, answers an error, or the file is larger than it accepts.
    """
    content.seek(0)
    try:
        with closing(_connected(url)) as connection:
            answer = _asked(connection, content)
    except OSError as error:
        raise ScannerDown(str(error) or type(error).__name__) from error
    if answer.endswith(" FOUND"):
        return Verdict(virus=answer.removeprefix("stream: ").removesuffix(" FOUND")[:200])
    if answer == "stream: OK":
        return Verdict()
    raise ScannerDown(answer or "an empty answer")


def _connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(CONNECT_S)
        connection.connect(parts.path)
    else:
        connection = socket.create_connection((parts.hostname or "", parts.port or PORT), timeout=CONNECT_S)
    connection.settimeout(ANSWER_S)
    return connection


def _asked(connection: socket.socket, content: IO[bytes]) -> str:
    """Send INSTREAM: chunks, each with its length as four bytes, and an empty chunk. Return the answer."""
    try:
        connection.sendall(b"zINSTREAM\0")
        while chunk := content.read(_CHUNK):
            connection.sendall(struct.pack("!L", len(chunk)) + chunk)
        connection.sendall(struct.pack("!L", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass  # clamd closes the connection when a file is too large; its answer says so
    answer = b""
    while b"\0" not in answer and len(answer) < _LONGEST_ANSWER and (got := connection.recv(1024)):
        answer += got
    return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()
