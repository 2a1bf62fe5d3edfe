"""Count repeated warnings and errors instead of writing each of them.

While a database is away, each process reports the same error several times a second. The first one is written
with its traceback. Then a record says how often it was repeated, and names the last request.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from classroom_admin.common.logs import context

MOST: Final = 500
"""The most different errors that are counted at the same time. Of more, the oldest count is written early."""
LONGEST_MESSAGE: Final = 500
_OUR_CODE: Final = str(Path(__file__).resolve().parents[2]) + os.sep
Key = tuple[object, ...]


@dataclass(slots=True)
class _Counted:
    """An error since `since` (monotonic, s): how often it was repeated, and the last repetition."""

    since: float
    repeated: int = 0
    last: logging.LogRecord | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Repeats:
    """The errors of this process in the last `window_s` seconds.

    An error is written again if it did not occur for a whole window. While it continues, each window ends
    with its count. Not thread-safe: the handler has a lock.
    """

    def __init__(self, window_s: float) -> None:
        self.window_s = window_s
        self._errors: OrderedDict[Key, _Counted] = OrderedDict()

    def __len__(self) -> int:
        return len(self._errors)

    def is_repeated(self, record: logging.LogRecord, *, now: float) -> bool:
        """Count the record if the same error is known. Otherwise remember it, and return False."""
        key = key_of(record)
        known = self._errors.get(key)
        if known is None:
            self._errors[key] = _Counted(now)
            return False
        known.repeated += 1
        known.last = _without_references(record)
        known.facts = dict(context.current())
        return True

    def due(self, *, now: float) -> Iterator[logging.LogRecord]:
        """Yield the counts whose window has ended, and those of the oldest errors if there are too many."""
        while self._errors:
            key, oldest = next(iter(self._errors.items()))
            has_ended = now - oldest.since >= self.window_s
            if not has_ended and len(self._errors) <= MOST:
                return
            del self._errors[key]
            if oldest.repeated:
                yield _count(oldest, now)
                if has_ended:
                    self._errors[key] = _Counted(now)

    def all(self, *, now: float) -> Iterator[logging.LogRecord]:
        """Yield all counts, and forget all errors."""
        errors, self._errors = self._errors, OrderedDict()
        yield from (_count(error, now) for error in errors.values() if error.repeated)

    def next_end(self) -> float | None:
        """Return when the next window ends that has a count (monotonic, s). Return None if none has."""
        ends = [error.since + self.window_s for error in self._errors.values() if error.repeated]
        return min(ends, default=None)


def key_of(record: logging.LogRecord) -> Key:
    """Return what makes two errors the same: logger, level, message template, task, exception and place.

    The place is the innermost function of our own code in the traceback, else the innermost function.
    """
    kinds = tuple(type(value).__name__ for value in _arguments(record) if isinstance(value, BaseException))
    error = record.exc_info[1] if record.exc_info else None
    where = _place(error.__traceback__) if error is not None else None
    return (
        record.name,
        record.levelno,
        str(record.msg),
        context.current().get("task"),
        type(error).__qualname__ if error is not None else kinds,
        where or (record.pathname, record.lineno),
    )


def _arguments(record: logging.LogRecord) -> list[object]:
    args = record.args or ()
    return list(args.values() if isinstance(args, dict) else args)


def _place(trace: TracebackType | None) -> tuple[str, int] | None:
    ours = place = None
    while trace is not None:
        place = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        if place[0].startswith(_OUR_CODE):
            ours = place
        trace = trace.tb_next
    return ours or place


def _without_references(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy with the finished message. The record itself would keep frames and requests in memory."""
    text = record.getMessage()[:LONGEST_MESSAGE]
    return logging.LogRecord(
        record.name, record.levelno, record.pathname, record.lineno, text, None, None, record.funcName
    )


def _count(error: _Counted, now: float) -> logging.LogRecord:
    """Return the record that says how often an error was repeated. It has the facts of the last one."""
    assert error.last is not None
    seconds = max(1, round(now - error.since))
    times = "once" if error.repeated == 1 else f"{error.repeated} times"
    last = error.last
    record = logging.LogRecord(
        last.name,
        last.levelno,
        last.pathname,
        last.lineno,
        "repeated %s in the last %s s: %s",
        (times, seconds, last.msg),
        None,
        last.funcName,
    )
    record.repeated, record.seconds, record.facts = error.repeated, seconds, error.facts
    return record


class CountingHandler(logging.StreamHandler[Any]):
    """The handler that writes records to standard error, and counts repeated warnings and errors.

    Critical records are always written: they say why a process ended.

    `window_s` is the length of a window in seconds; 0: every record is written. The counts are written at the
    end of each window, by a thread that exists only while something is counted, and when logging ends.
    """

    def __init__(self, window_s: float = 60.0) -> None:
        super().__init__()
        self._repeats = Repeats(window_s)
        self._timer: threading.Timer | None = None
        _handlers.add(self)

    def emit(self, record: logging.LogRecord) -> None:
        if self._repeats.window_s and logging.WARNING <= record.levelno < logging.CRITICAL:
            now = time.monotonic()
            self._write(self._repeats.due(now=now))
            if self._repeats.is_repeated(record, now=now):
                self._start_timer(now)
                return
            self._write(self._repeats.due(now=now))
        super().emit(record)

    def write_counts(self) -> None:
        """Write all counts now."""
        with self._own_lock():
            self._write(self._repeats.all(now=time.monotonic()))

    def close(self) -> None:
        self.write_counts()
        with self._own_lock():
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        super().close()

    def forget(self) -> None:
        """Forget what another process has counted. A fork calls this in the new process."""
        self._repeats = Repeats(self._repeats.window_s)
        self._timer = None

    def _own_lock(self) -> threading.RLock:
        assert self.lock is not None
        return self.lock

    def _write(self, records: Iterator[logging.LogRecord]) -> None:
        for record in records:
            super().emit(record)

    def _start_timer(self, now: float) -> None:
        if self._timer is not None:
            return
        ends = self._repeats.next_end()
        if ends is not None:
            self._timer = threading.Timer(max(0.01, ends - now), self._end_windows)
            self._timer.name = "counts of the log"
            self._timer.daemon = True
            self._timer.start()

    def _end_windows(self) -> None:
        with self._own_lock():
            self._timer = None
            now = time.monotonic()
            self._write(self._repeats.due(now=now))
            self._start_timer(now)


_handlers: weakref.WeakSet[CountingHandler] = weakref.WeakSet()


def write_counts() -> None:
    """Write the counts of all handlers, for a process that ends without ending logging."""
    for handler in list(_handlers):
        handler.write_counts()


def _forget_all() -> None:
    for handler in list(_handlers):
        handler.forget()


os.register_at_fork(after_in_child=_forget_all)
