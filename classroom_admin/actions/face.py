"""Change the school's face. Each function writes its audit entry in the same transaction.

The functions raise PermissionDenied if `actor` may not change settings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext

from classroom_admin.accounts import face, permissions
from classroom_admin.accounts.face_models import ONLY, SchoolFace, SchoolLogo
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused, require_visible
from classroom_admin.actions.files import scanning
from classroom_admin.audit import record
from classroom_admin.common.clock import iso
from classroom_admin.common.palette import COLOUR
from classroom_admin.common.pictures import LEAST_PIXELS, MOST_PIXELS, NoPicture, checked

LOGO_BYTES: Final = 200_000
FIELDS: Final = ("name", "colour", "help_url", "privacy_url", "accessibility_url")
BANNER_FIELDS: Final = (
    "banner_text", "banner_level", "banner_from", "banner_until", "banner_can_be_dismissed",
    "banner_for_visitors",
)  # fmt: skip
_DIGEST_LENGTH: Final = 32


def stored() -> SchoolFace:
    """Return the row with the school's face, or a new one that is not stored yet.

    This process then uses it, so that the page with the settings never shows an older face.
    """
    row = SchoolFace.objects.filter(pk=ONLY).first() or SchoolFace(pk=ONLY)
    face.remember(face.face_of(row))
    return row


def change(*, actor: User, values: Mapping[str, Any]) -> None:
    """Store the fields of `FIELDS` and `BANNER_FIELDS` in `values`.

    Raise ActionRefused, whose `field` names the invalid value.
    """
    permissions.require(actor, Permission.SETTINGS)
    if values["name"]:
        require_visible(values["name"])
    if values["colour"] and not COLOUR.fullmatch(values["colour"]):
        raise ActionRefused(gettext("Enter a colour as # and six digits, such as #3a4bc8."), "colour")
    begin, end = values["banner_from"], values["banner_until"]
    if begin and end and end <= begin:
        raise ActionRefused(gettext("The end is before the start. Choose a later end."), "banner_until")
    with transaction.atomic():
        row = _locked()
        before = _values(row)
        for name in (*FIELDS, *BANNER_FIELDS):
            setattr(row, name, values[name])
        after = _values(row)
        changed = {
            name: {"from": before[name], "to": after[name]} for name in after if before[name] != after[name]
        }
        row.banner_number += any(name in changed for name in ("banner_text", "banner_level"))
        _save(row)
        _record(actor, "face.change", {name: changed[name] for name in FIELDS if name in changed})
        _record(actor, "face.banner", {name: changed[name] for name in BANNER_FIELDS if name in changed})


def change_logo(*, actor: User, content: bytes) -> None:
    """Store a logo. Raise ActionRefused if it is no PNG, JPEG or WebP picture, too large or infected.

    The picture is stored without its comments and other parts that draw nothing (`common.pictures`).
    """
    permissions.require(actor, Permission.SETTINGS)
    if len(content) > LOGO_BYTES:
        raise ActionRefused(
            gettext("This picture is too large. A logo can have at most %(most)s KB.")
            % {"most": LOGO_BYTES // 1000}
        )
    if wrong := scanning.problem(BytesIO(content)):
        raise ActionRefused(wrong)
    try:
        picture = checked(content)
    except NoPicture as error:
        raise ActionRefused(_why_not(error)) from error
    digest = hashlib.sha256(picture.content).hexdigest()[:_DIGEST_LENGTH]
    with transaction.atomic():
        row = _locked()
        values = {
            "content": picture.content,
            "kind": picture.kind,
            "width": picture.width,
            "height": picture.height,
            "digest": digest,
        }
        SchoolLogo.objects.update_or_create(pk=ONLY, defaults=values)
        if row.logo_digest != digest:
            before, row.logo_digest = row.logo_digest, digest
            _save(row)
            _record(actor, "face.logo", {"logo": {"from": before, "to": digest}})


def remove_logo(*, actor: User) -> bool:
    """Delete the logo. Return False if there is none."""
    permissions.require(actor, Permission.SETTINGS)
    with transaction.atomic():
        row = _locked()
        if not row.logo_digest:
            return False
        SchoolLogo.objects.all().delete()
        before, row.logo_digest = row.logo_digest, ""
        _save(row)
        _record(actor, "face.logo", {"logo": {"from": before, "to": ""}})
    return True


def dismiss_banner(*, actor: User, number: int) -> None:
    """Hide the announcement with this number from the person. A changed announcement appears again."""
    banner = face.current().banner
    if banner is not None and banner.can_be_dismissed and banner.number == number:
        actor.dismissed_banner = number
        actor.save(update_fields=["dismissed_banner"])


def _locked() -> SchoolFace:
    SchoolFace.objects.get_or_create(pk=ONLY)
    return SchoolFace.objects.select_for_update().get(pk=ONLY)


def _save(row: SchoolFace) -> None:
    row.save()
    found = face.face_of(row)
    transaction.on_commit(lambda: face.remember(found))


def _values(row: SchoolFace) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in (*FIELDS, *BANNER_FIELDS)}
    for name in ("banner_from", "banner_until"):
        found[name] = iso(found[name]) if found[name] else None
    return found


def _record(actor: User, action: str, changed: Mapping[str, Any]) -> None:
    if changed:
        record.done(actor=actor, action=action, params={"changed": dict(changed)})


def _why_not(error: NoPicture) -> str:
    if error.code == "kind":
        return gettext("This is no PNG, JPEG or WebP picture. Save the logo in one of these formats.")
    if error.code == "size":
        return gettext("A logo must have between %(least)s and %(most)s pixels in width and height.") % {
            "least": LEAST_PIXELS,
            "most": MOST_PIXELS,
        }
    return gettext("This picture is damaged. Save it again with a picture program.")
