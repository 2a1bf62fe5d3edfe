"""``manage.py demo``: run the dashboard with a simulated cloud and school, on this machine only."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from classroom_admin.environment import variables
from classroom_admin.operations import demo_school
from classroom_admin.runtime import demo_folder, demo_start, installation
from classroom_admin.runtime.supervisor import Part, Supervisor

SEED = 7


class Command(BaseCommand):
    help = "Run the dashboard with a simulated cloud and school. Its data stays; --reset deletes it first."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reset", action="store_true", default=variables.read(os.environ).RESET,
            help="delete the demo's data first (also RESET=1)",
        )  # fmt: skip
        parser.add_argument(
            "--seed", type=int, default=SEED, help="which school to simulate; each start adds one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if demo_start.ENTERED not in os.environ:
            raise CommandError("The demo needs its own environment. Start it with manage.py demo.")
        try:
            sys.exit(Demo(reset=options["reset"], seed=options["seed"]).run())
        except (installation.CannotStart, demo_folder.NotADemo) as error:
            raise CommandError(str(error)) from error


class Demo:
    """One run of the demo."""

    def __init__(self, *, reset: bool, seed: int) -> None:
        self._reset = reset
        self._seed = seed
        self._here = installation.Installation(
            base_dir=settings.BASE_DIR,
            data_dir=settings.DATA_DIR,
            host=settings.HOST,
            port=settings.PORT,
            broker_socket=settings.BROKER_SOCKET,
            env=os.environ,
        )

    def run(self) -> int:
        """Run until a stop is requested or a part dies; return the exit code.

        Raise ``CannotStart`` or ``NotADemo`` if the demo can't start.
        """
        demo_start.refuse_beyond_loopback(settings.HOST)
        return installation.run(
            self._here,
            first=self._begin,
            prepare=demo_school.open_accounts,
            settled=demo_school.is_alive,
            on_ready=self._welcome,
        )

    def _begin(self) -> Sequence[Part]:
        data_dir: Path = self._here.data_dir
        demo_school.refuse_a_schools_data(data_dir)
        connections.close_all()  # the reset may delete the database file
        if self._reset:
            demo_folder.reset(data_dir)
        state = demo_start.begin(self._here)
        return [demo_start.simulator(state, seed=self._seed, here=self._here)]

    def _welcome(self, supervisor: Supervisor) -> None:
        supervisor.console.say(demo_school.welcome(self._here.address))
