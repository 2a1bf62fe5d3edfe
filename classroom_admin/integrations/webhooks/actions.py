"""What administrators do with outgoing webhooks. Each function records it in the audit log.

Each function raises PermissionDenied if `actor` may not change settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import scheduled
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.audit.models import Step
from classroom_admin.common import clock, outbound
from classroom_admin.common.encryption import Undecipherable, decrypt, encrypt
from classroom_admin.common.problems import Problem
from classroom_admin.common.random_text import new_key
from classroom_admin.integrations.webhooks import deliveries
from classroom_admin.integrations.webhooks.deliveries import Outcome, State
from classroom_admin.integrations.webhooks.models import Delivery, Endpoint
from classroom_admin.integrations.webhooks.receiving import DELIVER
from classroom_admin.integrations.webhooks.signatures import BOTH_VALID_FOR, new_secret

MOST_ENDPOINTS: Final = 20
FIELDS: Final = ("address", "description", "kinds")


def save(
    *, actor: User, endpoint: Endpoint | None, address: str, description: str, kinds: Sequence[str]
) -> Endpoint:
    """Add an endpoint, or change `endpoint`. Raise ActionRefused if the address can't be used."""
    _require(actor)
    try:
        outbound.check(address)
    except outbound.OutboundRefused as error:
        raise ActionRefused(error.problem, "address") from error
    if endpoint is None and Endpoint.objects.count() >= MOST_ENDPOINTS:
        words = gettext("There are already %(most)s webhooks. Delete one first.")
        raise ActionRefused(words % {"most": MOST_ENDPOINTS})
    values: dict[str, Any] = {"address": address, "description": description, "kinds": list(kinds)}
    with transaction.atomic():
        if endpoint is None:
            saved = Endpoint.objects.create(secret=encrypt(new_secret()), **values)
            _record(actor, "webhook.create", saved, kinds=saved.kinds)
            return saved
        saved = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        changed = sorted(name for name in FIELDS if getattr(saved, name) != values[name])
        for name in changed:
            setattr(saved, name, values[name])
        saved.save(update_fields=FIELDS)
        _record(actor, "webhook.change", saved, changed=changed, kinds=saved.kinds)
    return saved


def switch(*, actor: User, endpoint: Endpoint, is_on: bool) -> None:
    """Switch an endpoint on or off. While it is off, it gets no new messages, and those that wait stay."""
    _require(actor)
    off = {"off_reason": "" if is_on else Endpoint.Off.PERSON, "off_at": None if is_on else clock.now()}
    anew = {"failures": 0, "failing_since": None, "paused_until": None} if is_on else {}
    with transaction.atomic():
        Endpoint.objects.filter(pk=endpoint.pk).update(is_on=is_on, **off, **anew)
        _record(actor, "webhook.switch", endpoint, is_on=is_on)
        scheduled.wake_up(DELIVER)


def delete(*, actor: User, endpoint: Endpoint) -> None:
    """Delete an endpoint with its log. Messages that wait are not sent."""
    _require(actor)
    with transaction.atomic():
        _record(actor, "webhook.delete", endpoint)
        endpoint.delete()


@sensitive_variables()
def show_secret(*, actor: User, endpoint: Endpoint) -> str:
    """Return the secret of an endpoint. Raise ActionRefused if no configured key decrypts it."""
    _require(actor)
    try:
        secret = decrypt(endpoint.secret)
    except Undecipherable as error:
        raise ActionRefused(Problem("webhook_secret_unreadable")) from error
    _record(actor, "webhook.show", endpoint)
    return secret


@sensitive_variables()
def rotate_secret(*, actor: User, endpoint: Endpoint) -> None:
    """Give an endpoint a new secret. Requests are signed with the old one, too, for a day."""
    _require(actor)
    with transaction.atomic():
        locked = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        locked.old_secret, locked.old_secret_until = locked.secret, clock.now() + BOTH_VALID_FOR
        locked.secret = encrypt(new_secret())
        locked.save(update_fields=["secret", "old_secret", "old_secret_until"])
        _record(actor, "webhook.rotate", locked)


def send_test(*, actor: User, endpoint: Endpoint) -> tuple[Delivery, Outcome]:
    """Send a test message at once, also if the endpoint is off or pauses. This takes up to 15 s."""
    _require(actor)
    now = clock.now()
    delivery = Delivery.objects.create(
        endpoint=endpoint,
        number=f"msg_{new_key()}{new_key()}",
        state=State.CLAIMED,
        claims=1,
        claimable_at=now + deliveries.LEASE,
        is_again=True,
    )
    (outcome,) = deliveries.send_all([delivery], by=actor)
    _record(
        actor,
        "webhook.test",
        endpoint,
        outcome=Step.Kind.DONE if outcome.problem is None else Step.Kind.FAILED,
        detail={"reason": outcome.problem.as_json()} if outcome.problem else {},
    )
    return delivery, outcome


def send_again(*, actor: User, delivery: Delivery) -> None:
    """Send a message again soon, with the same id. Raise ActionRefused if it waits to be sent anyway."""
    _require(actor)
    now = clock.now()
    with transaction.atomic():
        finished = Delivery.objects.filter(pk=delivery.pk, claimable_at=None)
        again = {"state": State.WAITING, "claimable_at": now, "queued_at": now, "tries": 0, "is_again": True}
        if not finished.update(changed_at=now, claims=F("claims") + 1, **again):
            raise ActionRefused(gettext("This message is already waiting to be sent."))
        _record(actor, "webhook.again", delivery.endpoint, message=delivery.number)
        scheduled.wake_up(DELIVER)


def _require(actor: User) -> None:
    if not permissions.may(actor, Permission.SETTINGS):
        raise PermissionDenied(gettext("Only administrators can change webhooks."))


def _record(
    actor: User,
    action: str,
    endpoint: Endpoint,
    *,
    outcome: Step.Kind = Step.Kind.DONE,
    detail: dict[str, Any] | None = None,
    **params: Any,
) -> None:
    record.done(
        actor=actor,
        action=action,
        target=endpoint.key,
        target_name=str(endpoint),
        params={"address": endpoint.shown_address, **params},
        outcome=outcome,
        detail=detail,
    )
