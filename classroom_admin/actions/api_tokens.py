"""Create and revoke API tokens, and record it in the audit log. The log never contains a token."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts import api_tokens, permissions
from classroom_admin.accounts.models import ApiToken, User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record

_REFUSALS: Final = {
    "deactivated": _("This account is deactivated."),
    "scopes": _("Choose what the token may do: read, or read and write."),
    "days": _("A token can be valid for 1 to 366 days."),
    "name": _("Enter a name of at most 80 characters, such as the name of your program."),
    "too_many": _("You have 20 valid tokens. Revoke one that you no longer need."),
}
_FIELDS: Final = {"scopes": "scopes", "days": "days", "name": "name"}


@sensitive_variables("secret")
def create_token(
    *, person: User, name: str, scopes: Collection[str], days: int, actor: User | None
) -> tuple[ApiToken, str]:
    """Create a token of ``person``. Return its row, and the token, which is shown only once.

    ``actor`` is None if the command line creates it. Raise ``ActionRefused`` if an argument is not valid.
    """
    try:
        with transaction.atomic():
            made, secret = api_tokens.create(person, name=name, scopes=scopes, days=days)
            _record("account.token_create", made, actor=actor, days=days)
    except api_tokens.TokenRefused as refused:
        raise ActionRefused(str(_REFUSALS[refused.code]), field=_FIELDS.get(refused.code)) from refused
    return made, secret


def revoke_token(*, actor: User, person: User, pk: int) -> ApiToken | None:
    """Revoke a token of ``person``: of oneself, or as an administrator of someone else.

    Return None if the person has no such token. Raise ``NotAllowed`` if ``actor`` may not revoke it.
    """
    if actor.pk != person.pk:
        permissions.require(actor, Permission.PEOPLE)
    with transaction.atomic():
        ended = api_tokens.end(person, pk)
        if ended is not None:
            _record("account.token_end", ended, actor=actor)
    return ended


def rows_of(person: User) -> list[dict[str, Any]]:
    """Return the tokens of a person, newest first, as `{token, scopes}`. `scopes` is a text for people."""
    return [{"token": one, "scopes": scope_words(one.scope_names)} for one in api_tokens.of(person)]


def scope_words(scopes: Collection[str]) -> str:
    """Return what a token may do, for people."""
    if api_tokens.WRITE not in scopes:
        return gettext("Read")
    return gettext("Read and write") if api_tokens.READ in scopes else gettext("Write only")


def _record(action: str, token: ApiToken, *, actor: User | None, **more: int) -> None:
    person = token.user
    params = {"name": token.name, "scopes": list(token.scope_names), **more}
    record.done(actor=actor, action=action, target=person.email, target_name=str(person), params=params)
