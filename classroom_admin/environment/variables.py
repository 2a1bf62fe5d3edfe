"""Define the environment variables of Classroom Admin: their types, defaults and meanings.

`scripts/configuration.py` writes `.env.example` and `docs/configuration.md` from these classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from django.core.exceptions import ImproperlyConfigured
from pydantic import BeforeValidator, ValidationError

from classroom_admin.common import program_files
from classroom_admin.environment import addresses, weights
from classroom_admin.environment.audit import Audit
from classroom_admin.environment.cloud import Cloud
from classroom_admin.environment.fields import (
    Days,
    Folder,
    Host,
    Hosts,
    Interval,
    Keys,
    Lower,
    Number,
    Origins,
    Port,
    Proxies,
    PublicAddress,
    Rate,
    Section,
    Settings,
    StopWait,
    TimeZone,
    Weights,
    Whole,
    plain,
    variable,
)
from classroom_admin.environment.files import Files
from classroom_admin.environment.logs import Logs
from classroom_admin.environment.mail import Sender
from classroom_admin.environment.monitoring import Monitoring
from classroom_admin.environment.outbound import Outbound
from classroom_admin.environment.retention import Retention
from classroom_admin.environment.sign_on_switches import SignOn

DEFAULT_DATA_DIR: Final = program_files.FOLDER / "var"
"""The default in a checkout. An installed package has none, because its folder is no place for data."""
MAY_BE_EMPTY: Final = ("AGORA_FALLBACK_URL",)
"""Variables that may be set to an empty value. For all others, an empty value means the default."""


class Web(Section):
    title = "The web address"
    intro = "The web process uses plain HTTP. A proxy in front of it handles TLS ([running](running.md))."

    PUBLIC_URL: PublicAddress = variable(
        "The address that people use, with a path if the dashboard has only a part of the host; "
        "`https://` switches on secure cookies",
        shown="`http://HOST:PORT`",
    )
    ALLOWED_HOSTS: Hosts = variable(
        "The host names that the dashboard answers to, separated by commas, as in Django",
        (),
        shown="`localhost,127.0.0.1,[::1]` and the host of `PUBLIC_URL`",
    )
    CSRF_TRUSTED_ORIGINS: Origins = variable(
        "The origins whose forms are accepted besides the dashboard's own, separated by commas, as in Django",
        (),
        shown="the origin of `PUBLIC_URL`",
    )
    TRUSTED_PROXIES: Proxies = variable(
        "The proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` count: addresses "
        "and networks separated by commas, `unix` for a unix socket, or `none` "
        "([running](running.md#behind-a-reverse-proxy))",
        None,
        shown="`127.0.0.1,::1,unix` if `PUBLIC_URL` begins with `https://`, else none",
    )
    HSTS_PRELOAD: bool = variable(
        "`true`: ask browsers to use only https for the host and its subdomains, even before the first visit",
        False,
    )
    MAX_CONNECTIONS: Whole = variable(
        "The most open connections of a web process; one address may use 60 % of them", 10_000
    )
    STOP_WAIT_S: StopWait = variable(
        "How many seconds a stopping web process waits for uploads and downloads in progress, at most 600 "
        "([running](running.md#stopping))",
        20,
    )
    HOST: Host = variable("The address on which the dashboard listens", "127.0.0.1")
    PORT: Port = variable("The port on which the dashboard listens", 8000)


class Data(Section):
    title = "Data and services"
    intro = (
        "A single school needs none of these variables. "
        "A school district sets the addresses of its own services."
    )

    DATA_DIR: Folder = variable(
        "The folder for the database, the broker, uploaded files and the secret key, unless set elsewhere",
        DEFAULT_DATA_DIR,
        shown="`var/` in a checkout; an installed package needs a value",
    )
    DATABASE_URL: Annotated[Settings, BeforeValidator(addresses.database)] = variable(
        "The database: `sqlite:///…` or `postgres://…`", {}, shown="SQLite in `DATA_DIR`", secret="inside"
    )
    CELERY_BROKER_URL: Annotated[str, BeforeValidator(addresses.broker)] = variable(
        "The message broker: Redis (`redis://…`) or RabbitMQ (`amqp://…`); "
        "`rediss://…` and `amqps://…` check the certificate, unless `?ssl_cert_reqs=none`",
        shown="a private Valkey in `DATA_DIR`",
        secret="inside",
    )
    CACHE_URL: Annotated[Settings, BeforeValidator(addresses.cache)] = variable(
        "The cache that counts attempts to sign in: `rediscache://…` where there are several web processes; "
        "`rediss://…` checks the certificate, unless `?ssl_cert_reqs=none`",
        addresses.cache("locmemcache://"),
        shown="the memory of each process",
        secret="inside",
    )
    SECRET_KEY: str = variable(
        "The key that signs sessions and encrypts secrets in the database, at least 32 characters; the same "
        "on every machine ([keys](running.md#keys))",
        shown="created once and kept in `DATA_DIR`",
        secret="literal",
        least=32,
    )
    SECRET_KEY_FALLBACKS: Keys = variable(
        "Older values of `SECRET_KEY` that are still accepted, separated by commas",
        (),
        shown="none",
        secret="literal",
    )
    ADDRESS_KEY: str = variable(
        "The key that signs addresses of files and calendars, at least 32 characters; the same on every "
        "machine, and kept for years",
        shown="created once and kept in `DATA_DIR`; `SECRET_KEY` if this is set",
        secret="literal",
        least=32,
    )
    EMAIL_URL: Annotated[Settings, BeforeValidator(addresses.mail)] = variable(
        "The mail server: `smtp+tls://…`, `smtp+ssl://…` or `smtp://…`; "
        "the default prints mail to the console",
        addresses.mail("consolemail://"),
        shown="`consolemail://`",
        secret="inside",
    )
    MAIL_FROM: Sender = variable(
        "The sender of mails, such as `Example School <classes@school.example>` ([mail](mail.md))",
        shown="the user name in `EMAIL_URL` if it is an address, otherwise `classroom-admin@` and the host "
        "of `PUBLIC_URL`",
    )


class SignIn(Section):
    title = "Sign-in"
    intro = "See [sign-in](sign-in.md)."

    SECOND_FACTOR: Annotated[Literal["administrators", "everyone", "nobody"], Lower] = variable(
        "Who must sign in with a second factor, such as an authenticator app: `administrators`, `everyone` "
        "or `nobody`",
        "administrators",
    )
    SESSION_IDLE_MINUTES: Number = variable(
        "After how many minutes without a page or a command a person is signed out; open pages that only "
        "update do not count; `0`: no such limit",
        720.0,
    )
    SESSION_DAYS: Interval = variable(
        "After how many days a person must sign in again in any case; fractions are allowed", 14.0
    )
    REAUTHENTICATION_MINUTES: Interval = variable(
        "For how many minutes after the sign-in sensitive changes need no new confirmation, such as a new "
        "role or another second factor",
        15.0,
    )
    PASSWORD_LINK_DAYS: Interval = variable(
        "How many days the link is valid with which a new person chooses a password", 7.0
    )
    PASSWORD_DENY_FILE: Path | None = variable(
        "A text file with passwords that nobody may choose, one per line, besides Django's list of common "
        "ones",
        None,
    )


class Behaviour(Section):
    title = "Behaviour"

    TIME_ZONE: TimeZone = variable("The time zone where neither a person nor their browser names one", "UTC")
    RECORD_EVERY_CLASS: bool = variable("`true`: alert when a running class is not being recorded", False)
    CLASS_MADE_DAYS_AHEAD: Number = variable(
        "How many days before its start a scheduled class is created in the cloud, "
        "which keeps a room for five days",
        4.0,
    )
    LATE_AFTER_MINUTES: Number = variable(
        "A listed student who joins this many minutes after the start is late", 5.0
    )
    LEFT_EARLY_MINUTES: Number = variable(
        "A listed student who leaves this many minutes before the end has left early", 5.0
    )
    PARTICIPATION_WEIGHTS: Weights = variable(
        "The points for each part of the participation score; parts that you omit keep their defaults "
        "([the score](decisions/participation-score.md))",
        weights.DEFAULTS,
        shown=f"`{weights.shown(weights.DEFAULTS)}`",
    )
    RECORDING_LINK_DAYS: Days = variable(
        "How many days after a recording the dashboard shows, plays and shares it; `0`: as long as the cloud "
        "has the files",
        0,
    )
    API_REQUESTS_PER_MINUTE: Rate = variable(
        "How many requests each person's programs may send to the API in a minute",
        1200,
    )


class Alerts(Section):
    title = "Alerts"
    intro = (
        "A class needs attention if it exceeds one of these limits. Fractions are allowed. "
        "Give all processes the same values."
    )

    WALL_NO_TEACHER_MINUTES: Number = variable(
        "Alert when a class has run this many minutes without a teacher", 2.0
    )
    WALL_ALONE_MINUTES: Number = variable(
        "Alert when students have been this many minutes without a teacher or an assistant", 2.0
    )
    WALL_HAND_MINUTES: Number = variable(
        "Mark the raised hands of a class when the oldest has waited this many minutes", 2.0
    )
    WALL_RECORDING_MINUTES: Number = variable(
        "Alert when a class has run this many minutes without a recording, if RECORD_EVERY_CLASS is set", 1.0
    )
    WALL_OVER_MINUTES: Number = variable(
        "Alert when a class has run this many minutes past its scheduled end", 5.0
    )
    WALL_REFUSED_MINUTES: Number = variable(
        "Show a command that the cloud refused as an alert for this many minutes", 15.0
    )
    WALL_STALE_SECONDS: Number = variable("Alert when events have been missing for this many seconds", 60.0)


class Output(Section):
    title = "Terminal"

    DEBUG: bool = variable("`true`: Django's debug pages, never where others can reach them", False)
    NO_COLOR: str = variable("Any value: no colours in the terminal")
    FORCE_COLOR: str = variable("Any value: colours even if the output is no terminal")
    RESET: bool = variable("`1`: `demo` deletes its data and starts anew", False)


class Environment(
    Cloud,
    Web,
    Data,
    SignIn,
    Behaviour,
    Alerts,
    SignOn,
    Files,
    Retention,
    Audit,
    Monitoring,
    Logs,
    Outbound,
    Output,
):
    """The values of all variables."""


SECTIONS: Final = (
    *(Cloud, Web, Data, SignIn, Behaviour, Alerts, SignOn, Files, Retention, Audit, Monitoring, Logs),
    *(Outbound, Output),
)
_WORDS: Final = {
    "int_parsing": "it must be a number.",
    "int_from_float": "it must be a whole number.",
    "float_parsing": "it must be a number.",
    "finite_number": "it must be a number.",
    "bool_parsing": "it must be true or false.",
    "greater_than_equal": "it must be at least {ge}.",
    "greater_than": "it must be more than {gt}.",
    "less_than_equal": "it must be at most {le}.",
    "literal_error": "it must be {expected}.",
}
"""Messages for pydantic's errors. All other errors have readable messages already."""


