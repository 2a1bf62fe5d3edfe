"""What people choose for themselves: language and time zone."""

from __future__ import annotations

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

from classroom_admin.accounts.middleware import remember

PARTS_OF_THE_WORLD = {
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


def zone_choices() -> list[tuple[object, object]]:
    """The browser's zone, then all others by parts of the world."""
    by_part: dict[str, list[tuple[str, str]]] = {part: [] for part in PARTS_OF_THE_WORLD}
    for name in sorted(available_timezones()):
        part, _slash, city = name.partition("/")
        if city and part in by_part:
            by_part[part].append((name, city.replace("_", " ").replace("/", " – ")))
    groups = [(PARTS_OF_THE_WORLD[part], zones) for part, zones in by_part.items() if zones]
    return [("", gettext_lazy("Same as my device")), ("UTC", "UTC"), *groups]


class OwnSettingsForm(forms.Form):
    """Language and time zone; empty leaves both to the browser."""

    language = forms.ChoiceField(required=False, label=gettext_lazy("Language"))
    time_zone = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Times are shown in this time zone, and times you enter are read in it."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [
            ("", gettext_lazy("Same as my browser")),
            *settings.LANGUAGES,
        ]
        self.fields["time_zone"].choices = zone_choices()


@require_http_methods(["GET", "POST"])
@login_required
def own_settings(request: HttpRequest) -> HttpResponse:
    """GET shows what is chosen; POST keeps it."""
    user = request.user
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
    remember(answer, user.language)
    return answer


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """The menu in the head of a page: kept with the account of who is signed in, and by the browser."""
    chosen = request.POST.get("language", "")
    back = request.POST.get("next", "")
    # without the stroke, Django would take it for the name of a view
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    answer = redirect(back if is_ours else resolve_url("live:classes"))
    if chosen not in dict(settings.LANGUAGES):
        return answer
    if request.user.is_authenticated:
        request.user.language = chosen
        request.user.save(update_fields=["language"])
    remember(answer, chosen)
    return answer


def _without_cookie(request: HttpRequest) -> HttpRequest:
    request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
    return request
