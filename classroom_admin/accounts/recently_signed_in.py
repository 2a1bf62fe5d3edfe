"""Ask people to confirm who they are before sensitive changes, unless they signed in a short time ago.

People confirm with a password, a code or a passkey. Those who have none of them came through school sign-on,
and sign in there again.
"""

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
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from classroom_admin.accounts.session_limits import signed_in_at

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
SAFE = ("GET", "HEAD", "OPTIONS")


def is_recent(request: HttpRequest) -> bool:
    """Return whether the person signed in or confirmed it within the last REAUTHENTICATION_MINUTES."""
    age_s = timezone.now().timestamp() - signed_in_at(request.session)
    if age_s < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        return True
    # For people without a way to confirm, allauth would say that they always did it recently.
    return bool(_ways(request)) and bool(did_recently_reauthenticate(request))


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
        return ask(request)

    return checked  # type: ignore[return-value]


def ask(request: HttpRequest) -> HttpResponseBase:
    """Lead to the page that asks for a confirmation, and then back.

    Raise ReauthenticationRequired where allauth's middleware does this. It keeps the form meanwhile.
    """
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(_confirmation(request, request.headers.get("HX-Current-URL", "")))
    if _ways(request):
        raise ReauthenticationRequired
    return redirect(_confirmation(request, request.headers.get("Referer", "")))


def _ways(request: HttpRequest) -> list[dict[str, Any]]:
    """Return how the person can confirm here, each with the `url` of its page."""
    found: list[dict[str, Any]] = get_adapter(request).get_reauthentication_methods(request.user)
    return found


def _confirmation(request: HttpRequest, open_page: str) -> str:
    """Return the address of the page that asks for a confirmation, and then leads back to the open page."""
    ways = _ways(request)
    address = ways[0]["url"] if ways else resolve_url("account_sign_in_again")
    try:
        page = urlsplit(open_page)
    except ValueError:  # the header is not an address
        page = urlsplit("")
    back = page.path + (f"?{page.query}" if page.query else "")
    return f"{address}?{urlencode({REDIRECT_FIELD_NAME: back or resolve_url(settings.LOGIN_REDIRECT_URL)})}"
