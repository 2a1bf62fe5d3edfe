"""Ask people to confirm who they are before sensitive changes, unless they signed in a short time ago."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.accounts.session_limits import signed_in_at

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
SAFE = ("GET", "HEAD", "OPTIONS")


def is_recent(request: HttpRequest) -> bool:
    """Return whether the person signed in or confirmed it within the last REAUTHENTICATION_MINUTES."""
    age_s = timezone.now().timestamp() - signed_in_at(request.session)
    return age_s < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT or bool(did_recently_reauthenticate(request))


def recently_signed_in(view: View) -> View:
    """Let people run a command only shortly after they signed in. GET requests need no confirmation.

    Other people first confirm who they are, on allauth's page. Then the command runs, and they need not fill
    in the form again. For an htmx request, the browser opens that page, which leads back; the person then
    presses again.
    Put this decorator below the one that requires the sign-in, such as `requires`.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in SAFE or not request.user.is_authenticated or is_recent(request):
            return view(request, *args, **kwargs)
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(_confirmation(request))
        raise ReauthenticationRequired  # allauth's middleware keeps the form and leads to the page

    return checked  # type: ignore[return-value]


def _confirmation(request: HttpRequest) -> str:
    """Return the address of the page that asks for a confirmation, and then leads back to the open page."""
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    address = methods[0]["url"] if methods else resolve_url(settings.LOGIN_URL)
    page = urlsplit(request.headers.get("HX-Current-URL", ""))
    back = page.path + (f"?{page.query}" if page.query else "")
    return f"{address}?{urlencode({REDIRECT_FIELD_NAME: back or resolve_url(settings.LOGIN_REDIRECT_URL)})}"
