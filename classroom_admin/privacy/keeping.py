"""Keep a class, for example for a complaint or a legal claim. Retention then deletes nothing of the class."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.names import has_visible_character
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import ClassRetention, Room

LONGEST_REASON = 300


def keep(access: ClassAccess, *, reason: str) -> ClassRetention:
    """Keep the class of `access` until `stop_keeping`. Only administrators may do this.

    Raise ``ActionRefused`` if the reason is missing or too long, or the person is not an administrator.
    """
    reason = reason.replace("\x00", "").strip()
    if not has_visible_character(reason):
        raise ActionRefused(_("Enter a reason."), field="reason")
    if len(reason) > LONGEST_REASON:
        raise ActionRefused(_("Enter a reason of at most 300 characters."), field="reason")
    return _set(access, reason=reason)


def stop_keeping(access: ClassAccess) -> ClassRetention:
    """Let retention delete data of the class again, beginning with the next run."""
    return _set(access, reason="")


def retention_of(room: Room) -> ClassRetention:
    """Return the stored state of a class, or a new one that is not stored."""
    class_id = room.parent_id or room.pk
    found = ClassRetention.objects.select_related("kept_by").filter(room_id=class_id).first()
    return found or ClassRetention(room_id=class_id)


def _set(access: ClassAccess, *, reason: str) -> ClassRetention:
    if not access.person.is_administrator:
        raise ActionRefused(_("Only administrators can keep classes."))
    class_id = access.room.parent_id or access.room.pk
    with transaction.atomic():
        Room.objects.select_for_update().get(pk=class_id)
        own, _is_new = ClassRetention.objects.get_or_create(room_id=class_id)
        if bool(own.kept_at) == bool(reason) and own.kept_reason == reason:
            return own
        own.kept_at = clock.now() if reason else None
        own.kept_by = access.person if reason else None
        own.kept_reason = reason
        own.save(update_fields=["kept_at", "kept_by", "kept_reason"])
        record.done(
            actor=access.person,
            action="class.keep" if reason else "class.stop_keeping",
            room_uuid=access.room.room_uuid,
            target_name=str(access.room)[:254],
            params={"reason": reason} if reason else {},
        )
    return own
