"""Writing the record: an entry when something is asked for, a step for each turn that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from classroom_admin.audit.actions import LABELS
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.redaction import secret_name_in

_NAME_LENGTH: Final = 254


class SecretOnRecord(ValueError):
    """Raised when a parameter's name says that it is a secret: those are never recorded."""


def record(
    *,
    actor: AbstractBaseUser | None,
    action: str,
    room_uuid: str = "",
    target: str = "",
    target_name: str = "",
    params: Mapping[str, Any] | None = None,
) -> Entry:
    """Write who asks for what; the steps follow by `add_step`. `actor` is None where nobody is signed in.

    Raises ValueError for an action without words in `audit.actions`, SecretOnRecord for a secret in `params`.
    """
    if action not in LABELS:
        raise ValueError(f"{action} has no words in audit.actions.")
    return Entry.objects.create(
        actor=cast(Any, actor),  # a User; this package does not import accounts
        actor_name=str(actor)[:_NAME_LENGTH] if actor else "",
        action=action,
        room_uuid=room_uuid,
        target=target[:_NAME_LENGTH],
        target_name=target_name[:_NAME_LENGTH],
        params=_without_secrets(params),
        at=clock.now(),
    )


def add_step(entry: Entry, kind: str, detail: Mapping[str, Any] | None = None) -> Step:
    """Write how `entry` went on. `kind` is a `Step.Kind` (else ValueError); SecretOnRecord as `record`."""
    return Step.objects.create(
        entry=entry,
        kind=Step.Kind(kind),
        room_uuid=entry.room_uuid,
        detail=_without_secrets(detail),
        at=clock.now(),
    )


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
) -> Entry:
    """Write what happened here alone, without the cloud: the entry and its only step, both or neither."""
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
    """Return a copy of `params`.

    Raise SecretOnRecord where a name at any depth says that its value is a secret.
    """
    if name := secret_name_in(params):
        raise SecretOnRecord(f"{name} is a secret and must not be recorded.")
    return dict(params or {})
