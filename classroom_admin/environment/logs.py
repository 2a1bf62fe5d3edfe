"""The environment variables of the log."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from classroom_admin.environment.fields import Level, Lower, Number, Section, variable


def sentry(text: str) -> str:
    """Return the address (DSN) of a project in Sentry. Raise ValueError for any other text."""
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        port = 0
    is_address = port != 0 and parts.scheme in ("http", "https") and bool(parts.hostname and parts.username)
    if not is_address or not re.fullmatch(r"(/[\w.-]+)*/\d+", parts.path) or parts.query or parts.fragment:
        raise ValueError("it must be the DSN of a project in Sentry, like https://KEY@sentry.example.org/1")
    return text


class Logs(Section):
    title = "The log"
    intro = "See [the log](logging.md)."

    LOG_LEVEL: Level = variable(
        "The lowest level that is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`", "INFO"
    )
    LOG_FORMAT: Annotated[Literal["json", "text"], Lower] | None = variable(
        "The form of the log: `json` for one JSON object a line, or `text` for people",
        None,
        shown="`text` in a terminal, else `json`",
    )
    LOG_REPEAT_SECONDS: Number = variable(
        "A warning or an error that repeats within this time is counted instead of written again; "
        "`0`: write each of them",
        60.0,
    )
    ACCESS_LOG: bool = variable("`true`: log one record for each request, except for probes", True)
    ACCESS_LOG_ADDRESSES: bool = variable(
        "`true`: the records of requests contain the address of the client, which is personal data", False
    )
    SENTRY_DSN: Annotated[str, BeforeValidator(sentry)] = variable(
        "The address (DSN) of a project in Sentry that receives errors, without personal data; "
        "it needs `pip install -r requirements-sentry.txt`; empty: no errors are sent",
        secret="inside",
    )
