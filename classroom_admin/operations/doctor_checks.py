"""The checks of `manage.py doctor`: what is wrong with this installation, and what to do.

Each check is a function without arguments that returns a `Result`; its name is the name of the check. To add
one, write the function and add it to `CHECKS`. A check may take `DEADLINE_S` in all.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import requests
from amqp.exceptions import AMQPError
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection, connections
from kombu import Connection

from classroom_admin.agora.client import Client
from classroom_admin.agora.connection import check_connection
from classroom_admin.common import clock, clock_jumps
from classroom_admin.common.broker_errors import BROKER_ERRORS
from classroom_admin.common.problem_texts import in_english
from classroom_admin.common.public_address import reach
from classroom_admin.operations import doctor_front, doctor_machine, doctor_network, doctor_work
from classroom_admin.operations.doctor_result import Result, failed, ok, skipped, warning
from classroom_admin.operations.readiness import missing_migrations
from classroom_admin.rooms.selectors import room_at_the_cloud
from classroom_admin.runtime import broker as embedded_broker

DEADLINE_S: Final = 40.0
SHORTEST_KEY: Final = 50
FEWEST_CHARACTERS: Final = 5
_REPORT: Final = "Report the error above. It is probably a mistake in the dashboard."
_CONNECT_S: Final = 5
"""The check of the connection to the cloud takes up to 15 s, and the probe of the stream a few seconds."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check with its name, as `doctor --json` prints it."""

    name: str
    status: Literal["ok", "warning", "failed", "skipped"]
    message: str
    fix: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def debug() -> Result:
    if not settings.DEBUG:
        return ok("Debug pages are off.")
    fix = "Remove DEBUG from the environment, and restart."
    if reach(settings.PUBLIC_URL) == "machine":
        return warning("Debug pages are on. Nobody else may reach this dashboard.", fix)
    return failed("Debug pages are on, and others can reach them. They show settings and code.", fix)


def secret_key() -> Result:
    key = str(settings.SECRET_KEY)
    if len(key) >= SHORTEST_KEY and len(set(key)) >= FEWEST_CHARACTERS:
        return ok("The secret key is long enough.")
    return failed(
        f"SECRET_KEY has fewer than {SHORTEST_KEY} characters, or repeats very few. Others could guess it.",
        "Set a key from `python -c 'import secrets; print(secrets.token_urlsafe(64))'`. "
        "Keep the old key in SECRET_KEY_FALLBACKS for a while.",
    )


def public_url() -> Result:
    address = settings.PUBLIC_URL
    if address.startswith("https://"):
        return ok(f"People use {address} over https.")
    if reach(address) == "machine":
        return skipped(f"Only this machine can reach {address}.")
    words = f"People send passwords to {address} without encryption."
    fix = "Put a proxy with TLS in front, and set PUBLIC_URL to its https address."
    return failed(words, fix) if reach(address) == "world" else warning(words, fix)


def data_folder() -> Result:
    folder = settings.DATA_DIR
    files = [folder, folder / "secret_key", folder / "files"]
    if connection.vendor == "sqlite":
        files += folder.glob("classroom_admin.sqlite3*")
    shared = [path for path in files if path.exists() and path.stat().st_mode & 0o077]
    if not shared:
        return ok(f"Only this user can read {folder}.")
    names = ", ".join(str(path) for path in shared)
    return failed(f"Other users of this machine can open {names}.", f"Run `chmod -R go= {folder}`.")


def steady_clock() -> Result:
    jump = clock_jumps.last(settings.DATA_DIR)
    if jump is None:
        return ok("The clock of this machine has not jumped within a day.")
    direction = "forward" if jump.is_forward else "back"
    return warning(
        f"The clock of this machine jumped {direction} by {abs(jump.by_s):.0f} s at {clock.iso(jump.at)}.",
        "Let a time service such as chrony or systemd-timesyncd set the clock, and keep the machine awake.",
    )


def database() -> Result:
    try:
        missing = missing_migrations()
    except DatabaseError as error:
        kind = type(error).__name__
        return failed(
            f"The database does not answer, or has no tables ({kind}).",
            "Check DATABASE_URL and the database server, then run `manage.py migrate`.",
        )
    if missing:
        return failed(
            f"The database lacks {len(missing)} migrations, such as {missing[0]}.", "Run `manage.py migrate`."
        )
    return ok(f"The database ({connection.vendor}) answers and is up to date.")


def broker() -> Result:
    socket = settings.BROKER_SOCKET
    if socket is not None:
        if embedded_broker.answers(socket):
            return ok("The embedded broker answers.")
        return failed("The embedded broker does not run.", "Start the dashboard with `manage.py serve`.")
    try:
        tls = settings.CELERY_BROKER_USE_SSL
        with Connection(settings.CELERY_BROKER_URL, ssl=tls, connect_timeout=_CONNECT_S) as one:
            one.ensure_connection(max_retries=1, timeout=_CONNECT_S)
    except AMQPError as error:
        words = f"The broker refuses the connection ({type(error).__name__})."
        return failed(words, "Check the user name, the password and the virtual host in CELERY_BROKER_URL.")
    except (*BROKER_ERRORS, OSError) as error:
        kind = type(error).__name__
        return failed(f"The broker does not answer ({kind}).", "Check CELERY_BROKER_URL and the broker.")
    return ok("The broker answers.")


