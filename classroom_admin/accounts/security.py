"""The page "Sign-in and security", and the pages that ask for a second factor and require one."""

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from allauth.account.internal.stagekit import clear_login, get_pending_stage
from allauth.account.views import password_change as _change_password
from allauth.mfa.base.views import authenticate
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classroom_admin.accounts import sign_on_providers
from classroom_admin.accounts.adapter import BEGUN_WITH
from classroom_admin.accounts.own_settings import own_address
from classroom_admin.accounts.recently_signed_in import is_recent
from classroom_admin.accounts.sign_on import counts_as_second_factor

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
    if not person.needs_second_factor or counts_as_second_factor(request.session, person):
        return redirect(own_address(request, request.GET.get("next", "")))
    return render(request, "account/second_factor.html")


@never_cache
@require_safe
@login_required
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """Offer school sign-on to a person who must confirm a change, and has no other way to do it."""
    back = own_address(request, request.GET.get("next", ""))
    if is_recent(request):
        return redirect(back)
    connected = SocialAccount.objects.filter(user=request.user.pk).values_list("provider", flat=True)
    query = urlencode({"next": back, "again": "1"})
    ways = [
        {"label": one.label, "address": f"{reverse('sign_on:begin', args=[one.key])}?{query}"}
        for one in sign_on_providers.active()
        if one.issuer in set(connected)
    ]
    return render(request, "account/sign_in_again.html", {"ways": ways, "next": back})


@login_required
def change_password(request: HttpRequest) -> HttpResponseBase:
    """Let the person change the password. Lead people who have none to the page that says so."""
    if not cast("User", request.user).has_usable_password():
        return redirect("mfa_index")
    answer: HttpResponseBase = _change_password(request)
    return answer


def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor after the password.

    Start again if the password was reset in the meantime, or the account was deactivated. Also start again
    if the second factor was reset, because allauth's page and the sign-in page would redirect to each other.
    """
    stage = get_pending_stage(request)
    person = cast("User | None", stage.login.user) if stage else None
    if person and not (
        person.is_active and person.get_session_auth_hash() == request.session.get(BEGUN_WITH)
    ):
        clear_login(request)
        return redirect("account_login")
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
