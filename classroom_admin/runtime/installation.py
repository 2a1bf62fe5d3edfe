"""Run an installation in the foreground: lock its data folder, migrate, and start and stop all parts."""

from __future__ import annotations

import http.client
import logging
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TextIO

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from classroom_admin.common import database_outage, metrics, program_files
from classroom_admin.common.logs import pipeline
from classroom_admin.runtime import broker, data_folder, memory, ports, static_files
from classroom_admin.runtime.part import Part
from classroom_admin.runtime.restarts import Pace
from classroom_admin.runtime.supervisor import GRACE_S, Supervisor
from classroom_admin.runtime.task_pool import TIMELY_THREADS

WEB_OPTIONS: Final = (
    *("--http", "classroom_admin.runtime.http_protocol:BoundedProtocol", "--no-proxy-headers"),
    *("--lifespan", "on", "--ws", "none", "--no-server-header"),
)
"""The options that uvicorn needs. `deploy/` repeats them, and a test compares."""
AFTER_STOP_WAIT_S: Final = 5.0
"""How long a web process may take to end after STOP_WAIT_S. Then the supervisor kills it."""
_CELERY_PART: Final = (sys.executable, "-m", "classroom_admin.runtime.celery_part")
_SHARED_MODULES: Final = (
    *("celery.apps.worker", "celery.worker.components", "celery.worker.consumer", "celery.worker.control"),
    *("celery.worker.loops", "celery.worker.pidbox", "celery.worker.strategy", "celery.concurrency.thread"),
    *("celery.apps.beat", "celery.app.amqp", "celery.app.control", "celery.app.events", "celery.app.log"),
    *("celery.app.routes", "celery.events.receiver", "kombu.transport.redis", "classroom_admin.runtime.beat"),
)
"""What workers and beat import when they start."""
_THREADS: Final = 4
"""The number of threads for tasks that are not due at an exact second."""
_MIGRATION_LOCK: Final = 0x636C617373  # an arbitrary number, which no other program uses in this database


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The folders, address and environment of an installation.

    The processes run in ``base_dir``. ``broker_socket`` is None if Celery uses a separate broker instead of
    the embedded broker.
    """

    base_dir: Path
    data_dir: Path
    host: str
    port: int
    broker_socket: Path | None
    env: Mapping[str, str]
    stop_wait_s: int

    @classmethod
    def of_settings(cls, *, broker_socket: Path | None) -> Installation:
        return cls(
            base_dir=settings.BASE_DIR if program_files.IS_CHECKOUT else Path.cwd(),
            data_dir=settings.DATA_DIR,
            host=settings.HOST,
            port=settings.PORT,
            broker_socket=broker_socket,
            env=os.environ,
            stop_wait_s=settings.STOP_WAIT_S,
        )

    @property
    def grace_s(self) -> float:
        """Return how long the supervisor waits for its parts to end, in seconds."""
        return max(GRACE_S, self.stop_wait_s + AFTER_STOP_WAIT_S)

    @property
    def address(self) -> str:
        """Return the URL to open in a browser on this machine."""
        host = ports.reachable(self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"


_PROBLEMS: Final = (
    data_folder.AlreadyRunning,
    data_folder.OpenToOthers,
    ports.PortProblem,
    broker.BrokerProblem,
)


class CannotStart(Exception):
    """Raised if the installation can't start. The message says why and what to do."""


def run(
    here: Installation,
    *,
    first: Callable[[], Sequence[Part]] = list,
    prepare: Callable[[], None] = lambda: None,
    settled: Callable[[], bool] = lambda: True,
    on_ready: Callable[[Supervisor], None],
    pace: Pace | None = None,
) -> int:
    """Run the installation until it is stopped. Return the exit code.

    A process that dies starts again at this `pace`. If it is None, the death of a process ends the others.
    Lock the data folder. Start the broker and the processes that ``first`` returns. Migrate the database, and
    call ``prepare`` to add data. Then start the other processes. When all are ready and ``settled`` returns
    True, call ``on_ready``. Raise ``CannotStart`` if the folder, the port or the broker can't be used.
    """
    try:
        with data_folder.hold(here.data_dir):
            ports.wait_free(here.host, here.port)
            os.environ["DATA_DIR"] = str(here.data_dir)  # parts may have another working folder
            try:
                return _supervise(
                    here, first=first, prepare=prepare, settled=settled, on_ready=on_ready, pace=pace
                )
            finally:
                if here.broker_socket is not None:
                    broker.remove_folder(here.broker_socket, here.data_dir / "broker")
    except _PROBLEMS as error:
        raise CannotStart(str(error)) from error
    except PermissionError as error:
        raise CannotStart(f"{error.filename or here.data_dir}: {error.strerror}.") from error


def _supervise(
    here: Installation,
    *,
    first: Callable[[], Sequence[Part]],
    prepare: Callable[[], None],
    settled: Callable[[], bool],
    on_ready: Callable[[Supervisor], None],
    pace: Pace | None,
) -> int:
    sys.stdout.flush()
    memory.use_one_arena()
    with Supervisor(
        grace_s=here.grace_s,
        pace=pace,
        end_with_parent="MAKELEVEL" in os.environ,
        as_json=log_to(sys.stdout),
    ) as supervisor:
        foundations = list(first())
        (here.data_dir / "static").mkdir(exist_ok=True)
        if metrics.is_on():
            metrics.files().clean()
        if here.broker_socket is not None:
            broker.prepare(here.broker_socket, here.data_dir / "broker")
            foundations.insert(0, broker.part(here.broker_socket, here.data_dir / "broker", env=here.env))
        for part in foundations:
            supervisor.start(part)
        warm_up()
        if not migrate_when_possible(supervisor):
            return supervisor.run()
        static_files.collect()
        prepare()
        # Close the connection, because all forked parts would otherwise share it.
        connections.close_all()
        supervisor.wait_ready(timeout_s=10.0)
        memory.share_with_forks()
        for part in (web(here, settled=settled), *workers(here, cores=usable_cores()), beat(here)):
            supervisor.start(part)
        return supervisor.run(on_ready=lambda: on_ready(supervisor))


