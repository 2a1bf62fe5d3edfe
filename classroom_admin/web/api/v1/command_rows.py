"""Describe commands in JSON, and turn those that failed into errors."""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema, Status

from classroom_admin.audit.models import Entry
from classroom_admin.web.api.v1.problems import ApiProblem
from classroom_admin.web.api.v1.schemas import Moment
from classroom_admin.web.wording import CommandStatus, command_state


class CommandStep(Schema):
    state: str
    at: Moment


class CommandOut(Schema):
    """A command to a class, as the audit log has it."""

    id: int
    command: str = Field(description="The name of the action, such as `class.end`.")
    state: str = Field(description="`requested`, `accepted`, `confirmed`, `failed` or `done`.")
    is_final: bool = Field(description="Whether no further state is expected.")
    user_id: str | None = Field(description="The cloud's user id of the person whom it concerns.")
    by: str
    at: Moment
    reason: str | None = Field(description="Why it failed.")
    can_verify: bool = Field(
        description="Whether `…/commands/{id}/verify` can read its effect from the cloud."
    )
    steps: list[CommandStep]


def of_entry(entry: Entry) -> dict[str, Any]:
    """Return a command for the type ``CommandOut``. It has at least one step."""
    return of_status(command_state(entry), entry)


def of_status(status: CommandStatus, entry: Entry) -> dict[str, Any]:
    about_person = status.action.startswith("participant.") or status.action == "groups.move"
    return {
        "id": status.entry_id,
        "command": status.action,
        "state": status.state,
        "is_final": not (status.waits or status.unknown),
        "user_id": (status.target or None) if about_person else None,
        "by": status.by,
        "at": status.at,
        "reason": status.reason or None,
        "can_verify": status.can_check,
        "steps": [{"state": step.kind, "at": step.at} for step in entry.steps.all()],
    }


def sent(entry: Entry) -> Status[dict[str, Any]]:
    """Return the response to a command that the cloud accepted. Raise ``ApiProblem`` 424 if it failed."""
    command = of_entry(entry)
    if command["state"] == "failed":
        unknown = not command["is_final"]
        at = command["at"].isoformat()
        steps = [{**step, "at": step["at"].isoformat()} for step in command["steps"]]
        raise ApiProblem(
            424,
            command["reason"] or "The cloud refused the command.",
            code="outcome_unknown" if unknown else "cloud_failed",
            command={**command, "at": at, "steps": steps},
        )
    return Status(202, command)
