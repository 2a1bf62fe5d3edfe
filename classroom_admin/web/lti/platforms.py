"""The settings pages of learning platforms."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom_admin.accounts.permissions import Permission
from classroom_admin.accounts.recently_signed_in import recently_signed_in
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common.addresses import is_web_address
from classroom_admin.common.problem_texts import in_words
from classroom_admin.integrations.lti import addresses, keys, platforms
from classroom_admin.integrations.lti.frames import origin_of
from classroom_admin.integrations.lti.models import Platform, SigningKey
from classroom_admin.web.access import AuthenticatedHttpRequest, requires

UNPROCESSABLE: Final = 422
ADDRESSES: Final = ("issuer", "login_url", "token_url", "jwks_url")


def _address(label: Any, help_text: Any = "", **more: Any) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}
    return forms.CharField(label=label, help_text=help_text, widget=forms.TextInput(attrs=attrs), **more)


class PlatformForm(forms.Form):
    """The details of a platform."""

    label = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("For example “Moodle”."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    issuer = _address(
        gettext_lazy("Platform id (issuer)"),
        gettext_lazy("Exactly as the platform states it, for example https://moodle.school.example."),
        max_length=250,
    )
    client_id = _address(gettext_lazy("Client id"), max_length=250)
    deployment_ids = _address(
        gettext_lazy("Deployment ids"),
        gettext_lazy("Separated by spaces. If this is empty, every deployment of the client id is accepted."),
        max_length=5000,
        required=False,
    )
    login_url = _address(gettext_lazy("Authentication request address"), max_length=500)
    token_url = _address(gettext_lazy("Access token address"), max_length=500)
    jwks_url = _address(gettext_lazy("Address of the public keys"), max_length=500)
    token_audience = _address(
        gettext_lazy("Audience of token requests"),
        gettext_lazy("Only if the platform states one that is not the access token address."),
        max_length=500,
        required=False,
    )
    frame_origins = _address(
        gettext_lazy("Further addresses of the platform's pages"),
        gettext_lazy(
            "Separated by spaces, for example https://school.instructure.com. Only the platform's own pages "
            "may show the dashboard in a frame."
        ),
        max_length=2000,
        required=False,
    )
    link_by_email = forms.BooleanField(
        label=gettext_lazy("Find accounts by email address"),
        required=False,
        help_text=gettext_lazy(
            "Teachers get the account with the address that the platform sends. Allow this only if people "
            "can't choose their address there. Accounts of administrators are never found this way."
        ),
    )
    create_accounts = forms.BooleanField(
        label=gettext_lazy("Create accounts"),
        required=False,
        help_text=gettext_lazy("Teachers of a course who have no account get one with the role teacher."),
    )
    is_on = forms.BooleanField(
        label=gettext_lazy("Classes can be opened from this platform"), required=False, initial=True
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name in ADDRESSES:
            if name in given and not is_web_address(given[name]):
                self.add_error(name, _("Enter a full web address that starts with http:// or https://."))
        if not all(origin_of(one) == one for one in given.get("frame_origins", "").split()):
            self.add_error(
                "frame_origins",
                _("Enter addresses without a path, for example https://school.instructure.com."),
            )
        return given


@require_safe
@requires(Permission.SETTINGS)
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the platforms, our addresses and our keys."""
    return render(request, "lti/platforms.html", _context())


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
@recently_signed_in
def add(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Add a platform."""
    return _form(request, None)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
@recently_signed_in
def change(request: AuthenticatedHttpRequest, key: str) -> HttpResponseBase:
    """Change a platform."""
    return _form(request, get_object_or_404(Platform, key=key))


@require_POST
@requires(Permission.SETTINGS)
def test(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Read the platform's keys and get an access token, and show what is wrong."""
    row = get_object_or_404(Platform, key=key)
    problem = platforms.test_platform(actor=request.user, row=row)
    tested = {"label": row.label, "problem": in_words(problem) if problem else ""}
    return render(request, "lti/platforms.html", _context() | {"tested": tested})


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS)
@recently_signed_in
def delete(request: AuthenticatedHttpRequest, key: str) -> HttpResponse:
    """Ask whether to delete a platform. A POST deletes it."""
    row = get_object_or_404(Platform, key=key)
    if request.method != "POST":
        return render(request, "lti/delete.html", {"platform": row})
    platforms.delete_platform(actor=request.user, row=row)
    messages.success(request, _("%(label)s was deleted.") % {"label": row.label})
    return redirect("lti:platforms")


@require_POST
@requires(Permission.SETTINGS)
@recently_signed_in
def replace_key(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Sign with a new key from now on."""
    platforms.replace_key(actor=request.user)
    messages.success(request, _("There is a new key. Platforms find it at the address of our public keys."))
    return redirect("lti:platforms")


@require_POST
@requires(Permission.SETTINGS)
@recently_signed_in
def make_registration_link(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show a new address with which a platform can register itself, once."""
    chosen = {name: name in request.POST for name in ("link_by_email", "create_accounts")}
    code = platforms.make_registration_link(actor=request.user, **chosen)
    shown = {"registration": addresses.registration(code), "choices": PlatformForm(initial=chosen)}
    answer = render(request, "lti/platforms.html", _context() | shown)
    answer["Cache-Control"] = "no-store, private"
    return answer


def _form(request: AuthenticatedHttpRequest, row: Platform | None) -> HttpResponseBase:
    initial = {name: getattr(row, name) for name in platforms.FIELDS} if row else None
    form = PlatformForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            saved = platforms.save_platform(actor=request.user, row=row, **form.cleaned_data)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            text = _("%(label)s was saved. Test the connection before people use it.")
            messages.success(request, text % {"label": saved.label})
            return redirect("lti:platforms")
    context = {"form": form, "platform": row, "own": _own_addresses()}
    return render(request, "lti/platform.html", context, status=UNPROCESSABLE if form.is_bound else 200)


def _own_addresses() -> list[tuple[str, str]]:
    return [
        (_("Tool address, launch address and redirect address"), addresses.launch()),
        (_("Login initiation address"), addresses.login()),
        (_("Address of our public keys"), addresses.keys()),
    ]


def _context() -> dict[str, Any]:
    keys.current()
    return {
        "platforms": Platform.objects.all(),
        "own": _own_addresses(),
        "keys": SigningKey.objects.all(),
        "choices": PlatformForm(),
        "published_days": keys.PUBLISHED_FOR.days,
    }
