"""``manage.py demo_past_week``: add the classes of the past week to a running demo. The demo runs this."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from classroom_admin.operations import past_week
from classroom_admin.runtime import demo


class Command(BaseCommand):
    help = "Add the classes of the past week to a running demo. The demo itself runs this command."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if demo.ENTERED not in os.environ:
            raise CommandError("Only a running demo can have a past week. Start it with manage.py demo.")
        number = len(past_week.missing())
        if number == 0:
            return
        self.stdout.write(f"Adding {number} classes of the past week, one after another.")
        try:
            past_week.add_classes(base_url=settings.AGORA.base_url)
        except OSError as error:
            raise CommandError(f"{error} The next start of the demo continues.") from error
        self.stdout.write("The past week is complete.")
