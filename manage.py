#!/usr/bin/env python
"""Run the command line of Classroom Admin from a checkout."""

from classroom_admin.command_line import main

if __name__ == "__main__":
    main()
