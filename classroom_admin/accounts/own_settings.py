"""The page on which people set their language and time zone."""

from functools import cache
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from classroom_admin.accounts.middleware import remember_language

if TYPE_CHECKING:
    from classroom_admin.accounts.models import User

REGIONS = {
    "Africa": gettext_lazy("Africa"),
    "America": gettext_lazy("America"),
    "Antarctica": gettext_lazy("Antarctica"),
    "Arctic": gettext_lazy("Arctic"),
    "Asia": gettext_lazy("Asia"),
    "Atlantic": gettext_lazy("Atlantic Ocean"),
    "Australia": gettext_lazy("Australia"),
    "Europe": gettext_lazy("Europe"),
    "Indian": gettext_lazy("Indian Ocean"),
    "Pacific": gettext_lazy("Pacific Ocean"),
}


@cache  # the names are read from hundreds of files
def zone_choices() -> list[tuple[object, object]]:
    """Return the choices for the time zone: the browser's zone, UTC, then all zones grouped by region."""
    by_region: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    for name in sorted(available_timezones()):
        region, _slash, city = name.partition("/")
        if city and region in by_region:
            by_region[region].append((name, city.replace("_", " ").replace("/", " – ")))
    groups = [(REGIONS[region], zones) for region, zones in by_region.items() if zones]
    return [("", gettext_lazy("Same as my device")), ("UTC", "UTC"), *groups]


class OwnSettingsForm(forms.Form):
    """A form for language and time zone. An empty value selects the browser's setting."""

    language = forms.ChoiceField(required=False, label=gettext_lazy("Language"))
    time_zone = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("All times that you see or enter are in this time zone."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["language"].choices = [("", gettext_lazy("Same as my browser")), *settings.LANGUAGES]
        fields["time_zone"].choices = zone_choices()


@require_http_methods(["GET", "POST"])
@login_required
def own_settings(request: HttpRequest) -> HttpResponse:
    """Show the settings of the signed-in person. A POST saves them."""
    user = cast("User", request.user)
    chosen = {"language": user.language, "time_zone": user.time_zone}
    form = OwnSettingsForm(request.POST if request.method == "POST" else None, initial=chosen)
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/settings.html", {"form": form}, status=422 if form.is_bound else 200)
    user.language, user.time_zone = form.cleaned_data["language"], form.cleaned_data["time_zone"]
    user.save(update_fields=["language", "time_zone"])
    language = user.language or translation.get_language_from_request(_without_cookie(request))
    with translation.override(language):
        messages.success(request, _("Your settings were saved."))
    answer = redirect("account_settings")
    remember_language(answer, user.language)
    return answer


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Save the language from the page header in a cookie, and in the account if the person is signed in."""
    chosen = request.POST.get("language", "")
    answer = redirect(own_address(request, request.POST.get("next", "")))
    if chosen not in dict(settings.LANGUAGES):
        return answer
    if request.user.is_authenticated:
        request.user.language = chosen
        request.user.save(update_fields=["language"])
    remember_language(answer, chosen)
    return answer


def own_address(request: HttpRequest, address: str) -> str:
    """Return `address` if it belongs to this site, otherwise the address of the page of all classes."""
    # Without a leading slash, Django would interpret the text as the name of a view.
    is_ours = address.startswith("/") and url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else resolve_url("live:classes")


def _without_cookie(request: HttpRequest) -> HttpRequest:
    request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
    return request
