"""Write the output of several processes to a terminal, file or pipe. Never wait for the reader."""

import json
import os
import select
import time
from collections import deque
from datetime import UTC, datetime

SUPERVISOR = "supervisor"
_COLOURS = (36, 33, 35, 32, 34, 96, 93, 95)
_MOST_BYTES = 1 << 20
# According to POSIX, a write of this size does not block on a pipe that select() reports as writable.
_CHUNK = 512


class Console:
    """An output that prefixes each line with the name of its process. It is in colour on a terminal.

    If ``as_json`` is True, every line is a JSON object whose field ``part`` has the name instead. A line that
    is no JSON object, such as those of the broker, becomes the message of one.

    The queue has at most 1 MiB. If it is full, the oldest lines are dropped and counted. So the processes
    never wait for a reader.
    """

    def __init__(self, fd: int, *, as_json: bool = False) -> None:
        self.fd = fd
        self.as_json = as_json
        self.broken = False
        self._coloured = os.isatty(fd) and "NO_COLOR" not in os.environ
        self._prefixes: dict[str, bytes] = {}
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = 0

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting) and not self.broken

    def line(self, name: str, text: bytes) -> None:
        """Queue one line of output from the process ``name``. ``text`` has no line break."""
        if self.as_json and not text.strip():
            return
        self._add((_json_line(name, text) if self.as_json else self._prefix(name) + text) + b"\n")

    def say(self, text: str) -> None:
        """Queue a message from the supervisor, without a prefix."""
        if self.as_json:
            text = text.strip()
        self._add(self._note(text))

    def write_some(self) -> None:
        """Write as much as possible without blocking. If a write fails, set ``broken`` and drop all lines."""
        while self.has_waiting and select.select([], [self.fd], [], 0)[1]:
            head = self._waiting.popleft()
            try:
                sent = os.write(self.fd, head[:_CHUNK])
            except BlockingIOError:
                self._waiting.appendleft(head)
                return
            except OSError:  # the reader closed the pipe, the terminal hung up, or the disk is full
                self.broken = True
                self._waiting.clear()
                return
            self._bytes -= sent
            if sent < len(head):
                self._waiting.appendleft(head[sent:])
            elif self._dropped:
                note = self._note(f"({self._dropped} lines were not shown: nobody read them)")
                self._dropped = 0
                self._bytes += len(note)
                self._waiting.appendleft(note)

    def flush(self, *, timeout_s: float) -> None:
        """Write all queued lines. Stop after ``timeout_s`` seconds."""
        deadline = time.monotonic() + timeout_s
        while self.has_waiting and (left := deadline - time.monotonic()) > 0:
            select.select([], [self.fd], [], left)
            self.write_some()

    def _add(self, line: bytes) -> None:
        if self.broken:
            return
        self._waiting.append(line)
        self._bytes += len(line)
        while self._bytes > _MOST_BYTES and len(self._waiting) > 1:
            # The first line may be partly written already, so drop the second line.
            self._bytes -= len(self._waiting[1])
            del self._waiting[1]
            self._dropped += 1

    def _note(self, text: str) -> bytes:
        return (_json_line(SUPERVISOR, text.encode()) if self.as_json else text.encode()) + b"\n"

    def _prefix(self, name: str) -> bytes:
        if name not in self._prefixes:
            words = f"{name:<9}│ "
            colour = _COLOURS[len(self._prefixes) % len(_COLOURS)]
            self._prefixes[name] = (f"\x1b[{colour}m{words}\x1b[0m" if self._coloured else words).encode()
        return self._prefixes[name]


def _json_line(name: str, text: bytes) -> bytes:
    """Return a line as a JSON object with the field ``part``."""
    part = b'{"part": ' + json.dumps(name).encode()
    if text[:1] == b"{":
        try:
            record = json.loads(text)
        except ValueError:
            record = None
        if isinstance(record, dict):
            return part + (b", " if record else b"") + text[1:]
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields = {"time": at, "level": "info", "logger": name, "event": text.decode(errors="replace")}
    return part + b", " + json.dumps(fields, ensure_ascii=False).encode(errors="replace")[1:]
