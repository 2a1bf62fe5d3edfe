"""``manage.py simulator``: run a simulated cloud on this machine."""

import asyncio
from typing import Any

from django.conf import settings as product
from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom_admin.simulator.server import NotLoopback, PortTaken, SimulatorServer
from classroom_admin.simulator.settings import (
    DEFAULT_POLL_BATCH,
    DEFAULT_PORT,
    DEMO_APP_CERTIFICATE,
    DEMO_APP_ID,
    DEMO_CUSTOMER_ID,
    DEMO_CUSTOMER_SECRET,
    SimulatorSettings,
)
from classroom_admin.simulator.world.dialects import DIALECTS


class Command(BaseCommand):
    help = (
        "Run a simulated Flexible Classroom cloud. AGORA_APP_ID, AGORA_APP_CERTIFICATE, AGORA_CUSTOMER_ID "
        "and AGORA_CUSTOMER_SECRET set its credentials."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=int, default=DEFAULT_PORT, help="port to listen on (0: any free port)"
        )
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (loopback only without --expose)"
        )
        parser.add_argument(
            "--expose",
            action="store_true",
            help="allow a --host that other machines can reach; only with DEBUG=true",
        )
        parser.add_argument(
            "--seed", type=int, help="run the school of this number; without it the cloud is empty"
        )
        parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than real time")
        parser.add_argument("--stepped", action="store_true", help="stop the clock until it is stepped")
        parser.add_argument(
            "--poll-batch", type=int, default=DEFAULT_POLL_BATCH, help="maximum events per polling answer"
        )
        parser.add_argument("--plain", action="store_true", help="emit events in their documented shape only")
        parser.add_argument(
            "--keep-past",
            type=int,
            metavar="N",
            help="how many destroyed rooms to keep (default: all)",
        )
        parser.add_argument(
            "--destroy-after",
            choices=("closed", "ended"),
            default="closed",
            help="the state that starts the hour until a room is destroyed",
        )
        parser.add_argument(
            "--dialect",
            choices=DIALECTS,
            default="2021",
            help="the shapes of events: the founding documents, those of 2023, or what the web client reads",
        )
        parser.add_argument(
            "--group-rooms",
            action="store_true",
            help="let people in breakout rooms emit events under the id of the breakout room",
        )
        parser.add_argument(
            "--relay-to",
            default="",
            metavar="URL",
            help="send direct messages to this webhook of a dashboard, signed with RELAY_SECRET",
        )
        parser.add_argument(
            "--notify-to",
            default="",
            metavar="URL",
            help="send notifications about channels to this webhook, signed with AGORA_NOTIFICATIONS_SECRET",
        )

        parser.add_argument(
            "--agora-chat",
            choices=("off", "some", "all"),
            default="off",
            help="which new classes use Agora Chat (some: every third)",
        )
        parser.add_argument(
            "--chat-callback-to",
            default="",
            metavar="URL",
            help="send the callbacks of Agora Chat to this webhook, signed with AGORA_CHAT_SECRET",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["expose"] and not product.DEBUG:
            raise CommandError(
                "--expose is only for development: everyone who reaches the simulator can read and change "
                "everything in it. Set DEBUG=true if this machine is for development."
            )
        try:
            settings = SimulatorSettings(
                app_id=product.AGORA.app_id or DEMO_APP_ID,
                app_certificate=product.AGORA.app_certificate or DEMO_APP_CERTIFICATE,
                customer_id=product.AGORA.customer_id or DEMO_CUSTOMER_ID,
                customer_secret=product.AGORA.customer_secret or DEMO_CUSTOMER_SECRET,
                seed=options["seed"],
                speed=options["speed"],
                stepped=options["stepped"],
                plain=options["plain"],
                poll_batch=options["poll_batch"],
                destroy_after=options["destroy_after"],
                keep_past=options["keep_past"],
                agora_chat=options["agora_chat"],
                chat_callback_to=options["chat_callback_to"],
                chat_secret=product.AGORA_CHAT_SECRET,
                dialect=options["dialect"],
                group_rooms=options["group_rooms"],
                relay_to=options["relay_to"],
                relay_secret=product.RELAY_SECRET,
                notify_to=options["notify_to"],
                notify_secret=product.AGORA_NOTIFICATIONS_SECRET,
            )
            server = SimulatorServer(
                settings, host=options["host"], port=options["port"], expose=options["expose"]
            )
            server.bind()
        except ValueError as error:
            raise CommandError(str(error)) from error
        except NotLoopback as error:
            raise CommandError(
                f"Other machines can reach {error}. Add --expose and DEBUG=true if you want this."
            ) from error
        except PortTaken as error:
            raise CommandError(f"Cannot listen on {error}. Choose another port with --port.") from error
        try:
            asyncio.run(server.serve(lambda: self._ready(server)))
        except KeyboardInterrupt:
            return

    def _ready(self, server: SimulatorServer) -> None:
        self.stdout.write(
            f"Simulated cloud ready at {server.base_url} (control page: {server.base_url}/_sim/)"
        )
        self.stdout.flush()
