"""``manage.py serve``: run the dashboard and all its processes in the foreground."""

import logging
import sys
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from classroom_admin.accounts import first_run
from classroom_admin.common.problem_texts import in_english
from classroom_admin.runtime import demo, installation
from classroom_admin.runtime.restarts import Pace
from classroom_admin.runtime.supervisor import Supervisor

log: Final = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Migrate, then run web, workers and beat, and a broker unless CELERY_BROKER_URL is set."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if demo.is_demo(settings.DATA_DIR):
            raise CommandError(
                f"{settings.DATA_DIR} holds the demo, whose passwords everyone knows. "
                "Choose another folder with DATA_DIR=/path."
            )
        here = installation.Installation.of_settings(broker_socket=settings.BROKER_SOCKET)

        announcement = ""

        def prepare() -> None:
            nonlocal announcement
            announcement = first_run.announcement()

        def on_ready(supervisor: Supervisor) -> None:
            supervisor.console.say(f"\n{_ready(here.address)} (stop with Ctrl-C)")
            if announcement:
                supervisor.console.say(announcement)

        installation.log_to(sys.stdout)
        for line in _missing():
            log.warning(line)  # the message is its own template, so different messages are not counted as one
        try:
            code = installation.run(here, prepare=prepare, on_ready=on_ready, pace=Pace())
        except installation.CannotStart as error:
            raise CommandError(str(error)) from error
        sys.exit(code)


def _ready(address: str) -> str:
    """Return the message for the start of the dashboard.

    If the address has a path, the message says that pages open only through a proxy.
    """
    if settings.PATH_PREFIX:
        return f"Classroom Admin is ready at {settings.PUBLIC_URL}/ and listens for the proxy at {address}"
    return f"Classroom Admin is ready at {address}"


def _missing() -> list[str]:
    """Return a message for each missing setting. Without them, the dashboard runs with fewer features."""
    found = [in_english(problem) for problem in settings.AGORA.problems()]
    if not settings.JOIN_URL_TEMPLATE:
        found.append("JOIN_URL_TEMPLATE is not set: pages have no buttons to enter a class.")
    return found
