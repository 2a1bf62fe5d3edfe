"""Django's database backend for SQLite, with a switch that keeps a process from creating the database."""

may_create = True
"""Whether this process may create a database file. A web process or worker needs an existing one."""


def never_create() -> None:
    """Let this process refuse to create a database."""
    global may_create
    may_create = False