def log_to(output: TextIO) -> bool:
    """Let this process and all parts log in the form that suits ``output``. Return whether it is JSON.

    The parts write to a pipe, so they can't find out the form themselves. The environment tells it to those
    that are not forked.
    """
    as_json = pipeline.is_json(settings.LOG_FORMAT, output)
    os.environ["LOG_FORMAT"] = pipeline.JSON if as_json else pipeline.TEXT
    never = bool(os.environ.get("NO_COLOR"))
    if pipeline.is_coloured(output, never=never, always=bool(os.environ.get("FORCE_COLOR"))):
        os.environ["FORCE_COLOR"] = "1"
    formatter = pipeline.formatter(as_json=as_json, coloured="FORCE_COLOR" in os.environ and not never)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(formatter)
    return as_json


def web(here: Installation, *, settled: Callable[[], bool] = lambda: True) -> Part:
    """Return the web process (uvicorn). It is ready when it serves pages and ``settled`` returns True."""
    argv = [sys.executable, "-m", "uvicorn", "classroom_admin.asgi:application", *WEB_OPTIONS]
    argv += ["--timeout-graceful-shutdown", str(here.stop_wait_s)]
    argv += ["--host", here.host, "--port", str(here.port), "--no-access-log", "--log-level", "warning"]
    return _python(here, "web", argv, ready=lambda: serves_pages(here.host, here.port) and settled())


def workers(here: Installation, *, cores: int) -> list[Part]:
    """Return the Celery workers: one for what is due at an exact second, and one for all other tasks.

    The first one polls and runs scheduled commands. With one core, two processes would not be faster than
    one, so one process with the threads of both saves memory. Workers use threads, which need less memory
    than processes.
    """
    timely, others = ("poll", "promised"), ("sync", "celery")
    if cores == 1:
        return [_worker(here, "worker", queues=timely + others, threads=_THREADS, also_timely=True)]
    return [
        _worker(here, "poll", queues=timely, threads=TIMELY_THREADS),
        _worker(here, "worker", queues=others, threads=_THREADS),
    ]


def usable_cores() -> int:
    """Return on how many cores this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def beat(here: Installation) -> Part:
    """Return Celery beat, which sends the periodic tasks."""
    schedule = str(here.data_dir / "beat-schedule")
    return _python(here, "beat", [*_CELERY_PART, "beat", "--schedule", schedule])


def warm_up() -> None:
    """Import the modules that the forked processes need, so that the forks share their memory."""
    for name in _SHARED_MODULES:
        import_module(name)
    celery = import_module("classroom_admin.celery").app
    celery.loader.init_worker()  # imports the tasks, with most of the product's modules
    celery.finalize()


def serves_pages(host: str, port: int) -> bool:
    """Return whether the web process now responds with a status below 500."""
    if not ports.accepts(host, port):
        return False
    connection = http.client.HTTPConnection(ports.reachable(host), port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _worker(
    here: Installation, name: str, *, queues: Sequence[str], threads: int, also_timely: bool = False
) -> Part:
    argv = [*_CELERY_PART, "worker", "--name", name, "--queues", ",".join(queues)]
    argv += ["--threads", str(threads), *(["--also-timely"] if also_timely else [])]
    return _python(here, name, argv)


def _python(
    here: Installation, name: str, argv: list[str], *, ready: Callable[[], bool] | None = None
) -> Part:
    return Part(name=name, argv=argv, env=here.env, cwd=here.base_dir, ready=ready, may_fork=True)


def migrate_when_possible(supervisor: Supervisor) -> bool:
    """Wait for the database, then migrate it. Return False if the supervisor stops meanwhile.

    Raise ``CannotStart`` if waiting can't help, for example because the password is wrong.
    """
    outage = database_outage.Outage()  # not the one of the process, which its forks inherit
    while True:
        try:
            migrate()
        except database_outage.ERRORS as error:
            if wrong := database_outage.what_is_wrong(error):
                raise CannotStart(wrong) from error
            if not database_outage.is_outage(error):
                raise
            connections.close_all()
            if words := outage.failed(error):
                supervisor.console.say(words)
            if not supervisor.wait(outage.pause_s):
                return False
            continue
        if outage.is_on:
            supervisor.console.say("The database can be used again.")
        return True


def migrate() -> None:
    """Migrate the database if a migration is missing. Servers that start together take turns."""
    with _alone():
        recorder = MigrationRecorder(connections[DEFAULT_DB_ALIAS])
        if not migration_names() <= set(recorder.applied_migrations()):
            call_command("migrate", interactive=False, verbosity=0)


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other server migrates a PostgreSQL database. An SQLite database has only one server."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])


def migration_names() -> set[tuple[str, str]]:
    """Return the app label and the name of every migration of the installed apps."""
    found = set()
    for config in apps.get_app_configs():
        folder = MigrationLoader.migrations_module(config.label)[0]
        if folder is None or find_spec(folder) is None:
            continue
        package = import_module(folder)
        names = (name for _, name, is_package in pkgutil.iter_modules(package.__path__) if not is_package)
        found |= {(config.label, name) for name in names if name[0] not in "_~"}
    return found
