#!/usr/bin/env python
"""Django's command line for Classroom Admin."""

import os
import sys

DEFAULT_SETTINGS = "classroom_admin.settings"


def _settings_module(arguments: list[str]) -> str:
    """Return the settings module of a command. Only ``simulator`` and ``demo`` need the simulator's app."""
    chosen = os.environ.get("DJANGO_SETTINGS_MODULE", DEFAULT_SETTINGS)
    command = arguments[1:2] if arguments[:1] == ["help"] else arguments[:1]
    if chosen == DEFAULT_SETTINGS and command in (["simulator"], ["demo"]):
        return "classroom_admin.settings_with_simulator"
    return chosen


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = _settings_module(sys.argv[1:])
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from classroom_admin.common.logs.context import work

    try:
        if sys.argv[1:2] == ["demo"]:
            from classroom_admin.runtime import demo

            demo.enter(os.environ)
        with work(command=sys.argv[1] if len(sys.argv) > 1 else "help"):
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"A setting is not right: {error}")


if __name__ == "__main__":
    main()
