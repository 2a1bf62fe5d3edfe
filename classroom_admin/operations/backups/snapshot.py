"""What a database contains at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The database at the moment of the backup.

    `version` is the version of SQLite or of the server. `migrations` has pairs (app, name), in the order in
    which they were applied. `rows` has the number of rows of each table.
    """

    version: str
    migrations: list[tuple[str, str]]
    rows: dict[str, int]
