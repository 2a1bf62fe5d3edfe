"""How a person signed in: through school sign-on, or in another way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings
from django.http import HttpRequest

if TYPE_CHECKING:
    from classroom_admin.accounts.models import User

METHOD: Final = "socialaccount"
"""The name under which allauth records that a person came through school sign-on."""
EMERGENCY: Final = "emergency"
_PERSON: Final = "account_authentication_methods_user"
"""The key under which allauth keeps the person whom the recorded methods concern."""


def signed_in_through_school(request: HttpRequest) -> bool:
    """Return whether the person of this session came through school sign-on."""
    return METHOD in _methods(request)


def signed_in_by_emergency_link(request: HttpRequest) -> bool:
    """Return whether the person of this session used a link of `manage.py emergency_login`."""
    return EMERGENCY in _methods(request)


def counts_as_second_factor(session: Mapping[str, Any], user: User) -> bool:
    """Return whether the person came through school sign-on, and this counts as a second factor."""
    records = session.get(AUTHENTICATION_METHODS_SESSION_KEY)
    return (
        settings.SIGN_ON_COUNTS_AS_SECOND_FACTOR
        and session.get(_PERSON) == user_id_to_str(user)
        and isinstance(records, list)
        and METHOD in {record.get("method") for record in records}
    )


def _methods(request: HttpRequest) -> set[str]:
    if not request.user.is_authenticated:
        return set()
    return {record.get("method", "") for record in get_authentication_records(request, request.user)}
