"""Settings of SQLite for tests."""

from __future__ import annotations

from typing import Any

SAFE, QUICK = "synchronous=FULL", "synchronous=OFF"


def without_waiting_for_the_disk(database: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a SQLite database whose commits do not wait until the disk has stored them.

    Only a loss of power could tell the difference: what a killed process has committed, the system still
    writes. Each wait takes milliseconds, and most tests commit many times.
    """
    options = database["OPTIONS"]
    assert SAFE in options["init_command"], "the product waits for the disk"
    return database | {"OPTIONS": options | {"init_command": options["init_command"].replace(SAFE, QUICK)}}
