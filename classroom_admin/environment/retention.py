"""The environment variables that say how long data is kept. `environment.variables` includes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from classroom_admin.environment.fields import Days, Section, variable

Hour = Annotated[int, Field(ge=0, le=23)]


class Retention(Section):
    title = "How long data is kept"
    intro = (
        "The dashboard deletes older data every night ([retention](retention.md)). `0` keeps data of "
        "this kind for good. The days count from the end of a class, unless the meaning says otherwise."
    )

    RETENTION_HOUR: Hour = variable(
        "The hour, in `TIME_ZONE`, from which the nightly deletion runs: `0` to `23`", 3
    )
    RETENTION_CHAT_DAYS: Days = variable("How many days the texts of the chat are kept", 90)
    RETENTION_DIRECT_MESSAGES_DAYS: Days = variable("How many days direct messages are kept", 90)
    RETENTION_RECORDINGS_DAYS: Days = variable(
        "How many days the addresses of recordings, and links to recordings, are kept", 365
    )
    RETENTION_EVENTS_DAYS: Days = variable(
        "How many days the events of a class are kept; then the class is sealed "
        "([sealed classes](decisions/sealed-classes.md))",
        365,
    )
    RETENTION_ATTENDANCE_DAYS: Days = variable(
        "How many days a class with its attendance, participation, quizzes and polls is kept; then the whole "
        "class is deleted",
        2190,
    )
    RETENTION_CLASS_LISTS_DAYS: Days = variable(
        "How many days a class list is kept after its last change and its last class", 730
    )
    RETENTION_AUDIT_DAYS: Days = variable("How many days entries of the audit log are kept", 2190)
    RETENTION_QUARANTINE_DAYS: Days = variable(
        "How many days unreadable data is kept after its receipt, but not longer than messages and events", 90
    )
    RETENTION_COMMANDS_DAYS: Days = variable(
        "How many days finished scheduled removals, deletions and bulk actions are kept", 365
    )
    RETENTION_FILES_DAYS: Days = variable(
        "How many days the dashboard remembers an uploaded file after it has deleted its content", 365
    )
    RETENTION_EXPORTS_DAYS: Days = variable(
        "How many days the list of exports is kept; their files are deleted after 7 days", 90
    )
