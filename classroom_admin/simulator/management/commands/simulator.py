"""``manage.py simulator``: a cloud to work against, on this machine."""

import asyncio
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom_admin.simulator.server import NotLoopback, PortTaken, SimulatorServer
from classroom_admin.simulator.settings import (
    DEFAULT_POLL_BATCH,
    DEFAULT_PORT,
    DEMO_APP_CERTIFICATE,
    DEMO_APP_ID,
    SimulatorSettings,
)


class Command(BaseCommand):
    help = (
        "Runs a stand-in for the Flexible Classroom cloud. App ID and certificate come from AGORA_APP_ID "
        "and AGORA_APP_CERTIFICATE."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=int, default=DEFAULT_PORT, help="port to listen on (0: a free one)"
        )
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on; loopback unless --expose"
        )
        parser.add_argument(
            "--expose", action="store_true", help="allow a --host that other machines can reach"
        )
        parser.add_argument(
            "--seed", type=int, help="play the school of this number; without it the cloud is empty"
        )
        parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than real time")
        parser.add_argument(
            "--stepped", action="store_true", help="the clock stands still until it is stepped"
        )
        parser.add_argument(
            "--poll-batch", type=int, default=DEFAULT_POLL_BATCH, help="events per polling answer at most"
        )
        parser.add_argument("--plain", action="store_true", help="events in their documented shape only")
        parser.add_argument(
            "--keep-past",
            type=int,
            metavar="N",
            help="destroyed rooms that the oracle remembers (all of them)",
        )
        parser.add_argument(
            "--destroy-after",
            choices=("closed", "ended"),
            default="closed",
            help="what the hour until a room is destroyed counts from",
        )

        parser.add_argument(
            "--relay-to",
            default="",
            metavar="URL",
            help="hand messages from person to person on to a dashboard, signed with RELAY_SECRET",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            settings = SimulatorSettings(
                app_id=os.environ.get("AGORA_APP_ID") or DEMO_APP_ID,
                app_certificate=os.environ.get("AGORA_APP_CERTIFICATE") or DEMO_APP_CERTIFICATE,
                seed=options["seed"],
                speed=options["speed"],
                stepped=options["stepped"],
                plain=options["plain"],
                poll_batch=options["poll_batch"],
                destroy_after=options["destroy_after"],
                keep_past=options["keep_past"],
                relay_to=options["relay_to"],
                relay_secret=os.environ.get("RELAY_SECRET", ""),
            )
            server = SimulatorServer(
                settings, host=options["host"], port=options["port"], expose=options["expose"]
            )
            server.bind()
        except ValueError as error:
            raise CommandError(str(error)) from error
        except NotLoopback as error:
            raise CommandError(
                f"{error} can be reached by other machines. Say --expose if that is wanted."
            ) from error
        except PortTaken as error:
            raise CommandError(f"Cannot listen on {error}. Choose another with --port.") from error
        try:
            asyncio.run(server.serve(lambda: self._ready(server)))
        except KeyboardInterrupt:
            return

    def _ready(self, server: SimulatorServer) -> None:
        self.stdout.write(
            f"Simulated cloud ready at {server.base_url} (to drive it: {server.base_url}/_sim/)"
        )
        self.stdout.flush()
