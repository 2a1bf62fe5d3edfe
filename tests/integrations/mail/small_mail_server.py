"""A mail server on loopback that keeps what it gets, and refuses what a test says."""

from __future__ import annotations

import email
import email.policy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from tests.operations.small_servers import running


@dataclass
class MailServer:
    """`answers` has the answer to a command that is not the usual one, such as {"RCPT": "550 unknown"}.

    `before_data` is called after a mail arrived and before the server accepts it.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None
    drops_after_data: bool = False
    lock: Any = field(default_factory=threading.Lock)

    def handle(self, connection: Any) -> None:
        connection.wfile.write(b"220 mail.test ESMTP\r\n")
        while line := connection.rfile.readline().decode().strip():
            command = line.split(" ", 1)[0].upper()
            self.said.append(command)
            usual = {"EHLO": "250-mail.test\r\n250 AUTH PLAIN", "AUTH": "235 ok", "DATA": "354 go on"}
            answer = self.answers.get(command, usual.get(command, "250 ok"))
            connection.wfile.write(f"{answer}\r\n".encode())
            if command == "QUIT":
                return
            if command == "DATA" and answer.startswith("354") and not self._take(connection):
                return

    def _take(self, connection: Any) -> bool:
        """Read a mail and accept it. Return False if the connection ends without an answer."""
        lines = []
        while (line := connection.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        parsed: Any = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        with self.lock:
            self.mails.append(parsed)
        self.before_answer()
        if self.drops_after_data:
            return False
        connection.wfile.write(self.answers.get("END", "250 accepted").encode() + b"\r\n")
        return True


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server. It signs everybody in, and accepts every mail unless `answers` says otherwise."""
    server = MailServer()
    with running(server.handle) as server.port:
        yield server


def parts_of(mail: EmailMessage) -> tuple[str, str]:
    """Return the text and the HTML of a mail."""
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()
