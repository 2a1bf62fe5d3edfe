"""The settings pages of school sign-on: the providers, their form, and the emergency links that were used."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom_admin.accounts.models import SignOnProvider
from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.provider import callback_address
from classroom_admin.accounts.recently_signed_in import ask, is_recent, recently_signed_in
from classroom_admin.accounts.sign_on_providers import OIDC, Provider, from_environment, from_row
from classroom_admin.actions import emergency
from classroom_admin.actions import sign_on_providers as actions
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.problem_texts import in_words
from classroom_admin.web.access import AuthenticatedHttpRequest, requires
from classroom_admin.web.settings.sign_on_form import ProviderForm

UNPROCESSABLE: Final = 422


@require_safe
@requires(Permission.SETTINGS)
def sign_on(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the providers of school sign-on."""
    return render(request, "sign_on/providers.html", _providers())


@require_POST
@requires(Permission.SETTINGS)
def test_sign_on(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Test the connection to a provider, and show what is wrong with it."""
    provider = next((one for one in _all() if one.key == key and one.kind == OIDC), None)
    if provider is None:
        raise Http404(_("This school sign-on does not exist."))
    report = actions.test_provider(actor=request.user, provider=provider)
    tested = {
        "label": provider.label,
        "problem": in_words(report.problem) if report.problem else "",
        "warnings": report.warnings,
    }
    return render(request, "sign_on/providers.html", _providers() | {"tested": tested})


@sensitive_post_parameters("secret")
@sensitive_variables()
@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
def add_sign_on(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Add a provider."""
    return _form(request, None)


@sensitive_post_parameters("secret")
@sensitive_variables()
@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
def change_sign_on(request: AuthenticatedHttpRequest, key: str) -> HttpResponseBase:
    """Change a provider."""
    return _form(request, get_object_or_404(SignOnProvider, key=key))


@require_POST
@requires(Permission.SETTINGS)
@recently_signed_in
def switch_sign_on(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Switch a provider on or off."""
    row = get_object_or_404(SignOnProvider, key=key)
    is_on = request.POST.get("on") == "1"
    actions.switch_provider(actor=request.user, row=row, is_on=is_on)
    text = _("%(label)s is now on.") if is_on else _("%(label)s is now off. Nobody can sign in with it.")
    messages.success(request, text % {"label": row.label})
    return redirect("settings:sign_on")


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
@recently_signed_in
def delete_sign_on(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Ask whether to delete a provider. A POST deletes it."""
    row = get_object_or_404(SignOnProvider, key=key)
    if request.method != "POST":
        return render(request, "sign_on/delete.html", {"provider": row})
    actions.delete_provider(actor=request.user, row=row)
    messages.success(request, _("%(label)s was deleted.") % {"label": row.label})
    return redirect("settings:sign_on")


@require_POST
@requires(Permission.SETTINGS)
@recently_signed_in
def disconnect_sign_on(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Remove the connection of an account with school sign-on."""
    try:
        person = actions.disconnect(actor=request.user, email=request.POST.get("email", ""))
    except ActionRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The account of %(person)s was disconnected.") % {"person": person})
    return redirect("settings:sign_on")


@sensitive_variables()
def _form(request: AuthenticatedHttpRequest, row: SignOnProvider | None) -> HttpResponseBase:
    if not is_recent(request):
        if request.method != "POST":
            return ask(request)
        # allauth would keep the form with the secret in the session, so the person fills it in again.
        messages.error(request, _("Nothing was saved. Confirm that it is you, then enter the details again."))
        return redirect(request.path)
    form = ProviderForm(request.POST if request.method == "POST" else None, row=row)
    if form.is_valid():
        try:
            saved = actions.save_provider(actor=request.user, row=row, **form.cleaned_data)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            text = _("%(label)s was saved. Test the connection before people use it.")
            messages.success(request, text % {"label": saved.label})
            return redirect("settings:sign_on")
    context = {"form": form, "provider": row, "callback": callback_address(row.key) if row else ""}
    return render(request, "sign_on/provider.html", context, status=UNPROCESSABLE if form.is_bound else 200)


def _all() -> list[Provider]:
    rows = [from_row(row) for row in SignOnProvider.objects.all()]
    return from_environment() + [provider for provider in rows if provider]


def _providers() -> dict[str, Any]:
    given = from_environment()
    issuers = {provider.issuer for provider in given}
    lines: list[dict[str, Any]] = [
        {
            "key": one.key,
            "label": one.label,
            "issuer": one.issuer,
            "kind": one.kind,
            "state": "environment",
            "rules": [str(rule) for rule in one.rules],
            "callback": callback_address(one.key) if one.kind == OIDC else "",
        }
        for one in given
    ]
    for row in SignOnProvider.objects.all():
        is_readable = from_row(row) is not None
        state = "on" if row.is_on else "off"
        lines.append(
            {
                "key": row.key,
                "label": row.label,
                "issuer": row.issuer,
                "kind": OIDC,
                "state": "unreadable" if not is_readable else "replaced" if row.issuer in issuers else state,
                "is_on": row.is_on,
                "rules": row.rules.splitlines(),
                "callback": callback_address(row.key),
                "is_ours": True,
            }
        )
    return {
        "providers": lines,
        "only": settings.SIGN_ON_ONLY,
        "counts": settings.SIGN_ON_COUNTS_AS_SECOND_FACTOR,
        "emergency_uses": emergency.latest_uses(),
    }
