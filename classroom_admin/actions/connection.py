"""Test the connection to the cloud, from the settings page."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.agora.client import Client
from classroom_admin.agora.connection import ConnectionReport, check_connection
from classroom_admin.audit import record
from classroom_admin.audit.models import Step
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.selectors import room_at_the_cloud


def try_connection(*, actor: User, room_uuid: str = "") -> ConnectionReport:
    """Call the cloud without changing anything and report what is wrong, within about 15 s.

    The region is tested by a read of the room ``room_uuid``, or of a running class if it is empty. Raise
    PermissionDenied if ``actor`` is not an administrator.
    """
    if not permissions.may(actor, Permission.SETTINGS):
        raise PermissionDenied(gettext("Only administrators can test the connection."))
    entry = record.record(actor=actor, action="cloud.test")
    record.add_step(entry, Step.Kind.REQUESTED)
    client = Client(settings.AGORA)
    try:
        report = check_connection(client, known_room=room_uuid or room_at_the_cloud())
    finally:
        client.close()
    detail = {
        "problem": report.cause,
        "kind": report.kind,
        "reason": Problem("findings", {"problems": report.findings}).as_json(),
        "latency_ms": round(report.latency_ms),
        "clock_offset_ms": report.clock_offset_ms,
    }
    record.add_step(entry, Step.Kind.DONE if report.ok else Step.Kind.FAILED, detail)
    return report
