"""Convert audit records to JSON, for files and for a syslog server."""

from typing import Any

from classroom_admin.audit.actions import label
from classroom_admin.audit.models import Entry, Step


def of_entry(entry: Entry) -> dict[str, Any]:
    """Return the stored values of an entry, without its steps. Times are in UTC."""
    return {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "actor": {"id": entry.actor_id, "name": entry.actor_name},
        "action": entry.action,
        "label": label(entry.action),
        "room_uuid": entry.room_uuid,
        "target": {"id": entry.target, "name": entry.target_name},
        "params": entry.params,
        "address": entry.address,
        "agent": entry.agent,
        "request_id": entry.request_id,
    }


def of_step(step: Step) -> dict[str, Any]:
    """Return the stored values of a step. Times are in UTC."""
    return {"id": step.pk, "kind": step.kind, "at": step.at.isoformat(), "detail": step.detail}
