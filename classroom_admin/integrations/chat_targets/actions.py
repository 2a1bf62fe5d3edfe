"""Add, change, test, switch and delete chat services.

Each function raises NotAllowed if `actor` may not change settings, and records what was done. Addresses and
tokens are stored encrypted, and are never recorded.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission, require
from classroom_admin.audit import record
from classroom_admin.common.encryption import encrypt
from classroom_admin.common.problems import Problem
from classroom_admin.integrations.chat_targets import delivery, services
from classroom_admin.integrations.chat_targets.models import ChatTarget
from classroom_admin.rooms.models import ClassList


@sensitive_variables()
def save_target(
    *,
    actor: User,
    row: ChatTarget | None,
    name: str,
    service: str,
    address: str,
    token: str,
    kinds: Collection[str],
    only_list: bool,
    class_list: ClassList | None,
    language: str,
) -> ChatTarget:
    """Add a chat service, or change `row`. An empty `address` keeps the stored address and token.

    Raise `ActionRefused` with the name of the field if the address does not fit the service.
    """
    require(actor, Permission.SETTINGS)
    saved = row or ChatTarget()
    if address or row is None or row.service != service:
        saved.host = services.check(service, address, token)
        saved.secret = encrypt(json.dumps({"address": address, "token": token}))
        saved.failed_at, saved.problem = None, None
    saved.name, saved.service, saved.kinds = name, service, sorted(kinds)
    saved.only_list, saved.class_list, saved.language = only_list, class_list, language
    with transaction.atomic():
        saved.save()
        _record(
            actor,
            "chat_target.change" if row else "chat_target.add",
            saved,
            service=service,
            host=saved.host,
            kinds=saved.kinds,
            **({"class_list": class_list.name} if class_list else {}),
        )
    return saved


def switch_target(*, actor: User, row: ChatTarget, is_on: bool) -> None:
    """Switch a chat service on or off. Messages that wait are deleted when it is switched off."""
    require(actor, Permission.SETTINGS)
    with transaction.atomic():
        ChatTarget.objects.filter(pk=row.pk).update(is_on=is_on)
        if not is_on:
            row.messages.filter(claimable_at__isnull=False).delete()
        _record(actor, "chat_target.switch", row, is_on=is_on)


def delete_target(*, actor: User, row: ChatTarget) -> None:
    """Delete a chat service with its messages."""
    require(actor, Permission.SETTINGS)
    with transaction.atomic():
        _record(actor, "chat_target.delete", row, service=row.service, host=row.host)
        row.delete()


def send_test(*, actor: User, row: ChatTarget) -> Problem | None:
    """Send a test message now. Return why it failed, or None."""
    require(actor, Permission.SETTINGS)
    problem = services.send(
        row,
        title=gettext("Test message from Classroom Admin"),
        text=gettext("This chat service gets messages about the classes of the school."),
    )
    if problem is None:
        delivery.note_success(row)
    else:
        delivery.note_failure(row, problem)
    record.done(
        actor=actor,
        action="chat_target.test",
        target=row.host,
        target_name=row.name,
        problem=problem,
    )
    return problem


def _record(actor: User, action: str, row: ChatTarget, **params: object) -> None:
    record.done(actor=actor, action=action, target=row.host, target_name=row.name, params=params)
