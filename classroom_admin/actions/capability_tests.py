"""Test again whether the Agora project offers a call, without any effect on a class.

The test sends the call to a room that does not exist. The answer "room not found" proves that the project
offers the call. The test of blocking creates a rule of 10 s for a channel that nobody uses.
"""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import capabilities, runner
from classroom_admin.actions.capabilities import KINDS, CapabilityRow, Offered
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import Capability
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, CloudFailed, CloudUnavailable, RateLimited
from classroom_admin.audit import record
from classroom_admin.audit.models import Step
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem

EVERY: Final = timedelta(days=1)
"""How long to wait before a command that is not offered is tested again."""


def test_again(*, actor: User, name: str) -> CapabilityRow:
    """Forget what is known about a capability, test it, and return the result.

    Raise PermissionDenied if ``actor`` is not an administrator. Raise ``ActionRefused`` if there is no such
    capability, or if the connection is not set up.
    """
    if not permissions.may(actor, Permission.SETTINGS):
        raise PermissionDenied(gettext("Only administrators can test the connection."))
    if name not in KINDS:
        raise ActionRefused(Problem("no_such_capability"))
    cloud = runner.client()
    Capability.objects.filter(name=name).update(offered=Offered.UNKNOWN)
    row = _probe(cloud, name)
    record.done(
        actor=actor,
        action="capability.test",
        target=name,
        target_name=capabilities.label_of(name),
        outcome=Step.Kind.FAILED if row.offered == Offered.NO else Step.Kind.DONE,
        detail={"offered": row.offered, **_reason(row)},
    )
    return capabilities.row_of(name, row)


def test_missing() -> int:
    """Test each missing capability again, at most once a day. Return how many are now offered."""
    if settings.AGORA.problems():
        return 0
    cloud = runner.client()
    due = Capability.objects.filter(name__in=KINDS, offered=Offered.NO, tried_at__lte=clock.now() - EVERY)
    return sum(_probe(cloud, name).offered == Offered.YES for name in due.values_list("name", flat=True))


def _probe(cloud: Client, name: str) -> Capability:
    """Send the test call of a capability and store the result.

    If the cloud's answer is not clear, keep what is known.
    """
    room_uuid = capabilities.new_probe_room()
    call = KINDS[name].probe(room_uuid)
    if call.customer and not cloud.config.customer_id:
        return capabilities.remember(name, Offered.UNKNOWN)
    try:
        cloud.send(call, deadline_s=runner.READ_S)
    except (CloudFailed, CloudUnavailable, RateLimited):
        return _unchanged(name)
    except CloudError as error:
        capabilities.learn_refused(cloud, call, error, room_uuid=room_uuid)
        if capabilities.means_missing(error):  # `learn_refused` stored it, unless the connection is wrong
            return _unchanged(name)
    return capabilities.remember(name, Offered.YES)


def _unchanged(name: str) -> Capability:
    row, _is_new = Capability.objects.get_or_create(name=name)
    return row


def _reason(row: Capability) -> dict[str, object]:
    problem = capabilities.problems_of([row.name]).get(row.name)
    return {"reason": problem.as_json()} if problem else {}
