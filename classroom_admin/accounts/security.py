"""The page "Sign-in and security", and the pages that ask for a second factor and require one."""

from typing import TYPE_CHECKING, Any, cast

from allauth.account.internal.stagekit import clear_login
from allauth.mfa.base.views import authenticate
from allauth.mfa.models import Authenticator
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts.own_settings import own_address

if TYPE_CHECKING:
    from classroom_admin.accounts.models import User


@never_cache
@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Show how the person signs in: password, second factors, passkeys, recovery codes and sessions."""
    return render(request, "mfa/index.html", second_factors(cast("User", request.user)))


@never_cache
@require_safe
@login_required
def required(request: HttpRequest) -> HttpResponse:
    """Say why a second factor is required, and offer the kinds. Lead people on who need none."""
    person = cast("User", request.user)
    if not person.needs_second_factor:
        return redirect(own_address(request, request.GET.get("next", "")))
    return render(request, "account/second_factor.html")


def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor after the password. Start again if it was reset in the meantime.

    Without this, allauth's page and the sign-in page would redirect to each other.
    """
    answer: HttpResponse = authenticate(request)
    if answer.get("Location") == resolve_url("account_login"):
        clear_login(request)
    return answer


def second_factors(person: "User") -> dict[str, Any]:
    """Return the person's second factors by kind. `codes_left` is None without recovery codes."""
    found = list(Authenticator.objects.filter(user=person).order_by("created_at"))
    kinds = Authenticator.Type
    codes = next((one for one in found if one.type == kinds.RECOVERY_CODES), None)
    return {
        "app": next((one for one in found if one.type == kinds.TOTP), None),
        "passkeys": [
            {"pk": one.pk, "name": one.wrap().name, "created_at": one.created_at, "used_at": one.last_used_at}
            for one in found
            if one.type == kinds.WEBAUTHN
        ],
        "codes_left": _codes_left(codes) if codes else None,
    }


def _codes_left(codes: Authenticator) -> int:
    from allauth.mfa import app_settings

    return int(app_settings.RECOVERY_CODE_COUNT - int(codes.data["used_mask"]).bit_count())