def data_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder in DATA_DIR, or the default. Raise ImproperlyConfigured if it is invalid."""
    given = plain(environ.get("DATA_DIR", ""))
    return read({"DATA_DIR": given}).DATA_DIR


def read(environ: Mapping[str, str]) -> Environment:
    """Return the values of all variables. Raise ImproperlyConfigured if any value is invalid or missing."""
    given = {}
    for name, field in Environment.model_fields.items():
        text = environ.get(name)
        if text is not None and not _extra(field)["literal"]:
            text = plain(text)
        if text or (text is not None and name in MAY_BE_EMPTY):
            given[name] = text
    if "DATA_DIR" not in given and not program_files.IS_CHECKOUT:
        raise ImproperlyConfigured(
            "DATA_DIR is not set. Name a folder for the database, the keys and the files, such as "
            "DATA_DIR=/var/lib/classroom-admin, and use the same folder for every command."
        )
    try:
        return Environment.model_validate(given)
    except ValidationError as errors:
        raise ImproperlyConfigured("\n".join(in_words(errors, given, Environment.model_fields))) from None


def in_words(errors: ValidationError, given: Mapping[str, str], fields: Mapping[str, Any]) -> list[str]:
    """Return a message for each error. It names the variable, but does not contain a secret."""
    found = []
    for error in errors.errors(include_url=False):
        name, details = str(error["loc"][0]), error.get("ctx", {})
        words = _WORDS.get(error["type"], "").format(**details) or str(details.get("error", error["msg"]))
        is_secret = not fields[name].repr
        found.append(f"{name}: {words}" if is_secret else f"{name} is {given[name]!r}: {words}")
    return found


def least_characters(name: str) -> int:
    """Return the smallest number of characters of a secret, or 0 if the variable is not a secret."""
    least: int = _extra(Environment.model_fields[name])["least"]
    return least


def _extra(field: Any) -> dict[str, Any]:
    extra: dict[str, Any] = field.json_schema_extra
    return extra
