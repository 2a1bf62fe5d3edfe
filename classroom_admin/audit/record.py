"""Write the audit log. Each requested action has one entry, and each change of its status has one step."""

import logging
from collections.abc import Mapping
from typing import Any, Final, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from classroom_admin.audit.actions import LABELS
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock, request_context
from classroom_admin.common.logs import context as log_context
from classroom_admin.common.problems import Problem
from classroom_admin.common.redaction import secret_name_in

log: Final = logging.getLogger(__name__)
_NAME_LENGTH: Final = 254


class SecretOnRecord(ValueError):
    """The error for a parameter with the name of a secret. Secrets must not be recorded."""


def record(
    *,
    actor: AbstractBaseUser | None,
    action: str,
    room_uuid: str = "",
    target: str = "",
    target_name: str = "",
    params: Mapping[str, Any] | None = None,
) -> Entry:
    """Add an entry without steps (see `add_step`). `actor` is None if no person is signed in.

    The client address, the browser and the id of the current request are recorded, too.

    Raise ValueError if `audit.actions` has no label for `action`. Raise SecretOnRecord if `params` contains
    the name of a secret.
    """
    if action not in LABELS:
        raise ValueError(f"{action} has no words in audit.actions.")
    origin = request_context.current()
    entry: Entry = Entry.objects.create(
        actor=cast(Any, actor),  # The actor is a User, but this package does not import accounts.
        actor_name=str(actor)[:_NAME_LENGTH] if actor else "",
        action=action,
        room_uuid=room_uuid,
        target=target[:_NAME_LENGTH],
        target_name=target_name[:_NAME_LENGTH],
        params=_without_secrets(params),
        at=clock.now(),
        address=origin.address,
        agent=origin.agent,
        request_id=origin.request_id,
    )
    log_context.bind(action_id=entry.pk)
    return entry


def add_step(entry: Entry, kind: str, detail: Mapping[str, Any] | None = None) -> Step:
    """Add a step to `entry`.

    Raise ValueError if `kind` is not a `Step.Kind`. Raise SecretOnRecord if `detail` contains the name of a
    secret.
    """
    step: Step = Step.objects.create(
        entry=entry,
        kind=Step.Kind(kind),
        room_uuid=entry.room_uuid,
        detail=_without_secrets(detail),
        at=clock.now(),
    )
    log_step(step)
    return step


def log_step(step: Step) -> None:
    """Write a step to the log when the transaction commits, so that it shows what each command came to.

    The record has no parameters: only the audit log says to whom something was done.
    """
    entry = step.entry
    known = log_context.current()
    facts = {
        **known,
        "action_id": entry.pk,
        "person": entry.actor_id,
        "request_id": known.get("request_id") or entry.request_id or None,
    }
    extra = {"action": entry.action, "step": step.kind, "facts": facts}
    transaction.on_commit(lambda: log.info("%s: %s", entry.action, step.kind, extra=extra))


def done(
    *,
    actor: AbstractBaseUser | None,
    action: str,
    room_uuid: str = "",
    target: str = "",
    target_name: str = "",
    params: Mapping[str, Any] | None = None,
    outcome: Step.Kind = Step.Kind.DONE,
    detail: Mapping[str, Any] | None = None,
    problem: Problem | None = None,
) -> Entry:
    """Add an entry with a single step, for an action that does not involve the cloud.

    With a `problem`, the action failed for this reason.
    """
    if problem is not None:
        outcome, detail = Step.Kind.FAILED, {"reason": problem.as_json()}
    with transaction.atomic():
        entry = record(
            actor=actor,
            action=action,
            room_uuid=room_uuid,
            target=target,
            target_name=target_name,
            params=params,
        )
        add_step(entry, outcome, detail)
    return entry


def _without_secrets(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a copy of `params`. Raise SecretOnRecord if it contains the name of a secret at any depth."""
    if name := secret_name_in(params):
        raise SecretOnRecord(f"{name} is a secret and must not be recorded.")
    return dict(params or {})
