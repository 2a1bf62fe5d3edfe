"""``manage.py demo``: run the dashboard with a simulated cloud and school, on this machine only."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from classroom_admin.environment import variables
from classroom_admin.operations import demo_school, demo_students
from classroom_admin.runtime import demo, installation
from classroom_admin.runtime.installation import CannotStart, Installation
from classroom_admin.runtime.part import Part
from classroom_admin.runtime.supervisor import Supervisor

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
        if demo.ENTERED not in os.environ:
            raise CommandError("The demo needs its own environment. Start it with manage.py demo.")
        try:
            sys.exit(run(reset=options["reset"], seed=options["seed"]))
        except (CannotStart, demo.NotADemo) as error:
            raise CommandError(str(error)) from error


def run(*, reset: bool, seed: int) -> int:
    """Run the demo until it is stopped or one of its processes dies. Return the exit code.

    Raise ``CannotStart`` or ``NotADemo`` if the demo can't start.
    """
    here = Installation.of_settings(broker_socket=settings.BROKER_SOCKET)

    def begin() -> list[Part]:
        demo_school.refuse_a_schools_data(here.data_dir)
        connections.close_all()  # the reset may delete the database file
        if reset:
            demo.reset(here.data_dir)
        return [demo.simulator(demo.begin(here.data_dir, here.env), seed=seed, here=here)]

    def ready(supervisor: Supervisor) -> None:
        join_path = demo_students.join_address()
        join_address = here.address + join_path.removeprefix("/") if join_path else ""
        supervisor.console.say(demo_school.welcome(here.address, join_address=join_address))
        connections.close_all()  # the new process may be a fork, which must not share a connection
        supervisor.start(demo.past_week(here))
        supervisor.start(demo.students(here))

    demo.refuse_beyond_loopback(here.host)
    return installation.run(
        here,
        first=begin,
        prepare=demo_school.open_accounts,
        settled=demo_school.is_alive,
        on_ready=ready,
    )
