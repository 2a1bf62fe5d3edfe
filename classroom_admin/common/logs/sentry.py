"""Send errors to Sentry, or to a server with the same interface. Off unless SENTRY_DSN is set.

Every error of this product, Django, Celery and uvicorn is a record of the log, so only such records are sent.
An event has the message, the traceback without local variables, and the ids by which the log finds the rest:
no request, no cookie, no person, no address of a client. Secrets and email addresses in texts are hidden.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from classroom_admin.common.logs import context
from classroom_admin.common.logs.pipeline import message_of
from classroom_admin.common.logs.repeats import Repeats
from classroom_admin.common.redaction import text_without_secrets
from classroom_admin.common.secret_values import hide

TAGS: Final = ("request_id", "action_id", "room", "route", "task", "command")
KEPT: Final = frozenset(
    {
        "contexts", "environment", "event_id", "exception", "level", "logger", "platform", "release", "sdk",
        "server_name", "timestamp",
    }
)  # fmt: skip
"""The parts of an event that are sent. All others are removed, also those of later releases."""
EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
FLUSH_S: Final = 2.0
_Event = dict[str, Any]
_sdk: ModuleType | None = None


class Unusable(Exception):
    """Raised if errors can't be sent to Sentry. The message says what to do, and contains no secret."""


def start(dsn: str, *, repeat_s: float) -> None:
    """Send errors to the project with this DSN. Do nothing if it is empty. Raise ``Unusable`` if it can't be.

    An error that repeats within `repeat_s` seconds is sent once.
    """
    global _sdk
    if not dsn:
        return
    try:
        sdk = import_module("sentry_sdk")
        records = import_module("sentry_sdk.integrations.logging")
        ends = import_module("sentry_sdk.integrations.atexit")
        utils = import_module("sentry_sdk.utils")
    except ImportError as error:
        raise Unusable(
            "SENTRY_DSN needs the package sentry-sdk: pip install -r requirements-sentry.txt"
        ) from error
    try:
        sdk.init(
            dsn=dsn,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[
                records.LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None),
                ends.AtexitIntegration(callback=lambda pending, timeout: None),
            ],
            before_send=_before_send(repeat_s),
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            enable_backpressure_handling=False,
            shutdown_timeout=FLUSH_S,
        )
    except utils.BadDsn:
        raise Unusable(
            "SENTRY_DSN is not the DSN of a project in Sentry. Copy it again from the project's settings."
        ) from None
    _sdk = sdk


def flush() -> None:
    """Wait until errors are sent, for at most `FLUSH_S` seconds."""
    if _sdk is not None:
        _sdk.flush(timeout=FLUSH_S)


def _before_send(repeat_s: float) -> Callable[[_Event, Mapping[str, Any]], _Event | None]:
    """Return the function that decides what is sent of an event. It returns None if nothing is."""
    repeats, lock = Repeats(repeat_s), threading.Lock()

    def before_send(event: _Event, about: Mapping[str, Any]) -> _Event | None:
        record: logging.LogRecord | None = about.get("log_record")
        if record is None:
            return None
        if repeat_s:
            now = time.monotonic()
            with lock:
                list(repeats.due(now=now))
                if repeats.is_repeated(record, now=now):
                    return None
        kept = {name: value for name, value in event.items() if name in KEPT}
        kept["logentry"] = {"message": str(record.msg), "formatted": message_of(record)}
        facts = context.current()
        kept["tags"] = {name: str(facts[name]) for name in TAGS if facts.get(name) is not None}
        shown: _Event = _shown(kept)
        return shown

    return before_send


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return EMAIL.sub("[email]", text_without_secrets(hide(value)))
    if isinstance(value, Mapping):
        return {name: _shown(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    return value
