"""How a person signed in: through school sign-on, or in another way."""

from __future__ import annotations

from typing import Final

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

METHOD: Final = "socialaccount"
"""The name under which allauth records that a person came through school sign-on."""
EMERGENCY: Final = "emergency"


def signed_in_through_school(request: HttpRequest) -> bool:
    """Return whether the person of this session came through school sign-on."""
    return METHOD in _methods(request)


def has_second_factor_through_school(request: HttpRequest) -> bool:
    """Return whether the setting says that this person's school sign-on counts as a second factor."""
    return settings.SIGN_ON_COUNTS_AS_SECOND_FACTOR and signed_in_through_school(request)


def signed_in_by_emergency_link(request: HttpRequest) -> bool:
    """Return whether the person of this session used a link of `manage.py emergency_login`."""
    return EMERGENCY in _methods(request)


def _methods(request: HttpRequest) -> set[str]:
    if not request.user.is_authenticated:
        return set()
    return {record.get("method", "") for record in get_authentication_records(request, request.user)}
