"""The first steps of a person: a password of their own, language, time zone, and a second factor if required.

Until they are done, other pages redirect to them.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlencode

from allauth.account import signals as account_signals
from allauth.account.adapter import get_adapter
from allauth.account.utils import perform_login
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts import mail, password_links, signals
from classroom_admin.accounts.middleware import remember_language
from classroom_admin.accounts.new_password import NewPasswordForm
from classroom_admin.accounts.own_settings import OwnSettingsForm, own_address
from classroom_admin.accounts.reload_page import reload_page
from classroom_admin.accounts.sign_on import counts_as_second_factor

if TYPE_CHECKING:
    from classroom_admin.accounts.adapter import SchoolAccountAdapter
    from classroom_admin.accounts.models import User

OPEN: Final = frozenset(
    {
        "account_first_steps",
        "account_login",
        "account_logout",
        "account_inactive",
        "account_language",
        "account_set_password",
        "healthz",
        "livez",
        "metrics",
        "readyz",
        "notifications",
        "live:icons",
        "face:palette",
        "face:logo_file",
        "live:calendar_feed",
        "live:shared_file",
        "notices:unsubscribe",
    }
)
"""The views that stay open before the first steps. If a view shows class data, it checks a signature."""
SECOND_FACTOR: Final = OPEN | {
    "account_second_factor",
    "account_reauthenticate",
    "account_sign_in_again",
    "sign_on:begin",
    "sign_on:callback",
    "saml_acs",
    "saml_finish_acs",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
}
"""The views that are open to people who must set up a second factor."""
CONTINUE_AT: Final = "continue_at"
"""The key of the session with the address to which the page of new recovery codes leads, if there is one."""
UNPROCESSABLE: Final = 422
NOT_FOUND: Final = 404


class RequireFirstSteps:
    """The middleware that redirects people to their first steps: a new password, then a second factor.

    An htmx request gets status 401, and the browser reloads the page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Mapping[str, Any]
    ) -> HttpResponse | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        user = cast("User", request.user)
        if not user.is_authenticated or not user.must_set_up:
            return None
        page, allowed = (
            ("account_first_steps", OPEN)
            if user.must_change_password
            else ("account_second_factor", SECOND_FACTOR)
        )
        if request.resolver_match and request.resolver_match.view_name in allowed:
            return None
        if not user.must_change_password and counts_as_second_factor(request.session, user):
            return None
        if getattr(request, "htmx", False):
            return reload_page()
        back = {"next": request.get_full_path()} if request.method == "GET" else {}
        return redirect(f"{resolve_url(page)}{'?' if back else ''}{urlencode(back)}")


class FirstStepsForm(NewPasswordForm, OwnSettingsForm):
    """The form for a new password, the language and the time zone."""

    def __init__(self, *args: Any, user: "User", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        if user.last_login and not user.must_change_password:  # the person chose their settings before
            del self.fields["language"], self.fields["time_zone"]

    @sensitive_variables("password")
    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        if self._user.must_change_password and self._user.check_password(password):
            raise forms.ValidationError(_("This is the password that you were given. Choose another one."))
        validate_password(password, self._user)
        return password


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """Ask for a new password, language and time zone. A POST saves them and redirects to `next`."""
    user = cast("User", request.user)
    back = own_address(request, request.POST.get("next", "") or request.GET.get("next", ""))
    if not user.must_change_password:
        return redirect(back)
    form = FirstStepsForm(
        request.POST if request.method == "POST" else None,
        user=user,
        initial={"language": user.language, "time_zone": user.time_zone},
    )
    if not form.is_valid():
        context = {"form": form, "next": back}
        return render(
            request, "account/first_steps.html", context, status=UNPROCESSABLE if form.is_bound else 200
        )
    _save(request, user, form.cleaned_data)
    with translation.override(user.language or translation.get_language()):
        messages.success(request, _("Your password and settings were saved."))
    answer = redirect(back)
    if user.language:
        remember_language(answer, user.language)
    return answer


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def set_password(request: HttpRequest, secret: str) -> HttpResponse:
    """Let the owner of a link choose a password, and sign in. A second factor is still needed."""
    link = password_links.find(secret)
    if link is None:
        return render(request, "account/link_invalid.html", {"has_mail": mail.is_set_up()}, status=NOT_FOUND)
    form = FirstStepsForm(
        request.POST if request.method == "POST" else None,
        user=link.user,
        initial={"language": link.user.language, "time_zone": link.user.time_zone},
    )
    if not form.is_valid():
        context = {"form": form, "person": link.user}
        return render(
            request, "account/set_password.html", context, status=UNPROCESSABLE if form.is_bound else 200
        )
    person = password_links.use(secret, form.cleaned_data["password1"])
    if person is None:
        return redirect(request.path)
    if "language" in form.fields:
        person.language, person.time_zone = form.cleaned_data["language"], form.cleaned_data["time_zone"]
        person.save(update_fields=["language", "time_zone"])
    signals.password_chosen.send(sender=type(person), user=person)
    cast("SchoolAccountAdapter", get_adapter(request)).forgive_failed_sign_ins(request, person.email)
    if request.user.is_authenticated:
        logout(request)
    answer: HttpResponse = perform_login(request, person)
    if person.language:
        remember_language(answer, person.language)
    return answer


def _save(request: HttpRequest, user: "User", chosen: Mapping[str, Any]) -> None:
    """Save the choices and end the person's other sessions."""
    with transaction.atomic():
        user.set_password(chosen["password1"])
        user.must_change_password = False
        user.language, user.time_zone = chosen["language"], chosen["time_zone"]
        user.save(update_fields=["password", "must_change_password", "language", "time_zone"])
        update_session_auth_hash(request, user)  # the session gets a new key, which the receivers store
        account_signals.password_changed.send(sender=user.__class__, request=request, user=user)