def shared_cache() -> Result:
    backend = str(settings.CACHES["default"]["BACKEND"])
    if backend.endswith(("LocMemCache", "DummyCache")):
        if connection.vendor == "sqlite":
            return ok("The cache is in the memory of the only web process.")
        return warning(
            "Each web process has a cache of its own, so several processes count some attempts separately.",
            "Set CACHE_URL to a Redis server if you run several web processes.",
        )
    try:
        cache.set("doctor", "here", 60)
        kept = cache.get("doctor")
    except (OSError, _redis_error()) as error:
        kind = type(error).__name__
        return failed(f"The cache does not answer ({kind}).", "Check CACHE_URL and the server.")
    return ok("The cache answers.") if kept == "here" else failed("The cache keeps nothing.", "Check it.")


def _redis_error() -> type[Exception]:
    from redis.exceptions import RedisError

    return RedisError


def trusted_proxies() -> Result:
    proxies = settings.TRUSTED_PROXIES
    https = settings.PUBLIC_URL.startswith("https://")
    if https and not proxies:
        return failed(
            "PUBLIC_URL is https, but no proxy is trusted. All people seem to have the proxy's address.",
            "Set TRUSTED_PROXIES to the address of the proxy, such as 127.0.0.1.",
        )
    if proxies and not https and reach(settings.PUBLIC_URL) != "machine":
        return warning(
            "TRUSTED_PROXIES is set, but PUBLIC_URL is http. Anyone at these addresses can invent addresses.",
            "Set TRUSTED_PROXIES=none if there is no proxy.",
        )
    return ok(f"Trusted proxies: {', '.join(proxies) or 'none'}.")


def second_factor() -> Result:
    if settings.SECOND_FACTOR != "nobody":
        return ok(f"A second factor is required for {settings.SECOND_FACTOR}.")
    return warning(
        "Nobody needs a second factor. A stolen password of an administrator opens everything.",
        "Set SECOND_FACTOR=administrators.",
    )


def cloud() -> Result:
    wrong = settings.AGORA.problems()
    if wrong:
        return failed(in_english(wrong[0]), "Set the AGORA_ variables (docs/configuration.md).")
    client = Client(settings.AGORA)
    try:
        report = check_connection(client, known_room=room_at_the_cloud())
    finally:
        client.close()
    words = " ".join(in_english(problem) for problem in report.findings)
    if report.ok and report.cause == "clock":
        return warning(words, "Let a time service, such as chrony, set the clock of this machine.")
    if report.ok:
        return ok(words)
    return failed(words, "Open Settings → Test the connection, and correct what it names.")


CHECKS: Final[tuple[Callable[[], Result], ...]] = (
    debug,
    secret_key,
    public_url,
    data_folder,
    steady_clock,
    database,
    broker,
    shared_cache,
    trusted_proxies,
    second_factor,
    *doctor_machine.CHECKS,
    *doctor_work.CHECKS,
    *doctor_network.CHECKS,
    *doctor_front.CHECKS,
    cloud,
)


def run(checks: Sequence[Callable[[], Result]] = CHECKS, *, within_s: float = DEADLINE_S) -> list[Finding]:
    """Run all checks at the same time. A check that takes longer than `within_s` has failed."""
    found: dict[str, Result] = {}
    away: set[str] = set()

    def one(check: Callable[[], Result]) -> None:
        try:
            found[check.__name__] = check()
        except DatabaseError as error:
            away.add(check.__name__)
            found[check.__name__] = failed(
                f"The database refused a query: {type(error).__name__}.", "See the check `database`."
            )
        except (requests.RequestException, OSError) as error:
            found[check.__name__] = failed(
                f"The check failed: {type(error).__name__}.", "See the other checks."
            )
        finally:
            if check.__name__ not in found:  # the error itself goes to standard error
                name = type(sys.exception()).__name__
                found[check.__name__] = failed(
                    f"The check stopped with an unexpected error: {name}.", _REPORT
                )
            connections.close_all()

    threads = [threading.Thread(target=one, args=(check,), daemon=True) for check in checks]
    for thread in threads:
        thread.start()
    deadline = threading.Event()
    timer = threading.Timer(within_s, deadline.set)
    timer.daemon = True
    timer.start()
    for thread in threads:
        while thread.is_alive() and not deadline.is_set():
            thread.join(0.1)
    timer.cancel()
    if (first := found.get("database")) is not None and first.status == "failed":
        found |= dict.fromkeys(away, skipped("Not checked: see the check `database`."))
    late = failed(f"No answer within {within_s:.0f} s.", "Find out what hangs, and run doctor again.")
    return [_finding(check.__name__, found.get(check.__name__, late)) for check in checks]


def is_ok(findings: Sequence[Finding]) -> bool:
    """Return whether no check failed. A warning is no failure."""
    return all(finding.status != "failed" for finding in findings)


def _finding(name: str, result: Any) -> Finding:
    return Finding(name, result.status, result.message, result.fix)
