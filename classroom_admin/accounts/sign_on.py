"""How a person signed in: through school sign-on, or in another way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings

if TYPE_CHECKING:
    from classroom_admin.accounts.models import User

METHOD: Final = "socialaccount"
"""The name under which allauth records that a person came through school sign-on."""
EMERGENCY: Final = "emergency"
"""The name under which a session records that the person used a link of `manage.py emergency_login`."""
_PERSON: Final = "account_authentication_methods_user"
"""The key under which allauth keeps the person whom the recorded methods concern."""


def counts_as_second_factor(session: Mapping[str, Any], user: User) -> bool:
    """Return whether the person came through school sign-on, and this counts as a second factor."""
    records = session.get(AUTHENTICATION_METHODS_SESSION_KEY)
    return (
        settings.SIGN_ON_COUNTS_AS_SECOND_FACTOR
        and session.get(_PERSON) == user_id_to_str(user)
        and isinstance(records, list)
        and METHOD in {record.get("method") for record in records}
    )
