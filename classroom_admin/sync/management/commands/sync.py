"""Fetch and project everything new from the cloud, and print a summary: `manage.py sync --once`."""

import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom_admin.agora import client_for
from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.common.problem_texts import in_english
from classroom_admin.common.problems import Problem
from classroom_admin.sync import (
    chat_rooms,
    gap_filling,
    lease,
    notification_presence,
    notification_rooms,
    projector,
    reconciliation,
    room_refresh,
)
from classroom_admin.sync.lease import FenceLost, Held
from classroom_admin.sync.models import Lease
from classroom_admin.sync.polling import Poller
from classroom_admin.sync.request_limiter import in_background
from classroom_admin.sync.room_events import Fetched

WAIT_FOR_LEASE_S = 25.0
TRY_EVERY_S = 0.2
LONGEST_PAUSE_S = 30.0
PAUSES = 5


class Command(BaseCommand):
    help = "Poll the cloud until it has no more, fill sequence gaps, reconcile every room, project, and stop."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="run once and stop (the only way there is)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["once"]:
            raise CommandError("Say --once. For syncing that goes on, run: manage.py serve")
        if missing := settings.AGORA.problems():
            raise CommandError(
                "The connection to the cloud is not set up. " + " ".join(map(in_english, missing))
            )
        client = client_for(settings.AGORA)
        totals = Fetched()
        with in_background():
            projected = self._do_it_all(client, totals)
        self.stdout.write(
            f"{totals.stored} new events stored, {projected} projected, {totals.quarantined} put into "
            f"quarantine, {len(totals.gone)} rooms gone; {totals.requests} requests."
        )
        if totals.problems:
            raise CommandError("\n".join(dict.fromkeys(map(in_english, totals.problems))))

    def _do_it_all(self, client: Client, totals: Fetched) -> int:
        """Run all steps and add their results to `totals`. Return how many events were projected."""
        self._poll(client, totals)
        projected = self._project()
        totals.add(notification_rooms.find_due(client, at_once=True))
        totals.add(gap_filling.fill_due(client, all_open=True))
        totals.add(reconciliation.reconcile_due(client, everything=True))
        totals.add(gap_filling.fill_due(client))
        totals.add(room_refresh.refresh_due(client))
        totals.add(chat_rooms.read_due(client))
        projected += self._project()
        notification_presence.settle_due()
        return projected

    def _poll(self, client: Client, totals: Fetched) -> None:
        """Poll until the cloud has no more events. If the cloud asks for a pause, wait and retry."""
        poller = Poller(client)
        held = self._wait_for_lease(poller)
        try:
            for _attempt in range(PAUSES):
                polled = poller.cycle(held, until_empty=True)
                pause_s = polled.retry_after_s
                if pause_s is None or pause_s > LONGEST_PAUSE_S:
                    totals.add(polled)
                    return
                polled.problems.clear()
                totals.add(polled)
                threading.Event().wait(pause_s)
            words = "The cloud kept asking for a pause; run this again later."
            totals.problems.append(Problem("plain", {"text": words}))
        except FenceLost as error:
            reconciliation.soon(why="another process took the lease")
            raise CommandError(str(error)) from error
        finally:
            lease.release(held)

    def _wait_for_lease(self, poller: Poller) -> Held:
        """Take the lease. If another process has it, ask for it and wait.

        Raise CommandError after 25 seconds.
        """
        ends_at = clock.monotonic() + WAIT_FOR_LEASE_S
        while (held := poller.take()) is None:
            if clock.monotonic() >= ends_at:
                row = Lease.objects.get(app_id=poller.app_id)
                raise CommandError(
                    f"Another process polls already ({row.host.partition('/')[0]}, process {row.pid}) and "
                    "did not hand over in 25 s. Stop it, or let it do its work."
                )
            lease.ask_for(app_id=poller.app_id, owner=poller.owner)
            threading.Event().wait(TRY_EVERY_S)
        return held

    def _project(self) -> int:
        return projector.project_rooms(projector.waiting_rooms(), past_gaps=True).events
