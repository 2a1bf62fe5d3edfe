"""``manage.py demo_students``: let students come to the classes of a running demo. The demo runs this."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classroom_admin.operations import demo_students
from classroom_admin.runtime import demo


class Command(BaseCommand):
    help = "Let students wait for the classes of a running demo. The demo itself runs this command."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if demo.ENTERED not in os.environ:
            raise CommandError("Only a running demo has these students. Start it with manage.py demo.")
        try:
            demo_students.run()
        except OSError as error:
            raise CommandError(f"{error} No more students come in this demo.") from error
