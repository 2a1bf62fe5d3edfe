"""The command line: `manage.py` in a checkout, `classroom-admin` in an installed package."""

import os
import sys
from importlib.util import find_spec
from typing import Final

from classroom_admin.common.version import version

DEFAULT_SETTINGS: Final = "classroom_admin.settings"
WITH_SIMULATOR: Final = "classroom_admin.settings_with_simulator"
OF_A_CHECKOUT: Final = ("demo", "demo_past_week", "simulator")
"""The commands that need the simulator, which is not in the wheel."""


def main() -> None:
    """Run the command in ``sys.argv``. Exit with a message if it is not there or a setting is wrong."""
    command = _command(sys.argv[1:])
    if command in ("version", "--version"):
        sys.stdout.write(f"{version()}\n")
        return
    if command in OF_A_CHECKOUT and find_spec("classroom_admin.simulator") is None:
        sys.exit(
            f"The installed package has no simulator, which “{command}” needs. Get the source code of this "
            f"version, and run `make venv` and `.venv/bin/python manage.py {command}` there."
        )
    os.environ["DJANGO_SETTINGS_MODULE"] = _settings_module(command)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from classroom_admin.common.logs.context import work

    try:
        if sys.argv[1:2] == ["demo"]:
            from classroom_admin.runtime import demo

            demo.enter(os.environ)
        with work(command=command or "help"):
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"A setting is not right: {error}")


def _command(arguments: list[str]) -> str:
    """Return the name of the command, also of one for which the person asks help; "" if there is none."""
    given = arguments[1:2] if arguments[:1] == ["help"] else arguments[:1]
    return given[0] if given else ""


def _settings_module(command: str) -> str:
    """Return the settings module of a command. Only ``simulator`` and ``demo`` need the simulator's app."""
    chosen = os.environ.get("DJANGO_SETTINGS_MODULE", DEFAULT_SETTINGS)
    if chosen == DEFAULT_SETTINGS and command in ("simulator", "demo"):
        return WITH_SIMULATOR
    return chosen
