"""Hide the values of known secrets in texts that people or programs store: logs, error pages, error mails."""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterable
from html import escape
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote

from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from classroom_admin.common.redaction import HIDDEN, names_secret

SHORTEST: Final = 6
"""A shorter value is not searched, because it occurs by chance. Shorter secrets are refused at the start."""
_CREDENTIALS: Final = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@?#]*):[^\s/@]+@", re.IGNORECASE)
_SECRET_SETTINGS: Final = re.compile(
    "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|CERTIFICATE|CREDENTIAL|COOKIE|BROKER|DATABASE|CACHES|STORAGES"
    "|EMAIL|AGORA|_URL",
    re.IGNORECASE,
)
log: Final = logging.getLogger(__name__)
_known: set[str] = set()
_pattern: re.Pattern[str] | None = None


def remember(values: Iterable[str]) -> None:
    """Hide these values from now on, in every form in which a text may contain them."""
    global _pattern
    for value in values:
        if len(value) >= SHORTEST:
            written = repr(value)[1:-1]
            _known.update(
                {value, escape(value), quote(value, safe=""), quote(value), written, escape(written)}
            )
    longest_first = sorted(_known, key=len, reverse=True)
    _pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def hide(text: str) -> str:
    """Return the text without known secrets and without passwords in addresses."""
    if _pattern is not None:
        text = _pattern.sub(HIDDEN, text)
    return _CREDENTIALS.sub(rf"\1:{HIDDEN}@", text) if "://" in text else text


def install_hooks() -> None:
    """Hide secrets in the tracebacks that Python prints when a process or a thread fails.

    As soon as logging is set up, such a traceback is a record of the log.
    """
    sys.excepthook = _print_traceback
    threading.excepthook = lambda failed: _print_traceback(
        failed.exc_type, failed.exc_value, failed.exc_traceback
    )


def _print_traceback(
    kind: type[BaseException], error: BaseException | None, where: TracebackType | None
) -> None:
    if issubclass(kind, SystemExit):
        return
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error or kind(), where)
        return
    if logging.getLogger().hasHandlers():
        log.critical("uncaught exception", exc_info=(kind, error or kind(), where))
        return
    print(hide("".join(traceback.format_exception(kind, error, where))), file=sys.stderr, end="")  # noqa: T201


class ReporterFilter(SafeExceptionReporterFilter):
    """Hide settings and local variables whose names or values are secret from error pages and error mails."""

    cleansed_substitute = HIDDEN
    hidden_settings = _SECRET_SETTINGS

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> Any:
        found = super().get_traceback_frame_variables(request, tb_frame)
        return [(name, HIDDEN if names_secret(name) else value) for name, value in found]


class Reporter(ExceptionReporter):
    """Write error pages and error mails in which no known secret occurs."""

    def get_traceback_html(self) -> SafeString:
        return mark_safe(hide(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return mark_safe(hide(super().get_traceback_text()))
