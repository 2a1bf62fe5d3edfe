#!/usr/bin/env python
"""Django's command line for Classroom Admin."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")
    if sys.argv[1:2] == ["demo"]:
        from classroom_admin.runtime import demo_start

        demo_start.enter(os.environ)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"A setting is not right: {error}")


if __name__ == "__main__":
    main()
