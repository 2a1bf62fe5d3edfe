"""Run one installation in the foreground: lock its data folder, migrate, and start and stop all parts."""

from __future__ import annotations

import dataclasses
import os
import pkgutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from classroom_admin.runtime import broker, data_folder, parts, ports, static_files
from classroom_admin.runtime.supervisor import Part, Supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The folders, address and environment of an installation.

    ``broker_socket`` is None if Celery uses the school's own broker.
    """

    base_dir: Path
    data_dir: Path
    host: str
    port: int
    broker_socket: Path | None
    env: Mapping[str, str]

    @property
    def address(self) -> str:
        """Return the URL to open in a browser on this machine."""
        host = ports.reachable(self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"


class CannotStart(Exception):
    """Raised if the installation can't start; the message says in one line why and what to do."""


def run(
    here: Installation,
    *,
    first: Callable[[], Sequence[Part]] = list,
    prepare: Callable[[], None] = lambda: None,
    settled: Callable[[], bool] = lambda: True,
    on_ready: Callable[[Supervisor], None],
) -> int:
    """Run until a stop is requested or a part dies; return the exit code.

    Lock the data folder. Start the broker and the parts that ``first`` returns, migrate the database, call
    ``prepare`` to fill it, and start the other parts. When every part is ready and ``settled`` returns true,
    call ``on_ready``. Raise ``CannotStart`` if the folder, the port or the broker can't be used.
    """
    try:
        with data_folder.hold(here.data_dir):
            ports.wait_free(here.host, here.port)
            os.environ["DATA_DIR"] = str(
                here.data_dir
            )  # a relative path could be another folder for the parts
            return _supervise(here, first=first, prepare=prepare, settled=settled, on_ready=on_ready)
    except (data_folder.AlreadyRunning, ports.PortProblem, broker.BrokerProblem) as error:
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
) -> int:
    sys.stdout.flush()
    with Supervisor(end_with_parent="MAKELEVEL" in os.environ) as supervisor:
        foundations = list(first())
        (here.data_dir / "static").mkdir(exist_ok=True)
        if here.broker_socket is not None:
            broker.prepare(here.broker_socket, here.data_dir / "broker")
            foundations.insert(0, broker.part(here.broker_socket, here.data_dir / "broker", env=here.env))
        for part in foundations:
            supervisor.start(part)
        parts.warm_up()
        migrate()
        static_files.collect()
        prepare()
        # Every forked part would share a connection that stays open.
        connections.close_all()
        supervisor.wait_ready(timeout_s=10.0)
        for part in the_rest(here, settled=settled):
            supervisor.start(part)
        return supervisor.run(on_ready=lambda: on_ready(supervisor))


def the_rest(here: Installation, *, settled: Callable[[], bool]) -> list[Part]:
    """Return web, workers and beat. Web is ready if it answers and ``settled`` returns true."""
    web = parts.web(host=here.host, port=here.port, base_dir=here.base_dir, env=here.env)
    answers = web.ready

    def answers_and_settled() -> bool:
        return answers is not None and answers() and settled()

    return [
        dataclasses.replace(web, ready=answers_and_settled),
        *parts.workers(base_dir=here.base_dir, env=here.env),
        parts.beat(data_dir=here.data_dir, base_dir=here.base_dir, env=here.env),
    ]


def migrate() -> None:
    """Migrate the database if a migration is missing.

    Compare the names first, because loading every migration takes as long as the rest of the start.
    """
    recorder = MigrationRecorder(connections[DEFAULT_DB_ALIAS])
    if not migration_names() <= set(recorder.applied_migrations()):
        call_command("migrate", interactive=False, verbosity=0)


def migration_names() -> set[tuple[str, str]]:
    """Return the (app label, name) of every migration of the installed apps."""
    found = set()
    for config in apps.get_app_configs():
        folder = MigrationLoader.migrations_module(config.label)[0]
        if folder is None or find_spec(folder) is None:
            continue
        package = import_module(folder)
        names = (name for _, name, is_package in pkgutil.iter_modules(package.__path__) if not is_package)
        found |= {(config.label, name) for name in names if name[0] not in "_~"}
    return found
