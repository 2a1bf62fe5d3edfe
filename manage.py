#!/usr/bin/env python
"""Django's command line for Classroom Admin."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "classroom_admin.settings")
    if sys.argv[1:2] == ["demo"]:
        from classroom_admin.core import demo_start

        demo_start.enter(os.environ)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
